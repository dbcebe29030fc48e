"""Shows the progress of long steps: on a terminal in one line that is updated, elsewhere with a line now and then."""

import sys
import time
from typing import TextIO

_LINE_EVERY_SECONDS = 30.0
_REDRAW_EVERY_SECONDS = 0.2


class Progress:
    """Shows one step at a time. Call `step` to begin one, `update` as often as you like, and `done` at the end."""

    def __init__(self, stream: TextIO = sys.stderr) -> None:
        self._stream = stream
        self._live = stream.isatty()
        self._title = ""
        self._began = self._shown = 0.0

    def step(self, title: str) -> None:
        """Begins a step and prints its title at once."""
        self.done()
        self._title, self._began = title, time.monotonic()
        self._show("", last=False)

    def update(self, detail: str) -> None:
        """Shows the progress of the step, but not more often than people can read it."""
        if time.monotonic() - self._shown >= (_REDRAW_EVERY_SECONDS if self._live else _LINE_EVERY_SECONDS):
            self._show(detail, last=False)

    def done(self, detail: str = "done") -> None:
        """Ends the step, if one has begun."""
        if self._title:
            self._show(detail, last=True)
            self._title = ""

    def _show(self, detail: str, *, last: bool) -> None:
        self._shown = time.monotonic()
        seconds = int(self._shown - self._began)
        elapsed = f" [{seconds // 60}:{seconds % 60:02d}]" if detail else ""
        line = f"{self._title} ... {detail}{elapsed}".rstrip()
        if self._live:
            self._stream.write(f"\r\x1b[2K{line}" + ("\n" if last else ""))
        else:
            self._stream.write(f"{line}\n")
        self._stream.flush()

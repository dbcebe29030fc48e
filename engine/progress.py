"""Telling how far a long step is: one updating line on a terminal, now and then a line elsewhere."""

import sys
import time
from typing import TextIO

_LINE_EVERY_SECONDS = 30.0
_REDRAW_EVERY_SECONDS = 0.2


class Progress:
    """Shows one step at a time. Use `step` to begin one, `update` as often as you like, `done` at the end."""

    def __init__(self, stream: TextIO = sys.stderr) -> None:
        self._stream = stream
        self._live = stream.isatty()
        self._title = ""
        self._began = self._shown = 0.0

    def step(self, title: str) -> None:
        """Begin a step; its title is printed at once."""
        self.done()
        self._title, self._began = title, time.monotonic()
        self._show("", last=False)

    def update(self, detail: str) -> None:
        """Say how far the step is. Drawn only as often as is good to read."""
        if time.monotonic() - self._shown >= (_REDRAW_EVERY_SECONDS if self._live else _LINE_EVERY_SECONDS):
            self._show(detail, last=False)

    def done(self, detail: str = "done") -> None:
        """End the step; without one, nothing happens."""
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

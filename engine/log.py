"""Reads the log of a child process. The reader wakes up every second, so that progress shows also without output."""

import queue
import threading
from collections.abc import Iterator
from typing import IO

_HEARTBEAT_SECONDS = 1.0


class Log:
    """Iterating yields each line as it comes, and "" after each second without a line, until the stream ends.

    lines: all lines so far.
    """

    def __init__(self, stream: IO[str]) -> None:
        self.lines: list[str] = []
        self._queue: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        threading.Thread(target=self._read, args=(stream,), daemon=True).start()

    def __iter__(self) -> Iterator[str]:
        while True:
            try:
                line = self._queue.get(timeout=_HEARTBEAT_SECONDS)
            except queue.Empty:
                yield ""
                continue
            if line is None:
                return
            self.lines.append(line)
            yield line

    def _read(self, stream: IO[str]) -> None:
        for line in stream:
            self._queue.put(line.rstrip())
        self._queue.put(None)

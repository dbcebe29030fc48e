"""The log of a child process, read without letting a silent minute look like a standstill."""

import queue
import threading
from collections.abc import Iterator
from typing import IO

_HEARTBEAT_SECONDS = 1.0


class Log:
    """Iterate for each line as it comes, and for "" whenever a second brought none, until the stream ends.

    lines: what came so far.
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

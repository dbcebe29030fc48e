"""Processes that the host starts for the engine. Their output is passed on as it comes; they end with the engine's
call.

They stay in the host's process group, so that an engine that kills the group ends all of them.
"""

import queue
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO

_GRACE_SECONDS = 5.0


@dataclass(frozen=True)
class Output:
    """One line that a child process wrote; `stream` is "stdout" or "stderr"."""

    stream: str
    text: bytes


class Child:
    """A running process whose output is read as it comes.

    outputs() yields what it writes, until both streams have ended; after that, `exit_status()` returns at once.
    """

    def __init__(self, command: Sequence[str], cwd: str, variables: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            command,
            cwd=cwd or None,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self._outputs: queue.SimpleQueue[Output | None] = queue.SimpleQueue()
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        for name, stream in (("stdout", self._process.stdout), ("stderr", self._process.stderr)):
            threading.Thread(target=self._read, args=(name, stream), daemon=True).start()

    def _read(self, name: str, stream: IO[bytes]) -> None:
        for line in stream:
            self._outputs.put(Output(name, line))
        self._outputs.put(None)

    def outputs(self) -> Iterator[Output]:
        """Yields each line as it is written, from both streams, until both are closed."""
        open_streams = 2
        while open_streams:
            output = self._outputs.get()
            if output is None:
                open_streams -= 1
            else:
                yield output

    def exit_status(self) -> int:
        """Waits for the process and returns its exit status; death by signal N counts as 128 + N, as in a shell."""
        status = self._process.wait()
        return status if status >= 0 else 128 - status

    def stop(self) -> None:
        """Asks the process to end, and kills it after a few seconds. Returns at once."""
        stop(self._process)


def stop(process: subprocess.Popen[bytes]) -> None:
    """Asks a process to end, and kills it after a few seconds. Returns at once."""

    def kill_after_grace() -> None:
        try:
            process.wait(_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()

    if process.poll() is None:
        process.terminate()
        threading.Thread(target=kill_after_grace, daemon=True).start()

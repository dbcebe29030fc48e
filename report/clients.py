"""Runs `aws` and `kubectl` where a stack is: in the caller's account, or in a home of the simulator."""

import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TypeAlias

from simulator import clients
from simulator.cloud import Cloud

CommandError = clients.CommandError

Run: TypeAlias = Callable[[Sequence[str]], str]
"""Runs a command line and returns its output. Raises CommandError with what it said."""


def entering(region: str, cluster: str) -> list[str]:
    """Returns the command that makes the following commands of kubectl go to a cluster."""
    return ["aws", "eks", "update-kubeconfig", "--region", region, "--name", cluster]


def enter(run: Run, region: str, cluster: str) -> None:
    """Makes the following commands of kubectl go to a cluster. Raises CommandError when it is not there."""
    run(entering(region, cluster))


@contextmanager
def runner(home: Path | None) -> Iterator[Run]:
    """Yields what runs commands. home: of the simulator; None: the account of the caller's own credentials."""
    if home is not None:
        with closing(Cloud(home / "cloud.sqlite")) as cloud:
            yield clients.Clients(cloud).run
        return
    with tempfile.TemporaryDirectory() as folder:  # the caller's own kubeconfig stays as it is
        environment = os.environ | {"KUBECONFIG": f"{folder}/kubeconfig"}

        def run(words: Sequence[str]) -> str:
            try:
                done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
            except FileNotFoundError:
                raise CommandError(f"{words[0]} is not on PATH. Install it.") from None
            if done.returncode:
                raise CommandError(done.stderr.strip() or f"{words[0]} ended with {done.returncode}")
            return done.stdout

        yield run

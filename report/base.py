"""The base of a change: the stack of another revision, brought up in the simulator or copied from a cache."""

import fcntl
import hashlib
import io
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import IPv4Network
from pathlib import Path

from components.stack.stack_file import read_file
from engine.locate import EngineNotFound, locate
from report import events
from report.look import PACK
from report.simulated import HOME, ROOT, ReportError, Simulated, shown
from settings.network.network import NetworkSettings

MOST_BASES = 6
PROGRAM = ("__main__.py", "Pulumi.yaml", "requirements.txt", "catalog", "common", "components", "settings")
"""What a revision builds depends on these, and on the stack file."""

_SIMULATOR = ("requirements.txt", "catalog", "common", "engine", "simulator")
_JUDGES = ("costs", "policies")
_NOT_KEPT = shutil.ignore_patterns("logs", "backups", "history", "base")


class BaseFailsError(ReportError):
    """The base itself cannot be built in the simulator."""


@dataclass(frozen=True)
class Base:
    """A base that is up. folder: all files of its revision. key: what it depends on; "" when it has no such stack."""

    description: str
    folder: Path
    key: str


def bring_up(stack: str, revision: str, home: Path, watch: Callable[[Path], None] | None = None) -> Base:
    """Fills a home of the simulator with the finished stack of a revision.

    The policy pack judges changes, so the base is built without it. watch: as for Simulated.pulumi, while it is built.
    Raises ReportError for an unknown revision, and BaseFailsError when the stack cannot be built.
    """
    identity, folder = key(stack, revision), home / "base"
    shutil.rmtree(home, ignore_errors=True)
    if not identity:
        _extract(revision, folder)
        return Base(f"`{revision}`, which has no stack {stack}", folder, "")
    with _cache() as cache:
        kept = cache / identity
        if kept.exists():
            shutil.copytree(kept, home, symlinks=True)
        _extract(revision, folder)
        if not kept.exists():
            _build(stack, revision, home, watch)
            _keep(home, kept)
        os.utime(kept)
        _throw_away_the_oldest(cache)
    return Base(f"`{revision}`", folder, identity)


def key(stack: str, revision: str) -> str:
    """Returns the key of a base in the cache: a hash of all that it depends on. "" when the revision has no such stack.

    Raises ReportError when git does not know the revision.
    """
    file = f"Pulumi.{stack}.yaml"
    listed = _git("ls-tree", "--full-tree", revision, "--", *PROGRAM, file)
    if listed.returncode:
        raise ReportError(f"git has no revision {revision}: {listed.stderr.decode().strip()}. Fetch it first.")
    if f"\t{file}\n".encode() not in listed.stdout:
        return ""
    return _digest(listed.stdout, _SIMULATOR)


def stamp(stack: str, revision: str) -> str:
    """Returns a text that stays the same as long as a preview of this stack on that base shows the same."""
    today = datetime.now(UTC).date().isoformat()  # waivers end
    on = f"{today} {key(stack, revision)}".encode()
    return _digest(on, (*PROGRAM, f"Pulumi.{stack}.yaml", *_SIMULATOR, *_JUDGES))


def live_pack(simulated: Simulated, stack: str) -> tuple[str, ...]:
    """Returns the options of the policy pack for a stack that is up: the pack is told which resources hold data."""
    export, config = simulated.home / "export.json", simulated.home / "held.json"
    simulated.pulumi("export", "stack", "export", "--stack", stack, "--file", str(export), log_events=False)
    with export.open() as exported, config.open("w") as held:
        subprocess.run((sys.executable, "-m", "policies.held"), cwd=ROOT, stdin=exported, stdout=held, check=True)
    return *PACK, "--policy-pack-config", str(config)


def inside(path: Path) -> str:
    """Returns an address inside the VPC of a stack file: any revision can be built from there, however one got in."""
    network = read_file(path).get("network", {})
    return str(IPv4Network(network.get("cidr", NetworkSettings.default_of("cidr")))[10])


def _build(stack: str, revision: str, home: Path, watch: Callable[[Path], None] | None) -> None:
    folder, output = home / "base", home / "logs" / "base.txt"
    simulated = Simulated(home, folder, inside(folder / f"Pulumi.{stack}.yaml"))
    output.parent.mkdir(parents=True)
    with output.open("w") as sink:
        up = ("up", "--stack", stack, "--yes", "--skip-preview", "--non-interactive")
        done = simulated.pulumi("base", *up, output=sink, watch=watch)
    if done.code:
        errors = events.read(done.events).errors or tuple(output.read_text().splitlines()[-5:])
        words = "\n".join(f"  {line}" for error in errors for line in error.splitlines())
        raise BaseFailsError(
            f"{stack} of {revision} fails by itself, without the change and without the policies:\n{words}\n"
            f"The output is in {shown(output)}. Without BASE, the stack is compared with an empty account."
        )


def _keep(home: Path, kept: Path) -> None:
    unfinished = kept.with_name("unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    shutil.copytree(home, unfinished, symlinks=True, ignore=_NOT_KEPT)
    unfinished.rename(kept)


def _throw_away_the_oldest(cache: Path) -> None:
    bases = sorted((each for each in cache.iterdir() if each.is_dir()), key=lambda each: each.stat().st_mtime)
    for base in bases[:-MOST_BASES]:
        shutil.rmtree(base)


@contextmanager
def _cache() -> Iterator[Path]:
    """Yields the folder of the cache; no other process uses it meanwhile."""
    cache = HOME / "bases"
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield cache


def _extract(revision: str, folder: Path) -> None:
    """Extracts the files of a revision and links the .venv of this one, so that nothing is installed again."""
    folder.mkdir(parents=True)
    with tarfile.open(fileobj=io.BytesIO(_git("archive", revision).stdout)) as archive:
        if hasattr(tarfile, "data_filter"):
            archive.extractall(folder, filter="data")
        else:  # Python 3.11.0 to 3.11.3; the archive is git's own, of this repository
            archive.extractall(folder)  # noqa: S202
    (folder / ".venv").symlink_to(ROOT / ".venv")


def _git(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(("git", *arguments), cwd=ROOT, capture_output=True, check=False)


def _digest(start: bytes, names: Sequence[str]) -> str:
    """Returns a hash of a text, of the engine and of these files and folders of the working tree."""
    try:
        digest = hashlib.sha256(start + locate().version.encode())
    except EngineNotFound as error:
        raise ReportError(str(error)) from None
    for name in names:
        for path in sorted([ROOT / name, *(ROOT / name).rglob("*")]):
            if path.is_file() and path.suffix != ".pyc":
                digest.update(f"{path.relative_to(ROOT)} {path.stat().st_size}\n".encode() + path.read_bytes())
    return digest.hexdigest()[:16]

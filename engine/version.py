"""Versions: of the engine that `go.mod` pins, of the engines that are supported, and of the Go that builds it."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MODULE = Path(__file__).resolve().parent
PACKAGE = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"

Version = tuple[int, int, int]

# 3.229 is the first with `policy analyze`; 4 may change the protocol that the simulator and the language host speak.
OLDEST: Version = (3, 229, 0)
FIRST_UNSUPPORTED: Version = (4, 0, 0)


def parse(text: str) -> Version | None:
    """Returns the first version in `text`, such as "v3.259.0" or "go1.26.8"; a missing third part counts as 0."""
    match = re.search(r"(\d+)\.(\d+)(?:\.(\d+))?", text)
    return (int(match[1]), int(match[2]), int(match[3] or 0)) if match else None


def show(version: Version) -> str:
    """Returns the version as text, e.g. `3.259.0`."""
    return ".".join(map(str, version))


def supported(version: Version) -> bool:
    """Returns whether the project runs on this engine."""
    return OLDEST <= version < FIRST_UNSUPPORTED


def pinned(module: Path = MODULE) -> Version:
    """Returns the version of the engine that `go.mod` requires. Raises ValueError when it requires none."""
    return _in_go_mod(module, r"github\.com/pulumi/pulumi/pkg/v3 v(\S+)")


def oldest_go(module: Path = MODULE) -> Version:
    """Returns the oldest Go that can build it, from the `go` line of `go.mod`. Raises ValueError without that line."""
    return _in_go_mod(module, r"^go (\S+)")


def _in_go_mod(module: Path, pattern: str) -> Version:
    match = re.search(pattern, (module / "go.mod").read_text(encoding="utf-8"), re.MULTILINE)
    version = parse(match[1]) if match else None
    if version is None:
        raise ValueError(f"{module / 'go.mod'} has no line that matches {pattern!r}. Restore the file.")
    return version

"""Which engine: the version that `go.mod` pins, the versions that will do, and the Go that builds it."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MODULE = Path(__file__).resolve().parent
PACKAGE = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"

Version = tuple[int, int, int]

# From 3.229 on there is `policy analyze`; 4 may change the protocol that the simulator and the language host speak.
OLDEST: Version = (3, 229, 0)
FIRST_UNSUPPORTED: Version = (4, 0, 0)


def parse(text: str) -> Version | None:
    """The first three-part version in `text`, such as "v3.259.0" or "go1.26.8"; a missing third part counts as 0."""
    found = re.search(r"(\d+)\.(\d+)(?:\.(\d+))?", text)
    return (int(found[1]), int(found[2]), int(found[3] or 0)) if found else None


def show(version: Version) -> str:
    """`3.259.0`"""
    return ".".join(map(str, version))


def supported(version: Version) -> bool:
    """Whether the project runs on this engine."""
    return OLDEST <= version < FIRST_UNSUPPORTED


def pinned(module: Path = MODULE) -> Version:
    """The engine that gets built, as `go.mod` requires it. Raises ValueError when it requires none."""
    return _in_go_mod(module, r"github\.com/pulumi/pulumi/pkg/v3 v(\S+)")


def oldest_go(module: Path = MODULE) -> Version:
    """The oldest Go that builds it, from the `go` line of `go.mod`. Raises ValueError when there is none."""
    return _in_go_mod(module, r"^go (\S+)")


def _in_go_mod(module: Path, pattern: str) -> Version:
    found = re.search(pattern, (module / "go.mod").read_text(encoding="utf-8"), re.MULTILINE)
    version = parse(found[1]) if found else None
    if version is None:
        raise ValueError(f"{module / 'go.mod'} has no line that matches {pattern!r}. Restore the file.")
    return version

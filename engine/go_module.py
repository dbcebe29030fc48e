"""A pinned Go module, and whether its executables are built."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class GoModule:
    """A folder with go.mod and go.sum, and what is built from it.

    title: what it is, for people, e.g. "the Pulumi engine 3.259.0". executables: package -> name of its executable.
    home: the executables are written to `home`/bin. go_home: a fetched Go is kept there, for all modules.
    variables: Go variable -> value, set when linking. remedies: what helps when it cannot be built, besides Go itself.
    tags: build tags. missing: module -> file that its source embeds and its published archive lacks, such as a page
    that another tool makes; it is built with an empty one.
    """

    title: str
    folder: Path
    executables: Mapping[str, str]
    home: Path
    go_home: Path
    variables: Mapping[str, str] = field(default_factory=dict)
    remedies: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    missing: Mapping[str, str] = field(default_factory=dict)

    def path(self, executable: str) -> Path:
        """Returns where an executable is, or will be."""
        return self.home / "bin" / executable

    def is_built(self) -> bool:
        """Returns whether all executables are there, and were built from these pins."""
        try:
            stamp = json.loads((self.home / "built.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return False
        return stamp == self._stamp() and all(self.path(name).is_file() for name in self.executables.values())

    def stamp_built(self) -> None:
        """Records that the executables were built from these pins."""
        (self.home / "built.json").write_text(json.dumps(self._stamp()) + "\n", encoding="utf-8")

    def _stamp(self) -> Mapping[str, str]:
        sources = [self.folder / "go.mod", self.folder / "go.sum", *sorted(self.folder.rglob("*.go"))]
        pins = b"".join(path.read_bytes() for path in sources)
        return {"fingerprint": hashlib.sha256(pins).hexdigest()}

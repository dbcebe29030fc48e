"""Fake executables that print versions as the real ones do, for tests of which one is chosen."""

from pathlib import Path
from textwrap import dedent


def executable(path: Path, script: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n" + dedent(script))
    path.chmod(0o755)
    return path


def pulumi(folder: Path, version: str, *, language_host: bool = True) -> Path:
    if language_host:
        executable(folder / "pulumi-language-python", "exit 0")
    return executable(folder / "pulumi", f'[ "$1" = version ] && echo "{version}"')


def go(folder: Path, version: str, rest: str = "exit 9") -> Path:
    return executable(
        folder / "go", f'if [ "$1" = version ]; then echo "go version {version} any/arch"; exit; fi\n{rest}'
    )


def module(folder: Path, engine: str = "3.259.0", go_line: str = "1.25.11") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "go.mod").write_text(
        f"module engine\n\ngo {go_line}\n\nrequire github.com/pulumi/pulumi/pkg/v3 v{engine} // indirect\n"
    )
    (folder / "go.sum").write_text("checksums\n")
    return folder

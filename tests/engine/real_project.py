"""A separate project for the real engine, with a stack `dev` and without home folder, login or network."""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

from engine.locate import Engine

RUNTIME = f"runtime: {{name: python, options: {{virtualenv: {sys.prefix}}}}}\n"


@dataclass
class Project:
    engine: Engine
    folder: Path

    def program(self, source: str) -> None:
        (self.folder / "__main__.py").write_text(dedent(source))

    def pack(self, source: str) -> Path:
        folder = self.folder / "pack"
        folder.mkdir()
        (folder / "PulumiPolicy.yaml").write_text(RUNTIME)
        (folder / "__main__.py").write_text(dedent(source))
        return folder

    @property
    def variables(self) -> Mapping[str, str]:
        return {
            "PATH": os.pathsep.join([str(self.engine.bin_dir), "/usr/bin", "/bin"]),
            "HOME": str(self.folder),
            "PULUMI_HOME": str(self.folder / "home"),
            "PULUMI_BACKEND_URL": (self.folder / "backend").as_uri(),
            "PULUMI_CONFIG_PASSPHRASE": "not a secret",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        }

    def command(self, *arguments: str) -> list[str]:
        return ["pulumi", *arguments, "--non-interactive", "--color", "never"]

    def pulumi(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*arguments),
            cwd=self.folder,
            env=self.variables,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=120,
            check=False,
        )

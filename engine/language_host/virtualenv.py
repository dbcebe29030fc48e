"""Finds the Python that runs a program or a policy pack, and the packages that are installed for it."""

import importlib.metadata
import json
import os
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path


class VirtualenvError(Exception):
    """The program's Python environment cannot be used; the message says which one, why, and what to do."""


@dataclass(frozen=True)
class PythonEnvironment:
    """One Python: `root` is its virtual environment, or None for the Python that runs the language host."""

    root: Path | None

    @property
    def python(self) -> Path:
        """The path of the interpreter. It may not exist."""
        return self.root / "bin" / "python" if self.root else Path(sys.executable)

    @property
    def site_packages(self) -> list[str]:
        """The folders of the installed packages."""
        if self.root is None:
            return [entry for entry in sys.path if entry.endswith(("site-packages", "dist-packages"))]
        return sorted({str(path.resolve()) for path in self.root.glob("lib*/python3*/site-packages")})

    def activate(self, variables: Mapping[str, str]) -> dict[str, str]:
        """Returns `variables` changed as the environment's `bin/activate` would change them."""
        active = dict(variables)
        if self.root is not None:
            active["VIRTUAL_ENV"] = str(self.root)
            active["PATH"] = os.pathsep.join(filter(None, [str(self.root / "bin"), active.get("PATH", "")]))
            active.pop("PYTHONHOME", None)
        return active


def configured(root_directory: str, options: Mapping[str, object]) -> PythonEnvironment:
    """Returns the environment that `runtime.options` of a Pulumi.yaml or PulumiPolicy.yaml name. It may not exist yet.

    root_directory: the folder of that file; a relative `virtualenv` starts there.
    Raises VirtualenvError for a toolchain that this host does not run.
    """
    toolchain, virtualenv = options.get("toolchain") or "pip", options.get("virtualenv")
    if toolchain != "pip":
        raise VirtualenvError(
            f"{root_directory}: runtime.options.toolchain is {toolchain!r}, but the language host beside a built "
            "engine runs only virtual environments of pip. Write `toolchain: pip`, or install Pulumi's own CLI, "
            "whose host runs the others."
        )
    return PythonEnvironment(Path(root_directory, str(virtualenv)) if virtualenv else None)


def existing(root_directory: str, options: Mapping[str, object]) -> PythonEnvironment:
    """Returns what `configured` returns, after checking that the interpreter exists.

    Raises VirtualenvError when it does not; the engine alone would only show a failed process.
    """
    environment = configured(root_directory, options)
    if not environment.python.is_file():
        raise VirtualenvError(
            f"{root_directory}: runtime.options.virtualenv is {options.get('virtualenv')!r}, but there is no Python at "
            f"{environment.python}. Create it with `make setup`, or with `python3 -m venv {environment.root}` and "
            f"`{environment.python} -m pip install -r requirements.txt`."
        )
    return environment


@dataclass(frozen=True)
class RequiredPlugin:
    """A provider plugin that an installed package needs at run time."""

    name: str
    version: str
    server: str


def required_plugins(environment: PythonEnvironment) -> Iterator[RequiredPlugin]:
    """Yields the provider plugins that the environment's packages declare in their `pulumi-plugin.json`."""
    for folder in environment.site_packages:
        for manifest in sorted(Path(folder).glob("*/pulumi-plugin.json")):
            declared = json.loads(manifest.read_text(encoding="utf-8"))
            if declared.get("resource"):
                name = declared.get("name") or manifest.parent.name.removeprefix("pulumi_")
                yield RequiredPlugin(name, declared.get("version", ""), declared.get("server", ""))


def installed(environment: PythonEnvironment, *, transitive: bool) -> list[tuple[str, str]]:
    """Returns name and version of each installed package; without `transitive`, only of those that no other needs."""
    distributions = list(importlib.metadata.distributions(path=environment.site_packages))
    packages = {_normal(each.metadata["Name"]): each.version for each in distributions}
    if not transitive:
        for distribution in distributions:
            for requirement in distribution.requires or ():
                if "extra ==" not in requirement:
                    packages.pop(_normal(re.split(r"[^\w.-]", requirement, maxsplit=1)[0]), None)
    return sorted(packages.items())


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()

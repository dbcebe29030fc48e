"""Builds the processes of a control plane, once for each minor version, from pinned Go modules.

modules/<minor>/go.mod has kube-apiserver and kube-controller-manager with the etcd that this Kubernetes names itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from engine import go_build
from engine.go_module import GoModule
from engine.locate import HOME
from engine.progress import Progress

MODULES = Path(__file__).with_name("modules")
_EXECUTABLES = {
    "k8s.io/kubernetes/cmd/kube-apiserver": "kube-apiserver",
    "k8s.io/kubernetes/cmd/kube-controller-manager": "kube-controller-manager",
    "go.etcd.io/etcd/server/v3": "etcd",
}
_VERSION = "k8s.io/component-base/version."


class UnknownVersionError(Exception):
    """A minor version cannot be built. The text names those that can."""


@dataclass(frozen=True)
class Binaries:
    """The executables of one control plane."""

    etcd: Path
    api_server: Path
    controller_manager: Path


def minor_versions() -> tuple[str, ...]:
    """Returns the minor versions that can be built, the oldest first, e.g. "1.35"."""
    return tuple(sorted((folder.name for folder in MODULES.iterdir()), key=lambda name: int(name.split(".")[1])))


def module_of(minor: str, home: Path = HOME) -> GoModule:
    """Returns the Go module of a minor version. Raises UnknownVersionError for one that has none."""
    folder = MODULES / minor
    if not folder.is_dir():
        known = ", ".join(minor_versions())
        raise UnknownVersionError(
            f"There is no module of Kubernetes {minor} to build; there are {known}. "
            f"`python -m simulator.control_plane.pin {minor}.PATCH` adds one."
        )
    pinned = re.search(r"k8s\.io/kubernetes v(\S+)", (folder / "go.mod").read_text(encoding="utf-8"))
    assert pinned is not None
    major_part, minor_part, _ = pinned[1].split(".", 2)
    return GoModule(
        title=f"the control plane of Kubernetes {pinned[1]}",
        folder=folder,
        executables=_EXECUTABLES,
        home=home / "kubernetes" / minor,
        go_home=home,
        variables={
            f"{_VERSION}gitVersion": f"v{pinned[1]}",  # else the server says that it is v0.0.0
            f"{_VERSION}gitMajor": major_part,
            f"{_VERSION}gitMinor": minor_part,
        },
    )


def ensure(minor: str, progress: Progress, home: Path = HOME) -> Binaries:
    """Returns the executables of a minor version. When there are none, builds them first, which takes minutes.

    Raises BuildError, and UnknownVersionError for a version that has no module.
    """
    module = module_of(minor, home)
    go_build.ensure(module, progress)
    return Binaries(*(module.path(name) for name in ("etcd", "kube-apiserver", "kube-controller-manager")))

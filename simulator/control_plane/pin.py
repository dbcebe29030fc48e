"""`python -m simulator.control_plane.pin VERSION` writes modules/<minor>/go.mod and go.sum for a Kubernetes release.

Kubernetes publishes its own libraries ("staging modules") as v0.MINOR.PATCH, and its go.mod replaces them by folders
that a published module lacks. So they are replaced here by the published ones. Needs the network and Go.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from simulator.control_plane.build import MODULES

_TOOLS = ("k8s.io/kubernetes/cmd/kube-apiserver", "k8s.io/kubernetes/cmd/kube-controller-manager")


def pin(version: str) -> Path:
    """Writes the module of a release, e.g. "1.35.4", and returns its folder.

    Raises CalledProcessError when Go fails, and ValueError for a release whose go.mod has another form.
    """
    if not re.fullmatch(r"1\.\d+\.\d+", version):
        raise ValueError(f"{version!r} is no release of Kubernetes. Write for example 1.35.4.")
    folder = MODULES / version.rpartition(".")[0]
    folder.mkdir(parents=True, exist_ok=True)
    own = _upstream_go_mod(version)
    staging = re.findall(r"^\t(k8s\.io/\S+) => \./staging/", own, re.MULTILINE)
    etcd = re.search(r"^\tgo\.etcd\.io/etcd/client/v3 (\S+)", own, re.MULTILINE)
    go_line = re.search(r"^go \S+", own, re.MULTILINE)
    if not (staging and etcd and go_line):
        raise ValueError(f"the go.mod of Kubernetes {version} has another form than that of 1.34 to 1.36")
    published = "\n".join(f"\t{name} => {name} v0.{version.partition('.')[2]}" for name in staging)
    (folder / "go.sum").unlink(missing_ok=True)
    (folder / "go.mod").write_text(
        f"module controlplane // nothing of its own: it pins Kubernetes, and go.sum the rest\n\n{go_line[0]}\n\n"
        f"replace (\n{published}\n)\n",
        encoding="utf-8",
    )
    tools = [f"{tool}@v{version}" for tool in _TOOLS]
    subprocess.run(["go", "get", "-tool", *tools, f"go.etcd.io/etcd/server/v3@{etcd[1]}"], cwd=folder, check=True)
    return folder


def _upstream_go_mod(version: str) -> str:
    command = ["go", "mod", "download", "-json", f"k8s.io/kubernetes@v{version}"]
    described = subprocess.run(command, cwd=MODULES, capture_output=True, text=True, check=True).stdout
    path = re.search(r'"GoMod": "([^"]+)"', described)
    assert path is not None
    return Path(path[1]).read_text(encoding="utf-8")


if __name__ == "__main__":
    if not sys.argv[1:]:
        sys.exit("usage: python -m simulator.control_plane.pin VERSION..., for example 1.35.4")
    for each in sys.argv[1:]:
        print(pin(each))

"""The pinned modules of Kubernetes."""

import re
from pathlib import Path

import pytest

from catalog.kubernetes import VERSIONS
from components.stack.stack_file import load_file
from simulator.control_plane.build import MODULES, UnknownVersionError, minor_versions, module_of
from simulator.control_plane.pin import pin

ROOT = Path(__file__).resolve().parents[3]


def go_mod(version: str) -> str:
    return (MODULES / version / "go.mod").read_text()


def test_the_versions_of_the_stack_files_and_the_newest_one_can_be_built():
    versions = {cluster.version for path in ROOT.glob("Pulumi.*.yaml") for cluster in load_file(path).clusters.values()}
    assert versions
    assert set(minor_versions()) >= versions | {list(VERSIONS)[-1]}


@pytest.mark.parametrize("version", minor_versions())
def test_a_module_pins_one_kubernetes_with_its_own_libraries(version):
    release = re.search(r"k8s\.io/kubernetes v1\.(\S+)", go_mod(version))
    assert release
    assert release[1].startswith(version.removeprefix("1.") + ".")
    replaced = re.findall(r"^\t(\S+) => (\S+) v0\.(\S+)$", go_mod(version), re.MULTILINE)
    assert len(replaced) > 25
    assert all(old == new and number == release[1] for old, new, number in replaced)


def test_the_server_says_the_version_that_it_is():
    module = module_of("1.35")
    patch = re.search(r"k8s\.io/kubernetes v(1\.35\.\d+)", go_mod("1.35"))
    assert patch
    assert module.variables["k8s.io/component-base/version.gitVersion"] == f"v{patch[1]}"
    assert module.title.endswith(patch[1])


def test_versions_are_built_beside_each_other(tmp_path: Path):
    homes = {module_of(version, tmp_path).home for version in minor_versions()}
    assert len(homes) == len(minor_versions())


@pytest.mark.parametrize("text", ["1.37", "v1.37.2", "latest"])
def test_only_a_whole_release_can_be_pinned(text: str):
    with pytest.raises(ValueError, match="is no release of Kubernetes"):
        pin(text)
    assert all("." in version for version in minor_versions())


def test_a_version_without_a_module_names_those_that_there_are():
    with pytest.raises(UnknownVersionError, match=r"no module of Kubernetes 1\.20 to build; there are 1\.34, 1\.35"):
        module_of("1.20")

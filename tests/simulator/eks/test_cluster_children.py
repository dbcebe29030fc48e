"""Compares the simulated eks.Cluster with recorded registrations of the real component, on the real engine."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from common.urns import name_of, type_of
from common.values import SIGNATURE_KEY
from tests.facts.reading import facts

ROOT = Path(__file__).parents[3]
ENGINE = ROOT / ".engine" / "bin"
CONFIGURATIONS = (
    "private_with_oidc",
    "explicit_provider",
    "skip_security_groups",
    "api_mode_defaults",
    "default_vpc_cni",
    "given_service_role_api",
    "provider_credential_opts",
    "public_endpoint",
)
KUBERNETES = "pulumi:providers:kubernetes::main-eks-k8s"
ADDED = ("version", "__internal")  # the engine itself adds these to a provider's inputs
PROGRAM = Path(__file__).with_name("program")
pytestmark = [
    pytest.mark.engine,
    pytest.mark.skipif(not (ENGINE / "pulumi").exists(), reason="no engine has been set up: run `make setup`"),
]


class Run:
    """One stack with a cluster of every configuration: previewed, updated and previewed again."""

    def __init__(self, folder: Path) -> None:
        self.state: dict[str, Any] = {}
        self._folder = folder
        servers = subprocess.Popen(
            [sys.executable, "-m", "tests.simulator.eks.serve"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert servers.stdout is not None
        try:
            self._environment = environment(folder, json.loads(servers.stdout.readline()))
            self.engine("stack", "init", "test")
            self.preview = self.engine("preview", "--json")
            self.engine("up", "--yes", "--skip-preview")
            exported = self.engine("stack", "export")["deployment"]["resources"]
            self.state = {short(each["urn"]): each for each in exported}
            self.again = self.engine("preview", "--json")
        finally:
            output, _ = servers.communicate(timeout=30)
        self.invoked = [(function, preview) for function, preview in json.loads(output)]

    def engine(self, *command: str) -> Any:
        run = [str(ENGINE / "pulumi"), "--non-interactive", *command]
        completed = subprocess.run(
            run, cwd=self._folder, env=self._environment, capture_output=True, text=True, check=False
        )
        assert completed.returncode == 0, f"{command}: {completed.stdout[-3000:]}\n{completed.stderr[-3000:]}"
        return json.loads(completed.stdout) if completed.stdout.startswith("{") else None


def environment(folder: Path, ports: Mapping[str, int]) -> dict[str, str]:
    (folder / "Pulumi.yaml").write_text(f"name: children\nruntime: python\nmain: {PROGRAM}\n")
    (folder / "home").mkdir()
    (folder / "state").mkdir()
    return {
        "PATH": os.pathsep.join([str(ENGINE), str(Path(sys.executable).parent), os.environ["PATH"]]),
        "HOME": str(folder),
        "PULUMI_HOME": str(folder / "home"),
        "PULUMI_BACKEND_URL": f"file://{folder / 'state'}",
        "PULUMI_CONFIG_PASSPHRASE": "x",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "PULUMI_DEBUG_PROVIDERS": ",".join(f"{name}:{port}" for name, port in ports.items()),
        "CLUSTERS": json.dumps({name: cluster_inputs(name) for name in CONFIGURATIONS}),
    }


def cluster_inputs(configuration: str) -> Any:
    return facts("eks_component")["inputs"][configuration]


def children(configuration: str) -> dict[str, Any]:
    """Returns the children that the real component registered, including those that equal the baseline's."""
    by_configuration: dict[str, dict[str, Any]] = {}
    for key, each in facts("eks_component")["children"].items():
        recorded_configuration, _, name = key.partition(" ")
        by_configuration.setdefault(recorded_configuration, {})[name] = each
    baseline = by_configuration["private_with_oidc"]
    same_as_baseline = facts("eks_component")["as_in_baseline"].get(configuration, ())
    return by_configuration.get(configuration, {}) | {name: baseline[name] for name in same_as_baseline}


def short(urn: str) -> str:
    return f"{type_of(urn)}::{name_of(urn)}"


def masked(value: Any, configuration: str) -> Any:
    """Replaces the cluster's name by the name in the record, and random ids by their kind."""
    text = (
        json.dumps(value, sort_keys=True)
        .replace(f"{configuration}-", "main-")
        .replace(f'::{configuration}"', '::main"')
    )
    text = re.sub(r"\b(sg|vpc|subnet|sgr|sgrule)-[0-9a-f]{10,17}\b", r"\1", text)
    text = re.sub(r"(?<=[a-z]-)[0-9a-f]{7}\b|\b[0-9A-F]{32}\b|(?<=key/)[0-9a-f]{32}", "ID", text)
    return json.loads(re.sub(r"v[\d.]+-eksbuild\.\d+", "VERSION", text))


def registered(run: Run, configuration: str) -> dict[str, Any]:
    parent_prefix = f"eks:index:Cluster::{configuration}"
    children_by_key = {}
    for name, each in run.state.items():
        chain, top = each, ""
        while "parent" in chain and "pulumi:pulumi:Stack" not in chain["parent"]:
            top = short(chain["parent"])
            chain = run.state[top]
        if top == parent_prefix:
            children_by_key[name.replace(f"::{configuration}-", "::main-")] = each
    return children_by_key


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return Run(tmp_path_factory.mktemp("children"))


@pytest.mark.parametrize("configuration", CONFIGURATIONS)
def test_the_same_children_are_registered_under_the_same_parents(run: Run, configuration: str) -> None:
    parents = {
        name: masked(short(each["parent"]), configuration) for name, each in registered(run, configuration).items()
    }
    real = {name: each["parent"] for name, each in children(configuration).items()}
    assert parents == real, "policies, aliases and targets use URNs, which contain type, name and parents"


@pytest.mark.parametrize("configuration", CONFIGURATIONS)
def test_every_child_has_the_same_inputs(run: Run, configuration: str) -> None:
    simulated = registered(run, configuration)
    for name, real in children(configuration).items():
        recorded_inputs = {key: by_id(value) for key, value in real.get("inputs", {}).items()}
        simulated_inputs = {
            key: value
            for key, value in simulated[name].get("inputs", {}).items()
            if name != KUBERNETES or key not in ADDED
        }
        assert masked(simulated_inputs, configuration) == masked(recorded_inputs, "main"), (
            f"{name}: policies check inputs"
        )


@pytest.mark.parametrize("configuration", CONFIGURATIONS)
def test_every_child_depends_on_the_same_resources(run: Run, configuration: str) -> None:
    simulated = registered(run, configuration)
    for name, real in children(configuration).items():
        depends = sorted({masked(short(urn), configuration) for urn in simulated[name].get("dependencies", ())})
        by_property = {
            key: sorted(masked(short(urn), configuration) for urn in urns)
            for key, urns in (simulated[name].get("propertyDependencies") or {}).items()
            if urns
        }
        assert depends == sorted(real.get("dependencies", ())), f"{name}: the engine orders operations by dependencies"
        assert by_property == real.get("property_dependencies", {}), f"{name}: replacements follow these dependencies"


@pytest.mark.parametrize("configuration", CONFIGURATIONS)
def test_protection_and_ignored_changes_reach_the_same_children(run: Run, configuration: str) -> None:
    simulated = registered(run, configuration)
    for name, real in children(configuration).items():
        assert bool(simulated[name].get("protect")) == real.get("protect", False), name
        assert simulated[name].get("ignoreChanges", []) == real.get("ignore_changes", []), name


@pytest.mark.parametrize("configuration", CONFIGURATIONS)
def test_every_child_uses_the_same_provider(run: Run, configuration: str) -> None:
    for name, real in children(configuration).items():
        if "provider" in real:
            used = short(registered(run, configuration)[name]["provider"].rsplit("::", 1)[0])
            assert used == real["provider"], f"{name}: default tags and the allowed account come from the provider"


@pytest.mark.parametrize("configuration", CONFIGURATIONS)
def test_the_component_has_the_same_outputs(run: Run, configuration: str) -> None:
    real = facts("eks_component")["outputs"][configuration]
    simulated = {key: flat(value) for key, value in run.state[f"eks:index:Cluster::{configuration}"]["outputs"].items()}
    recorded_outputs = {key: flat(value) for key, value in real.items()}
    assert masked(simulated, configuration) == masked(recorded_outputs, "main"), "programs read these"


def test_functions_wait_for_a_cluster_that_does_not_exist_yet(run: Run) -> None:
    at_preview = {name for name, preview in run.invoked[: run.invoked.index(first_update(run))] if preview}
    assert at_preview == {"aws:index/getPartition:getPartition", "aws:index/getRegion:getRegion"}, (
        "add-on versions are unknown at the first preview, as with the real component"
    )


def first_update(run: Run) -> tuple[str, bool]:
    return next(each for each in run.invoked if not each[1])


def test_a_second_preview_shows_no_change(run: Run) -> None:
    steps = {each["op"] for each in run.again["steps"]}
    assert steps == {"same"}, "a component that differs from run to run would hide real changes"


def test_getting_a_kubeconfig_for_a_profile_keeps_the_cluster(run: Run) -> None:
    outputs = next(each for name, each in run.state.items() if name.startswith("pulumi:pulumi:Stack"))["outputs"]
    arguments = json.loads(outputs["kubeconfig"])["users"][0]["user"]["exec"]["args"]
    assert arguments[-4:] == ["--output", "json", "--profile", "ci"]
    assert arguments[5].startswith("skip_security_groups-eksCluster-")


def by_id(value: Any) -> Any:
    """Returns references to resources as ids, the form in which providers get them."""
    return value["id"] if isinstance(value, dict) and "$resource" in value else value


def flat(value: Any) -> Any:
    """Replaces references by type and name of the resource, which are the same in every run; ids are not."""
    if isinstance(value, dict):
        if "$resource" in value:
            return value["$resource"]
        if SIGNATURE_KEY in value and "urn" in value:
            return short(value["urn"])
        return {key: flat(item) for key, item in value.items()}
    return [flat(item) for item in value] if isinstance(value, list) else value

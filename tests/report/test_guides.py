"""The guides: every manifest is valid, and some pool can run it."""

import re
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, NamedTuple

import kubernetes_validate
import pytest
import yaml

from components.compute.node_labels import labels_of
from components.core.overlay import overlay
from components.stack.stack_file import load, read_file
from settings.compute.node_pool import NodePoolSettings
from settings.compute.presets import PRESETS
from settings.ingress.ingress import IngressSettings
from settings.stack.stack import StackSettings
from simulator.kubernetes.custom import object_findings, schema_of
from tests.settings.stacks import SOURCE, TODAY, problems, stack

ROOT = Path(__file__).parents[2]
GUIDES = sorted((ROOT / "docs" / "guides").rglob("*.md"))
REGION_OF = {"trn2": "us-east-2"}
KUBERNETES = "1.35"


class Manifest(NamedTuple):
    name: str
    body: dict[str, Any]


def blocks() -> list[tuple[str, list[Any]]]:
    """Returns (name of the guide, YAML documents) of every YAML block."""
    return [
        (guide.name, list(yaml.safe_load_all(text)))
        for guide in GUIDES
        for text in re.findall(r"```yaml\n(.*?)```", guide.read_text(), re.DOTALL)
    ]


MANIFESTS = [
    Manifest(f"{guide}: {document['kind']} {document['metadata']['name']}", document)
    for guide, documents in blocks()
    for document in documents
    if isinstance(document, dict) and "kind" in document
]
STORAGE = [
    document["ml-platform:storage"]
    for _, documents in blocks()
    for document in documents
    if isinstance(document, dict) and "ml-platform:storage" in document
]
INGRESS = [
    document["ml-platform:ingress"]
    for _, documents in blocks()
    for document in documents
    if isinstance(document, dict) and "ml-platform:ingress" in document
]
ADD_ONS = [
    document["addons"]
    for _, documents in blocks()
    for document in documents
    if isinstance(document, dict) and "addons" in document
]
MESHES = [
    document["ml-platform:mesh"]
    for _, documents in blocks()
    for document in documents
    if isinstance(document, dict) and "ml-platform:mesh" in document
]
TEAMS = [
    document["ml-platform:teams"]
    for _, documents in blocks()
    for document in documents
    if isinstance(document, dict) and "ml-platform:teams" in document
]
ADMISSIONS = [
    document["ml-platform:admission"]
    for _, documents in blocks()
    for document in documents
    if isinstance(document, dict) and "ml-platform:admission" in document
]
POOLS = [pool for _, documents in blocks() for document in documents if isinstance(document, list) for pool in document]


def test_an_import_of_a_guide_says_parent_and_provider_or_the_next_up_would_replace() -> None:
    """Without them the URN is another one, or the provider is one that has no region and no role."""
    commands = [
        command
        for guide in GUIDES
        for block in re.findall(r"```console\n(.*?)```", guide.read_text(), re.DOTALL)
        for command in re.findall(r"^ *\$ (pulumi import .*)", block.replace("\\\n", " "), re.MULTILINE)
    ]
    assert len(commands) >= 3
    for command in commands:
        assert {"--parent", "--provider", "--generate-code=false", "--protect=false"} <= {*command.split()}, command


def test_the_guide_of_refusals_quotes_what_the_rules_say() -> None:
    guide = (ROOT / "docs" / "guides" / "tenancy" / "why-was-my-pod-refused.md").read_text()
    rules = (ROOT / "components" / "tenancy" / "guards.py").read_text().replace("\\'", "'")
    quoted = re.findall(
        r"^\| `(.*?)` \|", guide.partition("what to write")[2].partition("Init containers")[0], re.MULTILINE
    )
    assert len(quoted) == 11
    for text in quoted:
        for part in text.split(" ... "):
            assert part in rules, text


def built(pool: dict[str, Any]) -> NodePoolSettings:
    """Returns the settings of a pool, in a cluster with a system pool."""
    system = {"name": "system", "instance_types": ["m5.large"]}
    region = REGION_OF.get(pool["preset"], "us-west-2")
    zones = [f"{region}{letter}" for letter in "abc"]
    changes = [(("region",), region), (("network",), {"zones": zones}), (("clusters", "main", "pools"), [system, pool])]
    return load(stack(*changes), SOURCE, TODAY).clusters["main"].pools[1]


def test_the_storage_sections_of_the_guides_are_valid() -> None:
    zones = [f"us-west-2{letter}" for letter in "abc"]
    assert STORAGE, "a guide has a storage section"
    for storage in STORAGE:
        load(stack((("network",), {"zones": zones}), (("storage",), storage)), SOURCE, TODAY)


def test_the_doors_of_the_guides_are_valid() -> None:
    assert INGRESS, "a guide has a section of ingress"
    for ingress in INGRESS:
        IngressSettings.model_validate(ingress)


def test_the_signatures_of_the_guides_are_valid() -> None:
    assert any("identities" in admission["signatures"] for admission in ADMISSIONS), "a guide shows both ways to sign"
    teams = [{"name": "research", "namespaces": ["research"]}]
    for admission in ADMISSIONS:
        load(stack((("teams",), teams), (("admission",), admission)), SOURCE, TODAY)


def test_the_images_of_the_guides_teams_are_those_that_the_guides_sign() -> None:
    dev, guide = read_file(ROOT / "Pulumi.dev.yaml"), sections("images-of-a-team.md")
    (team,) = guide["teams"]
    beside = [each for each in dev["teams"] if each["name"] != team["name"]]
    for admission in ADMISSIONS:
        made = {**dev, **guide, "teams": [*beside, {**dev["teams"][0], **team}], "admission": admission}
        built_of = load(made, SOURCE, TODAY)
        assert built_of.admission.signatures is not None
        image = f"123456789012.dkr.ecr.us-west-2.amazonaws.com/ml-platform-dev/{team['name']}/trainer@sha256:{'0' * 64}"
        assert any(fnmatchcase(image, each) for each in built_of.admission.signatures.images)


def test_the_first_team_of_the_guide_can_be_added_to_the_dev_stack() -> None:
    dev = read_file(ROOT / "Pulumi.dev.yaml")
    (text,) = [documents[0] for name, documents in blocks() if name == "onboard-a-team.md"]
    assert load({**dev, "teams": [*dev["teams"], *text["ml-platform:teams"]]}, SOURCE, TODAY)


def test_the_meshes_of_the_guides_are_valid() -> None:
    assert any("services" in mesh for mesh in MESHES), "a guide says who may call"
    for mesh in MESHES:
        teams = [{"name": "serving", "namespaces": mesh["namespaces"]}]
        load(stack((("teams",), teams), (("mesh",), mesh)), SOURCE, TODAY)


SETTINGS = "ml-platform:"
TOGETHER = ("expose-a-service.md", "mesh-a-namespace.md")
"""Guides whose examples are about the same Service: who reads both writes both into one file."""


def merged(one: Any, other: Any) -> Any:
    if isinstance(one, dict) and isinstance(other, dict):
        return one | {key: merged(one[key], value) if key in one else value for key, value in other.items()}
    return one + other if isinstance(one, list) and isinstance(other, list) else other


def sections(*guides: str) -> dict[str, Any]:
    """Returns what the examples of guides say together, by section of the stack file."""
    found: dict[str, Any] = {}
    for guide, documents in blocks():
        for document in documents if guide in guides else ():
            if isinstance(document, dict) and any(key.startswith(SETTINGS) for key in document):
                found = merged(found, document)
    return {key.removeprefix(SETTINGS): value for key, value in found.items()}


@pytest.mark.parametrize("guides", [TOGETHER, *((guide,) for guide in TOGETHER)], ids=lambda names: names[-1])
def test_the_examples_of_a_guide_stand_in_one_file_of_production(guides: tuple[str, ...]) -> None:
    written = sections(*guides)
    assert written, "the guides have examples of a stack file"
    teams = [{"name": name, "namespaces": [name]} for name in ("inference", "agents", "research")]
    file = stack((("teams",), teams), *(((key,), value) for key, value in written.items()))
    assert file["environment"] == "prod"
    assert problems(file) == ()


def test_a_block_with_settings_can_be_copied_below_config() -> None:
    bare = re.compile(rf"```yaml\n(?:.*\n)*?({'|'.join(StackSettings.model_fields)}):")
    found = {guide.name: re.findall(r"```yaml\n.*?```", guide.read_text(), re.DOTALL) for guide in GUIDES}
    lacking = [(name, match[1]) for name, each in found.items() for text in each if (match := bare.match(text))]
    assert lacking == [], f"they lack {SETTINGS}"


CHECKED = ("admission", "alarms", "clusters", "ingress", "network", "observability", "security", "storage")
PLAIN = {f"{SETTINGS}{key}" for key in CHECKED}
"""Sections that need no other of their own guide to be right; others have tests of their own."""
EXAMPLES = [
    (guide, sum(1 for name, _ in blocks()[:index] if name == guide))
    for index, (guide, documents) in enumerate(blocks())
    if isinstance(documents[0], dict) and documents[0].keys() & PLAIN and documents[0].keys() <= PLAIN
]


@pytest.mark.parametrize("environment", ["dev", "prod"])
@pytest.mark.parametrize(("guide", "index"), EXAMPLES, ids=str)
def test_an_example_is_right_as_it_is_written(guide: str, index: int, environment: str) -> None:
    """By itself, or with those before it in its guide."""
    written = [documents[0] for name, documents in blocks() if name == guide][: index + 1]
    teams = [{"name": name, "namespaces": [name]} for name in ("inference", "agents", "research", "training")]
    told = {"alerts": {"platform": {"mail": ["ml-platform@example.com"]}, "heartbeat": True}}
    changes = [(("environment",), environment), (("teams",), teams), (("observability",), told)]
    base = stack(*changes, (("network",), {"zones": [f"us-west-2{letter}" for letter in "abc"]}))
    found = []
    for number in (index, 0):
        file = base
        for document in written[number:]:
            if isinstance(document, dict) and document.keys() <= PLAIN:
                file = overlay(file, {key.removeprefix(SETTINGS): value for key, value in document.items()})
        found.append(problems(file))
    assert () in found, [str(each) for each in found[0]]


@pytest.mark.parametrize("teams", TEAMS, ids=str)
def test_teams_of_a_guide_are_valid(teams: list[dict[str, Any]]) -> None:
    pools = [
        {"name": "system", "instance_types": ["m5.large"]},
        *({"preset": name} for name in ("gpu-small", "a100-mig")),
    ]
    told = {"alerts": {"platform": {"mail": ["ml@example.com"]}}}
    changes = [(("clusters", "main", "pools"), pools), (("teams",), teams), (("isolation",), {})]
    changes.append((("observability",), told))
    assert problems(stack(*changes)) == ()


@pytest.fixture(scope="module")
def pools() -> list[NodePoolSettings]:
    presets = [{"preset": name} for name in PRESETS if name != "h100-training"]  # a guide sets its zone
    return [built(pool) for pool in [*presets, *POOLS]]


def offered(pool: NodePoolSettings) -> dict[str, int]:
    """Returns extended resource -> number of units on the largest node of the pool."""
    machine = max(pool.machines, key=lambda each: each.accelerator.count if each.accelerator else 0)
    if machine.accelerator is None:
        return {}
    units = pool.shared.resources(machine.accelerator)
    per_node = {name: count * machine.accelerator.count for name, count in units.items()}
    return per_node | ({"vpc.amazonaws.com/efa": machine.efa_interfaces or 0} if pool.efa else {})


def pod_of(manifest: dict[str, Any]) -> dict[str, Any] | None:
    spec: dict[str, Any] = manifest.get("spec", {})
    return spec if manifest["kind"] == "Pod" else spec.get("template", {}).get("spec")


def tolerates(pod: dict[str, Any], pool: NodePoolSettings) -> bool:
    def fits(toleration: dict[str, str], key: str, value: str, effect: str) -> bool:
        same = toleration.get("key") == key and toleration.get("effect", effect) == effect
        return same and (toleration.get("operator") == "Exists" or toleration.get("value", "") == value)

    return all(
        any(fits(each, taint.key, taint.value, taint.effect) for each in pod.get("tolerations", ()))
        for taint in pool.taints
    )


def test_the_guides_show_every_way_of_sharing() -> None:
    assert len(GUIDES) >= 2
    requested = {name for manifest in MANIFESTS for name in limits(pod_of(manifest.body) or {})}
    assert {"nvidia.com/gpu", "nvidia.com/gpu.shared", "vpc.amazonaws.com/efa"} <= requested
    assert any(name.startswith("nvidia.com/mig-") for name in requested)


def limits(pod: dict[str, Any]) -> dict[str, int]:
    """Returns the extended resources that the pod requests."""
    return {
        name: int(count)
        for container in pod.get("containers", ())
        for name, count in container.get("resources", {}).get("limits", {}).items()
        if "/" in name
    }


@pytest.mark.parametrize("manifest", MANIFESTS, ids=lambda manifest: manifest.name)
def test_a_manifest_is_valid_kubernetes(manifest: Manifest) -> None:
    schema = schema_of(manifest.body["apiVersion"], manifest.body["kind"])
    if schema is None:
        kubernetes_validate.validate(manifest.body, KUBERNETES, strict=True)
    else:
        assert list(object_findings(manifest.body, schema)) == []


GPU_PODS = [m for m in MANIFESTS if pod_of(m.body) and m.name.startswith("run-on-a-gpu-slice.md")]


@pytest.mark.parametrize("manifest", GPU_PODS, ids=lambda manifest: manifest.name)
def test_some_pool_can_run_it(manifest: Manifest, pools: list[NodePoolSettings]) -> None:
    pod = pod_of(manifest.body)
    assert pod is not None
    requested = limits(pod)
    assert requested, "every pod of this guide must request a GPU"
    for pool in pools:
        available = offered(pool)
        enough = all(available.get(name, 0) >= count for name, count in requested.items())
        selected = pod.get("nodeSelector", {}).items() <= labels_of(pool).items()
        if enough and selected and tolerates(pod, pool):
            return
    pytest.fail(f"no preset and no pool of the guides can run it: it requests {requested}")


def test_a_container_requests_one_replica_of_a_shared_gpu() -> None:
    for manifest in MANIFESTS:
        assert limits(pod_of(manifest.body) or {}).get("nvidia.com/gpu.shared", 1) == 1, (
            "the device plugin refuses more"
        )


def test_every_preset_that_a_guide_names_exists() -> None:
    text = " ".join(guide.read_text() for guide in GUIDES)
    named = set(re.findall(r"presets? `([a-z0-9-]+)`", text))
    assert len(named) > 3, "the guides must name some presets"
    assert named <= set(PRESETS), "the settings would refuse this name"


@pytest.mark.parametrize("add_ons", ADD_ONS)
def test_the_values_of_the_guides_are_accepted(add_ons):
    needed = (("admission",), {"kyverno": {}})
    assert load(
        stack((("clusters", "main", "addons"), add_ons), *([needed] if "kyverno" in add_ons else [])), SOURCE, TODAY
    )

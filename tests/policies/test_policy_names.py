"""The types and properties that rules and cases name exist. A rule for a misspelt one would never find anything."""

import importlib.util
import re
from functools import cache
from pathlib import Path

import pytest

from catalog import crds
from catalog.charts import CHARTS
from common.values import opened
from policies.rule import Rule, Sample, StackRule
from simulator.kubernetes.custom import schema_of
from simulator.kubernetes.kinds import WITH_EVERY_CLUSTER
from simulator.kubernetes.schema import findings
from tests.policies.policy_harness import ALL, as_case, kind_of

SDKS = {"aws": "pulumi_aws", "kubernetes": "pulumi_kubernetes"}
PROPERTY = re.compile(r'@pulumi\.getter(?:\(name="(\w+)"\))?\s+(?:@_utilities\.deprecated\(.*\)\s+)?def (\w+)\(')
OUTPUTS_OF_EVERY_RESOURCE = {"id"}
FOUND_AS_UNKNOWN = {("net-cluster-policies", "spec.ingress[0].from[0].networks")}
"""Rules that say so of a field that does not exist."""
ABOUT_TYPES_OF_NO_SDK = ("api-not-removed", "cost-monthly-cap", "type-unseen")
FIELDS_OF_EVERY_OBJECT = {"apiVersion", "kind", "metadata", "spec", "status"}


@cache
def sdk(package: str) -> Path:
    spec = importlib.util.find_spec(SDKS[package])
    assert spec, f"{SDKS[package]} is not installed"
    assert spec.origin
    return Path(spec.origin)


@cache
def registered(package: str) -> dict[str, tuple[str, str]]:
    """Returns type token -> (module, class), as the SDK registers them."""
    modules = re.findall(r'"fqn": "([\w.]+)",\s+"classes": \{([^}]*)\}', sdk(package).read_text(encoding="utf-8"))
    return {
        token: (fqn, name) for fqn, classes in modules for token, name in re.findall(r'"([^"]+)": "(\w+)"', classes)
    }


@cache
def custom_types() -> set[str]:
    """Returns the type tokens of custom resources that charts, EKS or the platform define, and of patches."""
    of_charts = (
        (crd.group, version, crd.kind) for chart in CHARTS.values() for crd in chart.crds for version in crd.versions
    )
    of_ours = (
        (crd["spec"]["group"], version["name"], kind)
        for folder in crds.FOLDER.iterdir()
        for kind, crd in crds.made_by_us(folder.name).items()
        for version in crd["spec"]["versions"]
    )
    of_eks = ((each.group, version, each.kind) for each in WITH_EVERY_CLUSTER for version in each.versions)
    tokens = {f"kubernetes:{group}/{version}:{kind}" for group, version, kind in (*of_charts, *of_ours, *of_eks)}
    return tokens | {f"{token}Patch" for token in tokens}


@cache
def components() -> dict[str, set[str]]:
    """Returns the types of components -> what they register as outputs."""
    sources = [path.read_text(encoding="utf-8") for path in Path("components").rglob("*.py")]
    return {
        kind: set(re.findall(r'"(\w+)":', outputs))
        for source in sources
        for kind, outputs in re.findall(
            r'__init__\("(mlplatform:[\w:]+)".*?register_outputs\((.*?)\)', source, re.DOTALL
        )
    }


def exists(token: str) -> bool:
    return token in custom_types() or token in components() or token in registered(token.split(":")[0])


@cache
def properties(token: str) -> set[str]:
    """Returns the properties of a resource type, in the provider's spelling."""
    if token in components():
        return components()[token]
    if token in custom_types():
        kind = re.fullmatch(r"kubernetes:(.+):(\w+?)(?:Patch)?", token)
        assert kind
        return FIELDS_OF_EVERY_OBJECT | (schema_of(*kind.groups()) or {}).get("properties", {}).keys()
    fqn, name = registered(token.split(":")[0])[token]
    folder = sdk(token.split(":")[0]).parent.joinpath(*fqn.split(".")[1:])
    source = next(
        p
        for p in sorted(folder.glob("*.py"))
        if re.search(rf"class {name}\(pulumi\.(Custom|Component)Resource\)", p.read_text(encoding="utf-8"))
    )
    return {camel or plain for camel, plain in PROPERTY.findall(source.read_text(encoding="utf-8"))}


def samples(rule: Rule | StackRule) -> list[Sample]:
    """Returns the resources in the rule's cases."""
    resources: list[Sample] = []
    if isinstance(rule, StackRule):
        for stack_case in (*rule.good.values(), *rule.bad.values()):
            resources += stack_case.resources.values()
        return resources
    for props_or_case in (*rule.good.values(), *rule.bad.values()):
        case = as_case(props_or_case)
        resources.append(Sample(kind_of(rule, case), case.props))
    return resources


@pytest.mark.parametrize("rule", ALL.values(), ids=ALL.keys())
def test_every_type_that_a_rule_covers_exists(rule: Rule | StackRule) -> None:
    for token in rule.types:
        if token.endswith("*") or token.startswith("pulumi:"):
            continue
        assert exists(token), f"there is no resource type {token}, so the rule never runs"


@pytest.mark.parametrize("rule", ALL.values(), ids=ALL.keys())
def test_every_property_in_a_case_exists(rule: Rule | StackRule) -> None:
    for it in samples(rule):
        if not it.type.startswith("pulumi:") and rule.id not in ABOUT_TYPES_OF_NO_SDK:
            unknown = {*it.props, *it.links} - properties(it.type) - OUTPUTS_OF_EVERY_RESOURCE
            assert unknown == set(), f"{it.type} has no such property, so the case proves nothing"


@pytest.mark.parametrize("rule", ALL.values(), ids=ALL.keys())
def test_every_field_of_a_custom_resource_in_a_case_exists(rule: Rule | StackRule) -> None:
    for it in samples(rule):
        _, version, kind = it.type.split(":")
        if schema := schema_of(version, kind.removesuffix("Patch")):
            found = [finding.path for finding in findings(opened(it.props), schema) if finding.unknown_field]
            unknown = [path for path in found if (rule.id, path) not in FOUND_AS_UNKNOWN]
            assert unknown == [], f"{kind} has no such field, so the case proves nothing"


def test_every_kind_of_karpenter_that_a_rule_checks_has_a_schema() -> None:
    checked = {token for rule in ALL.values() for token in rule.types if "karpenter" in token}
    assert checked, "there is nothing to check"
    assert all(schema_of(*token.split(":")[1:]) for token in checked)


def test_every_type_that_needs_no_rule_is_one_of_the_provider() -> None:
    from policies.rules.coverage.type_unseen import HARMLESS

    kinds = [f"aws:{kind}" for kinds in HARMLESS.values() for kind in kinds]
    assert sorted(set(kinds)) == sorted(kinds), "named twice"
    assert [kind for kind in kinds if kind not in registered("aws")] == []

"""Compares every declaration with the recorded facts of the real provider, and with what the project uses."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from simulator.aws import templates
from simulator.aws.constraints import Between, Length
from simulator.aws.messages import ErrorTemplate
from simulator.aws.model import ResourceType
from simulator.aws.registry import kinds
from tests.facts.reading import facts

Part = TypeVar("Part")
ROOT = Path(__file__).parents[3]

REAL = facts("aws_resource_types")["types"]

# Differences between declarations and the facts.
BEGINNINGS = {  # the facts have an id where the declaration has its parts, or an update that is worded like a create
    "aws:ec2/flowLog:FlowLog": "{resourceId}",
    "aws:ec2/route:Route": "{destination}",
    "aws:servicequotas/serviceQuota:ServiceQuota": "{id}",
}
LEFT_OUT = {  # outputs that never have a value in the simulator, and references to types that are not simulated
    "aws:ec2/vpc:Vpc": {"cidrBlock", "ipv6CidrBlockNetworkBorderGroup"},
    "aws:eks/nodeGroup:NodeGroup": {"launchTemplate.version"},
    "aws:s3/bucketReplicationConfig:BucketReplicationConfig": {"rules[*].id"},
    "aws:ssm/parameter:Parameter": {"overwrite"},
}
SUPPRESSED = {  # blocks whose absence the provider hides: leaving them out is no change, as with an output
    f"aws:ecr/{name}": {"encryptionConfigurations", "imageScanningConfiguration"}
    for name in ("repository:Repository", "repositoryCreationTemplate:RepositoryCreationTemplate")
}
CHECKED_BY_RULES = {  # references to several types, by other names than ids, or to things bought outside the cloud
    "autoscalingGroupName",
    "capacityReservationSpecification.capacityReservationTarget.capacityReservationId",
    "credentialArn",
    "iamRoleArn",
    "logDestination",
    "loggingConfiguration.logGroupArn",
    "rules.copyActions.destinationVaultArn",
    "rules.destination.bucket",
    "rules.targetVaultName",
    "targetBucket",
    "targetKeyId",
    "transitGatewayId",  # the company's, outside the cloud
}
NOT_CHECKED = {  # AWS accepts any value, also from outside the cloud
    *("arn", "keyId", "principalArn", "referencedSecurityGroupId", "targetRoleArn"),
    *("alarmActions", "endpoint", "insufficientDataActions", "notifications.subscriberSnsTopicArns", "okActions"),
}
LOWER_LIMITS = {("aws:eks/nodeGroup:NodeGroup", "nodeGroupName"): 0}  # the provider takes "" for no name
OF_ANY_OPERATION = {  # the facts have only the errors of single types
    "InvalidAvailabilityZone",
    "InvalidID",
    "MissingParameter",
    "PolicyTooLarge",
    "VPCIdNotSpecified",
}
WITHOUT_FACTS = {
    "aws:cloudwatch/logMetricFilter:LogMetricFilter",
    "aws:ec2/tag:Tag",
    "aws:ec2/securityGroupRule:SecurityGroupRule",
}


def pairs() -> Iterator[tuple[str, ResourceType, dict[str, Any]]]:
    """Yields the token, declaration and facts of each type. A key that the facts leave out is empty or False."""
    rows = [(type_, kind, REAL[type_]) for type_, kind in kinds().items() if type_ in REAL]
    assert len(rows) > 40, "without types to compare, the tests say nothing"
    yield from rows


def test_every_type_is_in_the_facts() -> None:
    assert set(kinds()) - set(REAL) == WITHOUT_FACTS


def wrong_replacements(kind: ResourceType, real: dict[str, Any]) -> set[str]:
    """Returns the paths that replace the resource only in the declaration, or only in the facts."""
    paths, sometimes = real.get("replace_on", []), set(real.get("replace_sometimes", []))
    always = {path for path in paths if not any(path.startswith(f"{other}.") for other in paths)}
    replacing = set(kind.replacing)
    return (replacing | set(kind.replace_if)) ^ (always | sometimes) | always - replacing


def test_required_and_replacing_inputs_equal_the_facts() -> None:
    for type_, kind, real in pairs():
        assert sorted(kind.required.split()) == real.get("required", []), type_
        assert wrong_replacements(kind, real) == set(), f"{type_}: a preview would show an update for a replacement"
        assert kind.delete_before_replace == real.get("delete_before_replace", False), type_


def test_a_replacing_property_that_is_missing_is_found() -> None:
    mistakes = 0
    for type_, kind, real in pairs():
        for path in kind.replace_on.split():
            wrong = replace(kind, replace_on=" ".join(other for other in kind.replace_on.split() if other != path))
            assert wrong_replacements(wrong, real) == {path}, f"{type_}: nobody would see that {path} is missing"
            mistakes += 1
    assert mistakes > 100, "without mistakes to find, the test says nothing"


def test_defaults_names_and_tags_equal_the_facts() -> None:
    for type_, kind, real in pairs():
        assert dict(kind.defaults) == real.get("defaults", {}), type_
        assert kind.taggable == real.get("taggable", False), type_
        autoname = [kind.autoname.property, kind.autoname.max_length] if kind.autoname else None
        assert autoname == real.get("autoname"), type_


def test_operations_and_beginnings_of_messages_equal_the_facts() -> None:
    for type_, kind, real in pairs():
        operations = (kind.creates, kind.deletes or None, kind.service.id)
        assert operations == (real["creates"], real.get("deletes"), real["service"]), type_
        for doing, key in (("creating", "create"), ("updating", "update"), ("deleting", "delete")):
            recorded = real.get("prefixes", {}).get(key)
            if recorded and "{id}" not in recorded.replace("({id})", "") and type_ not in BEGINNINGS:
                simulated = kind.prefix(doing)
                if doing == "creating" and "({id})" in recorded:
                    simulated = re.sub(r"\([^()]*\)$", "({id})", simulated)
                assert simulated == recorded, type_


def test_outputs_and_references_equal_the_facts() -> None:
    types = set(kinds())
    for type_, kind, real in pairs():
        simulated = {*kind.computed, *kind.aws_defaults, *([kind.arn_output] if kind.arn else [])}
        recorded = set(real.get("outputs", [])) - LEFT_OUT.get(type_, set())
        assert simulated - SUPPRESSED.get(type_, set()) == recorded, type_
        references = real.get("references", {})
        recorded = {path.replace("[*]", "") for path, to in references.items() if to.split(".")[0] in types}
        assert recorded - {path.replace("[*]", "") for path in kind.references} <= CHECKED_BY_RULES | NOT_CHECKED, type_


def test_ids_have_the_recorded_form() -> None:
    shapes = [
        (type_, kind.id, re.sub(r"\{[a-z]+\}", "", real["arn"]) if real["id"] == "{arn}" != kind.id else real["id"])
        for type_, kind, real in pairs()
        if isinstance(kind.id, str)
    ]
    generated = [(type_, id_, shape) for type_, id_, shape in shapes if templates.is_generated(id_)]
    assert len(generated) > 15
    for type_, id_, shape in generated:
        pattern = shape.split(" (")[0]
        assert re.fullmatch(pattern, templates.fill(id_, "seed", lambda name: None)), type_
    for type_, id_, shape in set(shapes) - set(generated):
        assert id_ == shape.split(" (")[0], type_


def test_arns_have_the_recorded_form() -> None:
    for type_, kind, real in pairs():
        if kind.arn:
            assert kind.arn == real["arn"], type_


def declared(value: Any, kind: type[Part]) -> Iterator[Part]:
    """Yields everything of the kind in a declaration."""
    if isinstance(value, kind):
        yield value
    elif isinstance(value, dict | tuple | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from declared(inner, kind)
    elif is_dataclass(value):
        for field in fields(value):
            yield from declared(getattr(value, field.name), kind)


def test_limits_equal_the_facts() -> None:
    compared = 0
    for type_, kind, real in pairs():
        for path, (low, high) in real.get("limits", {}).items():
            parts = [kind.constraints[path]] if path in kind.constraints else []
            ranges = [*declared(parts, Between), *declared(parts, Length)]
            compared += len(ranges)
            known = LOWER_LIMITS.get((type_, path), low)
            assert all((each.low, each.high) == (known, high) for each in ranges), f"{type_} {path}"
    assert compared > 50, "without limits to compare, the test says nothing"


def test_error_codes_are_in_the_facts() -> None:
    anywhere = {code for row in REAL.values() for code in row.get("errors", [])}
    compared = 0
    for type_, kind, real in pairs():
        for error in declared(replace(kind, not_found=None), ErrorTemplate):
            assert error.code in real["errors"], type_
            compared += 1
        assert kind.not_found is None or kind.not_found.code in anywhere, type_
    assert compared > 60, "without errors to compare, the test says nothing"
    raised = set()
    for module in (ROOT / "simulator/aws/services").glob("*.py"):
        calls = r'(?:AwsError|combinations|of_one_vpc|refuse)\((?:\s*#[^\n]*\n)?\s*"([^"]+)"'
        raised |= set(re.findall(calls, module.read_text(encoding="utf-8")))
    assert len(raised) > 30
    assert raised - anywhere == OF_ANY_OPERATION, "AWS has no such error; or write it in the facts, with its source"


def test_every_type_that_components_create_is_simulated() -> None:
    used = set()
    for module in (ROOT / "components").rglob("*.py"):
        used |= set(re.findall(r"\baws\.(\w+)\.([A-Z]\w+)\(", module.read_text(encoding="utf-8")))
    resources = {(service, name) for service, name in used if not name.endswith(("Args", "ArgsDict"))}
    assert resources, "the components must use some AWS types"
    declared = {(type_.split(":")[1].split("/")[0], type_.rsplit(":", 1)[1]) for type_ in kinds()}
    assert resources <= declared, "a type without a declaration stops every preview"

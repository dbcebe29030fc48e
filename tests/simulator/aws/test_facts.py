"""Compares every declaration with the record of the real provider, if it is there, and with what the project uses."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from simulator.aws import templates
from simulator.aws.model import ResourceType
from simulator.aws.registry import kinds

ROOT = Path(__file__).parents[3]
RECORD = ROOT.parent / "shared" / "facts" / "aws_resources.json"

# Differences between declarations and the record.
BEGINNINGS = {  # the record has an id where the declaration has its parts, or an update that is worded like a create
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
CHECKED_BY_RULES = {  # references to several types, by other names than ids, or to things bought outside the cloud
    "autoscalingGroupName",
    "capacityReservationSpecification.capacityReservationTarget.capacityReservationId",
    "iamRoleArn",
    "logDestination",
    "rules.copyActions.destinationVaultArn",
    "rules.destination.bucket",
    "rules.targetVaultName",
    "targetBucket",
    "targetKeyId",
}
NOT_CHECKED = {"arn", "keyId", "principalArn", "targetRoleArn"}  # AWS accepts any value, also from outside the cloud
NOT_IN_THE_RECORD = {"aws:ec2/tag:Tag", "aws:ec2/securityGroupRule:SecurityGroupRule"}


@pytest.fixture(scope="module")
def record() -> dict[str, Any]:
    if not RECORD.exists():
        pytest.skip(f"no record of the real provider at {RECORD.name}")
    resources: dict[str, Any] = json.loads(RECORD.read_text(encoding="utf-8"))["resources"]
    return resources


def pairs(record: dict[str, Any]) -> Iterator[tuple[str, ResourceType, dict[str, Any]]]:
    """Yields the token, declaration and record of each type."""
    rows = [(type_, kind, record[type_]) for type_, kind in kinds().items() if type_ in record]
    assert len(rows) > 40, "without types to compare, the tests say nothing"
    yield from rows


def test_every_entry_is_in_the_record(record: dict[str, Any]) -> None:
    assert set(kinds()) - set(record) == NOT_IN_THE_RECORD


def test_required_and_replacing_inputs_equal_the_record(record: dict[str, Any]) -> None:
    for type_, kind, real in pairs(record):
        assert sorted(kind.required.split()) == real["required"], type_
        paths = real["replace_on"]
        sometimes = {entry["path"] for entry in real.get("conditional_replace", [])}
        always = {path for path in paths if not any(path.startswith(f"{other}.") for other in paths)}
        assert set(kind.replacing) | set(kind.replace_if) == always | sometimes, type_
        assert set(kind.replacing) >= always, type_
        assert kind.delete_before_replace == real["delete_before_replace"], type_


def test_defaults_names_and_tags_equal_the_record(record: dict[str, Any]) -> None:
    for type_, kind, real in pairs(record):
        assert dict(kind.defaults) == real["defaults"], type_
        assert kind.taggable == real["taggable"], type_
        name = real["autoname"]
        assert (kind.autoname is None) == (name is None), type_
        if kind.autoname and name:
            assert (kind.autoname.property, kind.autoname.max_length) == (name["property"], name["max_length"]), type_


def test_operations_and_beginnings_of_messages_equal_the_record(record: dict[str, Any]) -> None:
    for type_, kind, real in pairs(record):
        api = real["api"]
        assert (kind.creates, kind.deletes or None, kind.service.id) == (
            api["create"],
            api["delete"],
            api["service_id"],
        )
        for doing, key in (("creating", "create"), ("updating", "update"), ("deleting", "delete")):
            recorded = real["error_prefix"][key]
            if recorded and "{id}" not in recorded.replace("({id})", "") and type_ not in BEGINNINGS:
                simulated = kind.prefix(doing)
                same = (
                    simulated
                    if doing != "creating" or "({id})" not in recorded
                    else re.sub(r"\([^()]*\)$", "({id})", simulated)
                )
                assert same == recorded, type_


def test_outputs_and_references_equal_the_record(record: dict[str, Any]) -> None:
    for type_, kind, real in pairs(record):
        simulated = {*kind.computed, *kind.aws_defaults, *([kind.arn_output] if kind.arn else [])}
        outputs = {*real["computed"], *real.get("computed_when_omitted", {})} - {"tagsAll"}
        assert simulated == outputs - LEFT_OUT.get(type_, set()), type_
        known = set(kinds())
        recorded = {path.replace("[*]", "") for path, to in real["references"].items() if to.split(".")[0] in known}
        assert recorded - {path.replace("[*]", "") for path in kind.references} <= CHECKED_BY_RULES | NOT_CHECKED, type_


def test_ids_have_the_recorded_form(record: dict[str, Any]) -> None:
    shapes = [(type_, kind.id, real["id_format"]) for type_, kind, real in pairs(record) if isinstance(kind.id, str)]
    drawn = [(type_, id_, shape) for type_, id_, shape in shapes if templates.is_generated(id_)]
    assert len(drawn) > 15
    for type_, id_, shape in drawn:
        pattern = shape.split(" (")[0]
        assert re.fullmatch(pattern, templates.fill(id_, "seed", lambda name: None)), type_
    for type_, id_, shape in set(shapes) - set(drawn):
        assert id_ == shape.split(" (")[0], type_


def test_arns_have_the_recorded_form(record: dict[str, Any]) -> None:
    for type_, kind, real in pairs(record):
        if kind.arn:
            assert kind.arn == real["arn_format"], type_


def test_every_type_that_components_create_is_simulated() -> None:
    used = set()
    for module in (ROOT / "components").rglob("*.py"):
        used |= set(re.findall(r"\baws\.(\w+)\.([A-Z]\w+)\(", module.read_text(encoding="utf-8")))
    resources = {(service, name) for service, name in used if not name.endswith(("Args", "ArgsDict"))}
    assert resources, "the components must use some AWS types"
    known = {(type_.split(":")[1].split("/")[0], type_.rsplit(":", 1)[1]) for type_ in kinds()}
    assert resources <= known, "a type that is not simulated fails every preview"

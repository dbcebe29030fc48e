"""Every entry, compared with what is known of the real provider, and with what the project uses."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from simulator.aws import templates
from simulator.aws.model import ResourceType
from simulator.aws.registry import kinds
from tests.facts.reading import facts

ROOT = Path(__file__).parents[3]

REAL = facts("aws_resource_types")["types"]

# Where an entry says more than the facts, or says it in another way.
BEGINNINGS = {  # the facts name an id that the entry spells out, or an update that the source words as a create
    "aws:ec2/flowLog:FlowLog": "{resourceId}",
    "aws:ec2/route:Route": "{destination}",
    "aws:servicequotas/serviceQuota:ServiceQuota": "{id}",
}
LEFT_OUT = {  # outputs that never have a value here, and references to types that no entry has
    "aws:ec2/vpc:Vpc": {"cidrBlock", "ipv6CidrBlockNetworkBorderGroup"},
    "aws:eks/nodeGroup:NodeGroup": {"launchTemplate.version"},
    "aws:s3/bucketReplicationConfig:BucketReplicationConfig": {"rules[*].id"},
    "aws:ssm/parameter:Parameter": {"overwrite"},
}
LOOKED_AT_BY_RULES = {  # several types, names that no id is of, or what may have been bought before
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
NOT_LOOKED_AT = {"arn", "keyId", "principalArn", "targetRoleArn"}  # AWS takes any target; these people live elsewhere
NOT_KNOWN = {"aws:ec2/tag:Tag", "aws:ec2/securityGroupRule:SecurityGroupRule"}


def known() -> Iterator[tuple[str, ResourceType, dict[str, Any]]]:
    """Each entry with what is known of the real type. What a row leaves out is nothing, or no."""
    found = [(type_, kind, REAL[type_]) for type_, kind in kinds().items() if type_ in REAL]
    assert len(found) > 40, "the comparison has to have something to compare"
    yield from found


def test_every_entry_is_of_a_known_type() -> None:
    assert set(kinds()) - set(REAL) == NOT_KNOWN


def wrong_replacements(kind: ResourceType, real: dict[str, Any]) -> set[str]:
    """Paths that replace in one of the two alone."""
    paths, sometimes = real.get("replace_on", []), set(real.get("replace_sometimes", []))
    always = {path for path in paths if not any(path.startswith(f"{other}.") for other in paths)}
    replacing = set(kind.replacing)
    return (replacing | set(kind.replace_if)) ^ (always | sometimes) | always - replacing


def test_what_is_required_and_what_replaces() -> None:
    for type_, kind, real in known():
        assert sorted(kind.required.split()) == real.get("required", []), type_
        assert wrong_replacements(kind, real) == set(), f"{type_}: a preview would show an update for a replacement"
        assert kind.delete_before_replace == real.get("delete_before_replace", False), type_


def test_a_property_that_replaces_and_is_called_an_update_is_found() -> None:
    planted = 0
    for type_, kind, real in known():
        for path in kind.replace_on.split():
            wrong = replace(kind, replace_on=" ".join(other for other in kind.replace_on.split() if other != path))
            assert wrong_replacements(wrong, real) == {path}, f"{type_}: nobody would see that {path} is missing"
            planted += 1
    assert planted > 100, "the loop has to have something to loop over"


def test_defaults_names_and_tags() -> None:
    for type_, kind, real in known():
        assert dict(kind.defaults) == real.get("defaults", {}), type_
        assert kind.taggable == real.get("taggable", False), type_
        own = [kind.autoname.property, kind.autoname.max_length] if kind.autoname else None
        assert own == real.get("autoname"), type_


def test_operations_and_beginnings_of_messages() -> None:
    for type_, kind, real in known():
        own = (kind.creates, kind.deletes or None, kind.service.id)
        assert own == (real["creates"], real.get("deletes"), real["service"]), type_
        for doing, key in (("creating", "create"), ("updating", "update"), ("deleting", "delete")):
            wanted = real.get("prefixes", {}).get(key)
            if wanted and "{id}" not in wanted.replace("({id})", "") and type_ not in BEGINNINGS:
                own_prefix = kind.prefix(doing)
                if doing == "creating" and "({id})" in wanted:
                    own_prefix = re.sub(r"\([^()]*\)$", "({id})", own_prefix)
                assert own_prefix == wanted, type_


def test_outputs_values_and_references() -> None:
    types = set(kinds())
    for type_, kind, real in known():
        own = {*kind.computed, *kind.omitted, *([kind.arn_output] if kind.arn else [])}
        assert own == set(real.get("outputs", [])) - LEFT_OUT.get(type_, set()), type_
        references = real.get("references", {})
        wanted = {path.replace("[*]", "") for path, to in references.items() if to.split(".")[0] in types}
        assert wanted - {path.replace("[*]", "") for path in kind.references} <= LOOKED_AT_BY_RULES | NOT_LOOKED_AT, (
            type_
        )


def test_ids_have_the_known_shape() -> None:
    shapes = [(type_, kind.id, real["id"]) for type_, kind, real in known() if isinstance(kind.id, str)]
    drawn = [(type_, id_, shape) for type_, id_, shape in shapes if templates.is_drawn(id_)]
    assert len(drawn) > 15
    for type_, id_, shape in drawn:
        pattern = shape.split(" (")[0]
        assert re.fullmatch(pattern, templates.fill(id_, "seed", lambda name: None)), type_
    for type_, id_, shape in set(shapes) - set(drawn):
        assert id_ == shape.split(" (")[0], type_


def test_arns_have_the_known_shape() -> None:
    for type_, kind, real in known():
        if kind.arn:
            assert kind.arn == real["arn"], type_


def test_no_type_of_the_components_is_missing() -> None:
    used = set()
    for module in (ROOT / "components").rglob("*.py"):
        used |= set(re.findall(r"\baws\.(\w+)\.([A-Z]\w+)\(", module.read_text(encoding="utf-8")))
    resources = {(service, name) for service, name in used if not name.endswith(("Args", "ArgsDict"))}
    assert resources, "the components make something of AWS"
    declared = {(type_.split(":")[1].split("/")[0], type_.rsplit(":", 1)[1]) for type_ in kinds()}
    assert resources <= declared, "a type without an entry stops every preview"

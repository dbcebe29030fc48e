"""A declaration with an input that the type does not have is refused when it is imported."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Any

import pytest

from simulator.aws import sdk_inputs, tokens
from simulator.aws.constraints import arn
from simulator.aws.inputs import DATA, TYPES, form_at
from simulator.aws.messages import ErrorTemplate, Service
from simulator.aws.model import Autoname, CascadeDelete, Quota, Reference, ResourceType, Unique, Use
from simulator.aws.registry import kind_of, kinds
from simulator.aws.services import sqs
from simulator.provider import Refusal

NO = ErrorTemplate("No", "no")


def entry(**changes: Any) -> ResourceType:
    """Returns a correct declaration of a node group, with changes."""
    declaration: dict[str, Any] = {
        "type": tokens.NODE_GROUP,
        "service": Service("EKS"),
        "creates": "CreateNodegroup",
        "display_name": "EKS Node Group",
        "id": "{clusterName}:{nodeGroupName}",
        "source": "test",
    }
    return ResourceType(**{**declaration, **changes})


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("autoname", Autoname("groupName"), "autoname names groupName, which is not an input"),
        ("autoname", Autoname("nodeGroupName", given_prefix="prefix"), "autoname names prefix, which is not an input"),
        ("conflicts", ("nodeGroupName namePrefix",), "conflicts names namePrefix, which is not an input"),
        ("constraints", {"roleArn": arn}, "constraints names roleArn, which is not an input"),
        ("constraints", {"taints.effect": arn}, "constraints names taints.effect, which is not an input"),
        ("defaults", {"scalingConfig.minimum": 1}, "defaults names scalingConfig.minimum, which is not an input"),
        ("documents", "policy", "documents names policy, which is not an input"),
        ("documents", "labels", "documents names labels, which is not a text"),
        ("documents", "taints[*].value", "documents names taints[*].value, but values inside a list are not compared"),
        ("aws_defaults", {"status": "ACTIVE"}, "aws_defaults names status, which is not an input: write an output"),
        ("computed", {"version": "1.35"}, "computed names version, which is an input: move it to aws_defaults"),
        ("one_of", ("version release",), "one_of names release, which is not an input"),
        ("quotas", (Quota("L-1", 1, NO, per="cluster"),), "quotas.per names cluster, which is not an input"),
        ("references", {"taints[*].id": Reference(tokens.KEY)}, "references names taints[*].id, which is not an input"),
        ("replace_if", {"remoteAcces": lambda old, new: True}, "replace_if names remoteAcces, which is not an input"),
        ("replace_on", "subnetIds launchTemplate.nam", "replace_on names launchTemplate.nam, which is not an input"),
        ("required", "scalingConfig.maxSize", "required names scalingConfig.maxSize, which is not an input"),
        ("sets", "subnets", "sets names subnets, which is not an input"),
        ("sets", "scalingConfig", "sets names scalingConfig, which is not a list"),
        ("unique", Unique("clusterName name", NO), "unique names name, which is not an input"),
        ("used_by", (Use(tokens.SCHEDULE, "x", NO, by="nodes"),), "used_by names nodes, which is neither an input nor"),
        (
            "cascade_deletes",
            (CascadeDelete(tokens.SCHEDULE, "x", "asg"),),
            "cascade_deletes names asg, which is neither",
        ),
        ("id", "{cluster}:{nodeGroupName}", "{cluster} in '{cluster}:{nodeGroupName}' is neither an input nor an out"),
        ("arn", "arn:{partition}:eks:{name}", "{name} in 'arn:{partition}:eks:{name}' is neither"),
        ("label", "{name}", "{name} in '{name}' is neither"),
        ("not_found", ErrorTemplate("No", "no {group}"), "{group} in 'no {group}' is neither"),
    ],
)
def test_a_name_that_is_not_an_input_is_refused(field: str, value: Any, message: str) -> None:
    with pytest.raises(ValueError, match=r"aws:eks/nodeGroup:NodeGroup: ") as raised:
        entry(**{field: value})
    assert message in str(raised.value)


def test_all_wrong_names_of_a_declaration_are_reported_at_once() -> None:
    with pytest.raises(
        ValueError, match=r"required names a, .*; required names b, .*; sets names c, .*run make generate\.$"
    ):
        entry(required="a b", sets="c")


def test_a_correct_declaration_passes() -> None:
    entry(
        required="scalingConfig",
        replace_on="launchTemplate.name taints",
        constraints={"taints[*].effect": arn},
        references={"subnetIds[*]": Reference(tokens.SUBNET)},
        sets="subnetIds taints",
        aws_defaults={"updateConfig": {"maxUnavailable": 1}},
        computed={"status": "ACTIVE", "scalingConfig.readOnly": "{uuid:drawn}"},
        cascade_deletes=(CascadeDelete(tokens.SCHEDULE, "x", by="status"),),
        not_found=ErrorTemplate("No", "no {value} in {region} of {account}, {id}, {status}"),
    )


def test_a_new_entry_waits_for_its_inputs_to_be_generated() -> None:
    new = entry(type="aws:eks/brandNew:BrandNew", required="anything")
    with pytest.raises(LookupError, match=r"does not have aws:eks/brandNew:BrandNew yet\. Run make generate\."):
        _ = new.inputs


def test_a_type_whose_inputs_are_not_generated_yet_is_no_defect(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(TYPES, tokens.QUEUE)
    with pytest.raises(Refusal, match=r"does not know the inputs of aws:sqs/queue:Queue yet\. Run make generate\.$"):
        kind_of(tokens.QUEUE)


def test_a_wrong_declaration_fails_the_check_of_the_generated_file(
    monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    """Declarations are imported without inputs there, since the file is generated from them."""
    with monkeypatch.context() as without_inputs:
        without_inputs.delitem(TYPES, tokens.NODE_GROUP)
        wrong = entry(required="colour")
    monkeypatch.setattr(sdk_inputs, "kinds", lambda: {tokens.NODE_GROUP: wrong})
    monkeypatch.setattr(sdk_inputs, "TYPES", {})
    monkeypatch.setattr(sdk_inputs, "text", lambda tokens: DATA.read_text(encoding="utf-8"))
    monkeypatch.setattr(sys, "argv", ["sdk_inputs", "--check"])
    assert sdk_inputs.main() == 1
    assert "required names colour, which is not an input" in capsys.readouterr().err


def test_a_type_with_two_entries_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqs, "TYPES", (*sqs.TYPES, replace(sqs.QUEUE)))
    with pytest.raises(ValueError, match=r"sqs\.py: aws:sqs/queue:Queue has another entry\. Keep one of them\.$"):
        kinds.__wrapped__()


def test_references_between_types_name_inputs_and_outputs_that_exist() -> None:
    """A reference to a path that does not exist would never match anything."""

    def has(type_: str, path: str) -> bool:
        other = kinds()[type_]
        head = path.split(".")[0].removesuffix("[*]")
        outputs = {"id", "region", other.arn_output, *other.computed, *other.aws_defaults}
        return form_at(type_, path) is not None or head in outputs - set(other.inputs)

    for type_, kind in kinds().items():
        for path, reference in kind.references.items():
            assert has(reference.type, reference.by), f"{type_}: {path} compares {reference.by} of {reference.type}"
        for use in (*kind.used_by, *kind.cascade_deletes):
            if use.type == tokens.LOAD_BALANCER:  # no program makes one: simulator/kubernetes/load_balancers.py
                continue
            assert has(use.type, use.path), f"{type_}: {use.type} has no {use.path}"

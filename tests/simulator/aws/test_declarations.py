"""An entry that names an input that its type does not have is refused when it is imported."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.aws import tokens
from simulator.aws.constraints import arn
from simulator.aws.inputs import form_at
from simulator.aws.messages import ErrorTemplate, Service
from simulator.aws.model import Autoname, CascadeDelete, Quota, Reference, ResourceType, Unique, Use
from simulator.aws.registry import kinds

NO = ErrorTemplate("No", "no")


def entry(**changes: Any) -> ResourceType:
    """A node group of which everything is right that is said."""
    said: dict[str, Any] = {
        "type": tokens.NODE_GROUP,
        "service": Service("EKS"),
        "creates": "CreateNodegroup",
        "human": "EKS Node Group",
        "id": "{clusterName}:{nodeGroupName}",
        "source": "test",
    }
    return ResourceType(**{**said, **changes})


@pytest.mark.parametrize(
    ("where", "says", "refused"),
    [
        ("autoname", Autoname("groupName"), "autoname names groupName, which is no input"),
        ("autoname", Autoname("nodeGroupName", given_prefix="prefix"), "autoname names prefix, which is no input"),
        ("conflicts", ("nodeGroupName namePrefix",), "conflicts names namePrefix, which is no input"),
        ("constraints", {"roleArn": arn}, "constraints names roleArn, which is no input"),
        ("constraints", {"taints.effect": arn}, "constraints names taints.effect, which is no input"),
        ("defaults", {"scalingConfig.minimum": 1}, "defaults names scalingConfig.minimum, which is no input"),
        ("documents", "policy", "documents names policy, which is no input"),
        ("documents", "labels", "documents names labels, which is no text"),
        ("documents", "taints[*].value", "documents names taints[*].value, and what is inside a list is not compared"),
        ("omitted", {"status": "ACTIVE"}, "omitted names status, which is no input"),
        ("computed", {"version": "1.35"}, "computed names version, which is an input: say it in omitted"),
        ("one_of", ("version release",), "one_of names release, which is no input"),
        ("quotas", (Quota("L-1", 1, NO, per="cluster"),), "quotas.per names cluster, which is no input"),
        ("references", {"taints[*].id": Reference(tokens.KEY)}, "references names taints[*].id, which is no input"),
        ("replace_if", {"remoteAcces": lambda old, new: True}, "replace_if names remoteAcces, which is no input"),
        ("replace_on", "subnetIds launchTemplate.nam", "replace_on names launchTemplate.nam, which is no input"),
        ("required", "scalingConfig.maxSize", "required names scalingConfig.maxSize, which is no input"),
        ("sets", "subnets", "sets names subnets, which is no input"),
        ("sets", "scalingConfig", "sets names scalingConfig, which is no list"),
        ("unique", Unique("clusterName name", NO), "unique names name, which is no input"),
        ("used_by", (Use(tokens.SCHEDULE, "x", NO, by="nodes"),), "used_by names nodes, which is neither an input nor"),
        ("takes_along", (CascadeDelete(tokens.SCHEDULE, "x", "asg"),), "takes_along names asg, which is neither an in"),
        ("id", "{cluster}:{nodeGroupName}", "{cluster} in '{cluster}:{nodeGroupName}' is neither an input nor an out"),
        ("arn", "arn:{partition}:eks:{name}", "{name} in 'arn:{partition}:eks:{name}' is neither"),
        ("label", "{name}", "{name} in '{name}' is neither"),
        ("not_found", ErrorTemplate("No", "no {group}"), "{group} in 'no {group}' is neither"),
    ],
)
def test_a_name_that_is_no_input_is_refused(where: str, says: Any, refused: str) -> None:
    with pytest.raises(ValueError, match=r"aws:eks/nodeGroup:NodeGroup: ") as raised:
        entry(**{where: says})
    assert refused in str(raised.value)


def test_every_wrong_name_of_an_entry_is_told_at_once() -> None:
    with pytest.raises(
        ValueError, match=r"required names a, .*; required names b, .*; sets names c, .*run make generate\.$"
    ):
        entry(required="a b", sets="c")


def test_what_is_right_passes() -> None:
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


def test_what_entries_say_of_other_types_is_there() -> None:
    """Where one resource names another, both ends exist: else nothing would ever be found."""

    def shows(type_: str, path: str) -> bool:
        other = kinds()[type_]
        head = path.split(".")[0].removesuffix("[*]")
        outputs = {"id", "region", other.arn_output, *other.computed, *other.aws_defaults}
        return form_at(type_, path) is not None or head in outputs - set(other.inputs)

    for type_, kind in kinds().items():
        for path, reference in kind.references.items():
            assert shows(reference.type, reference.by), f"{type_}: {path} compares {reference.by} of {reference.type}"
        for use in (*kind.used_by, *kind.cascade_deletes):
            assert shows(use.type, use.path), f"{type_}: {use.type} has no {use.path}"

"""File systems and endpoints in use that begin to ask who comes."""

from collections.abc import Iterator, Mapping
from typing import Any

from report.dangers.danger import LATER, SERIOUS, Danger, Plan, every, of_change
from report.properties import document
from report.tables import some

ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"
POLICY = "aws:efs/fileSystemPolicy:FileSystemPolicy"
_MOUNT = "elasticfilesystem:ClientMount"


def find(plan: Plan) -> Iterator[Danger]:
    """Yields what more could use before: everybody, or others than are named from now on."""
    yield from _endpoints(plan)
    for change in plan.changes(POLICY, ops=("update", "replace")):
        before, after = plan.inputs(change.urn)
        if _is_open(before) and (after.get("policy") == LATER or not _is_open(after)):
            yield of_change(
                change,
                "access",
                SERIOUS,
                "{} [asks|ask] from now on who mounts",
                "volumes without the mount option iam can no longer be mounted, also those that a storage class "
                "has made; what is mounted without it may be cut off",
                "write access: both first, and start the pods again that mount it",
            )


def _endpoints(plan: Plan) -> Iterator[Danger]:
    """Yields endpoints that from now on let through only what their policy names, or less of it than before."""
    for change in plan.changes(ENDPOINT, ops=("create", "update", "replace")):
        before, after = plan.inputs(change.urn)
        if _lets_all_through(after) or (change.op == "create" and not plan.stood(change.urn)):
            continue
        if change.op == "create" or _lets_all_through(before):
            yield of_change(
                change,
                "access",
                SERIOUS,
                "{} [lets|let] through only what a policy names",
                "requests with credentials of other accounts end there and, through gateways, those to buckets of "
                "others in the region, also public ones: running pods see errors at once",
                "look in flow logs or CloudTrail first what goes there, and name it in accounts or buckets",
            )
        elif gone := sorted(_named(before) - _named(after)):
            yield of_change(
                change,
                "access",
                SERIOUS,
                f"{{}} no longer [lets|let] through {some(gone)}",
                "running pods that use it see errors at once",
                "look in CloudTrail first who uses it",
            )


def _named(inputs: Mapping[str, Any]) -> set[str]:
    """Returns what a policy lets through: the values of its conditions, and its resources without their paths."""
    policy = document(inputs.get("policy"))
    granted = [each for each in every(policy, "Statement") if each.get("Effect") == "Allow"]
    resources = [name for each in granted for name in every(each, "Resource")]
    given = [value for each in granted for value in every(each, "Condition.*.*")]
    values = [one for value in given for one in (value if isinstance(value, list) else [value])]
    return {*map(str, values), *(str(each).rpartition(":")[2].removesuffix("/*") for each in resources)}


def _lets_all_through(inputs: Mapping[str, Any]) -> bool:
    """Tells whether anybody may do anything; without a policy AWS allows that."""
    policy = document(inputs.get("policy"))
    return policy is None or (
        isinstance(policy, Mapping)
        and any(
            each.get("Effect") == "Allow"
            and not each.get("Condition")
            and "*" in every(each, "Action")
            and "*" in every(each, "Resource")
            for each in every(policy, "Statement")
        )
    )


def _is_open(inputs: Mapping[str, Any]) -> bool:
    policy = document(inputs.get("policy"))
    return isinstance(policy, Mapping) and any(
        each.get("Effect") == "Allow"
        and _MOUNT in every(each, "Action")
        and "*" in (*every(each, "Principal.AWS"), each.get("Principal"))
        for each in every(policy, "Statement")
    )

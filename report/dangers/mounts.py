"""File systems in use that begin to ask who mounts them."""

from collections.abc import Iterator, Mapping
from typing import Any

from report.dangers.danger import LATER, SERIOUS, Danger, Plan, every
from report.properties import document

POLICY = "aws:efs/fileSystemPolicy:FileSystemPolicy"
_MOUNT = "elasticfilesystem:ClientMount"


def find(plan: Plan) -> Iterator[Danger]:
    """Yields file systems that everybody could mount, and that only named roles can mount from now on."""
    for change in plan.changes(POLICY, ops=("update", "replace")):
        before, after = plan.inputs(change.urn)
        if _is_open(before) and (after.get("policy") == LATER or not _is_open(after)):
            yield Danger(
                kind="access",
                severity=SERIOUS,
                says="{} [asks|ask] from now on who mounts",
                names=(change.name,),
                consequence=(
                    "volumes without the mount option iam can no longer be mounted, also those that a storage class "
                    "has made; what is mounted without it may be cut off"
                ),
                gently="write access: both first, and start the pods again that mount it",
                urns=(change.urn,),
            )


def _is_open(inputs: Mapping[str, Any]) -> bool:
    policy = document(inputs.get("policy"))
    return isinstance(policy, Mapping) and any(
        each.get("Effect") == "Allow"
        and _MOUNT in every(each, "Action")
        and "*" in (*every(each, "Principal.AWS"), each.get("Principal"))
        for each in every(policy, "Statement")
    )

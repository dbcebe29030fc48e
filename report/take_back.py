"""`python -m report take-back`: keeps the node groups that a replacement which failed would delete.

The engine makes the new resource first, marks the old one for deletion, and deletes it at the end. When a create fails
in between, the old one still runs and its mark stays: with the old stack file, the next `up` would make a third one,
and delete both others. So the marks are exchanged: the old one is the resource again, and the new one, if there is one,
is deleted by the next `up`. Source: pulumi v3.259.0, pkg/resource/deploy/step.go (CreateStep); read 2026-11.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from common.urns import name_of, type_of
from report.pending import Pulumi, on_path, output_of
from settings.core.problems import listed

_GROUP, _TEMPLATE = "aws:eks/nodeGroup:NodeGroup", "aws:ec2/launchTemplate:LaunchTemplate"
_POOL = "$mlplatform:compute:NodePool$"


def take_back(stack: str, file: Path, pulumi: Pulumi = on_path) -> int:
    """Writes a state in which the old node groups are kept, and prints what to do with it. Returns 1 when none waits.

    Raises ReportError when pulumi fails.
    """
    exported = output_of(pulumi, "stack", "export", "--stack", stack)
    resources = exported["deployment"].get("resources") or ()
    exchanged = exchange(resources)
    if not exchanged:
        print(f"{stack}: no node group waits for its deletion, so there is nothing to take back.")
        return 1
    for each in exchanged:
        kept = "deleted by the next `up`" if each["delete"] else "kept"
        print(f"{type_of(each['urn'])} {name_of(each['urn'])}: {each['id']} is {kept}.")
    if rolled := nodes_that_end(resources):
        print(
            f"\nThe change has also changed the launch template of {listed(rolled)}. Taken back, it changes once more, "
            "and EKS then replaces every node of these groups, one zone after another, each within max_unavailable; of "
            "a pool with accelerators a node ends before its successor starts. Let end what cannot lose its node, "
            "before `up`. Pools whose nodes the change has replaced already get theirs replaced once more, too. Or go "
            "on: docs/runbooks/cluster/failed-node-group.md."
        )
    file.write_text(json.dumps(exported))
    print(
        f"\nTake the change of the stack file back. Then:\n  pulumi stack import --stack {stack} --file {file}\n"
        f"  pulumi preview --stack {stack}   # it deletes what the replacement made, and replaces no group\n"
        f"  pulumi up --stack {stack}"
    )
    return 0


def nodes_that_end(resources: Iterable[Mapping[str, Any]]) -> list[str]:
    """Returns the kept node groups whose nodes have an older version of their launch template than there is now.

    AWS never takes a version back: the old content comes as a new version, and the provider updates every group to it.
    Source: terraform-provider-aws, internal/service/eks/node_group.go (`launch_template`); read 2026-11.
    """
    resources = tuple(resources)
    newest = {each["id"]: each["outputs"]["latestVersion"] for each in resources if type_of(each["urn"]) == _TEMPLATE}
    found = []
    for each in resources:
        if type_of(each["urn"]) == _GROUP and _POOL in each["urn"] and each.get("id") and not each.get("delete"):
            template = each["outputs"].get("launchTemplate") or {}
            version = newest.get(template.get("id"))
            if version is not None and int(template["version"]) < int(version):
                found.append(name_of(each["urn"]))
    return sorted(found)


def exchange(resources: Iterable[dict[str, Any]]) -> list[Mapping[str, Any]]:
    """Exchanges the marks of replaced node groups, and of what else is in their pools, in place. Returns all of these.

    Other replacements are left alone: what the new one of a bucket holds would go with it.
    """
    of_urn: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for each in resources:
        if _POOL in each["urn"] and each.get("id"):
            of_urn[each["urn"]].append(each)
    exchanged: list[Mapping[str, Any]] = []
    for same in of_urn.values():
        marked = [each for each in same if each.get("delete")]
        if not marked:
            continue
        oldest = marked[-1]  # the state has the newest first
        for each in same:
            each["delete"] = each is not oldest
        exchanged += same
    return exchanged

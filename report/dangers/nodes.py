"""Nodes that are replaced, and with them what runs on them; and what a whole cluster or network takes with it."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from common.urns import name_of
from common.values import UNKNOWN
from report.dangers.danger import GRAVE, LOST, SERIOUS, Danger, Plan, at, because
from report.dangers.pools import NODE_CLASS, NODE_GROUP, NODE_POOL, Pool, pools, totals
from report.events import Change
from report.tables import some

CLUSTER, TEMPLATE = "aws:eks/cluster:Cluster", "aws:ec2/launchTemplate:LaunchTemplate"
VPC, SUBNET = "aws:ec2/vpc:Vpc", "aws:ec2/subnet:Subnet"

ROLLS_GROUP = ("launchTemplate", "version", "releaseVersion")
"""Inputs of a node group whose update starts new nodes; other ones change the group, or replace it.

Source: https://docs.aws.amazon.com/eks/latest/userguide/update-managed-node-group.html, read 2026-11.
"""

NOT_HASHED = ("subnetSelectorTerms", "securityGroupSelectorTerms", "capacityReservationSelectorTerms", "ipPrefixCount")
"""Fields of an EC2NodeClass that its drift hash leaves out. `tags` are in it, and `amiSelectorTerms` drift by image.

A node that no longer matches the selectors drifts as well, but its selectors say so only in AWS. Sources:
pkg/apis/v1/ec2nodeclass.go and pkg/cloudprovider/drift.go of aws/karpenter-provider-aws v1.14.1, read 2026-11.
"""

_RETIRE = "build a second stack, move, and retire this one"
_WINDOW = "let the jobs end first, or run it in a window that their owners know"
_MOVE = "add a second pool with the change, move the jobs, then remove this one"
_FIREWALLS = "tell the owners of firewalls and routes first, and run it in a window"

STOPS: Mapping[str, tuple[int, str, str]] = {
    CLUSTER: (
        LOST,
        "all its workloads stop, and what exists only in it is lost; nodes of Karpenter stay unless drained",
        _RETIRE,
    ),
    VPC: (LOST, "everything in the network is deleted", _RETIRE),
    "kubernetes:core/v1:Namespace": (LOST, "everything in the namespace is deleted", "move what runs in it first"),
    "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition": (
        LOST,
        "all objects of its kind are deleted",
        "save the objects first",
    ),
    SUBNET: (GRAVE, "what has an address in it is deleted", _MOVE),
    "aws:ec2/natGateway:NatGateway": (SERIOUS, "connections of its zone to the internet break off", _FIREWALLS),
    "aws:ec2/eip:Eip": (SERIOUS, "the address is lost, and firewalls elsewhere may allow only that one", _FIREWALLS),
    "aws:ec2transitgateway/vpcAttachment:VpcAttachment": (
        GRAVE,
        "the company's networks and the VPC do not reach each other until a new attachment stands",
        _FIREWALLS,
    ),
}
"""Resource type -> severity, consequence and a gentler way of its deletion or replacement, most severe first."""

_TAG = re.compile(r"(?:^|\.)tags(?:\.|\[\")([^\"\]]+)")


@dataclass(frozen=True)
class _Roll:
    """How nodes of a pool go. whole: whether all of them do. needs: quotas, beside an heir."""

    how: str
    causes: tuple[str, ...] = ()
    whole: bool = True
    heir: str = ""
    needs: str = ""


def find(plan: Plan) -> Iterator[Danger]:
    """Yields what stops with a cluster or network, then pools, together where they roll for the same reason."""
    by_kind: dict[tuple[str, str], list[Change]] = {}
    for change in plan.changes(*STOPS, ops=("delete", "replace")):
        if not change.retained:  # what stays in AWS, or in its cluster, stops nothing
            by_kind.setdefault((change.type, change.op), []).append(change)
    going = {
        plan.component(change.urn) for (kind, _), changes in by_kind.items() if kind == CLUSTER for change in changes
    }
    for (kind, op), changes in by_kind.items():
        if kind == SUBNET and any(stopped == VPC for stopped, _ in by_kind):
            continue  # the network goes with all its subnets, which says more
        yield _stops(plan, kind, op, changes)
    before, after = pools(plan.before), pools(plan.after)
    by_roll: dict[_Roll, list[Pool]] = {}
    for key, pool in sorted(before.items()):
        roll = _roll(plan, pool, before, after)
        if roll is not None and not any(plan.under(key, cluster) for cluster in going):
            by_roll.setdefault(roll, []).append(pool)
    for roll, rolling in by_roll.items():
        yield _rolls(roll, rolling)


def _stops(plan: Plan, kind: str, op: str, changes: list[Change]) -> Danger:
    severity, consequence, gently = STOPS[kind]
    names = tuple(plan.name(change) if kind == CLUSTER else change.name for change in changes)
    reason = because(each for change in changes for each in change.because) if op == "replace" else ""
    inside = ""
    if kind == CLUSTER:
        parents = [plan.component(change.urn) for change in changes]
        lost = [pool for key, pool in pools(plan.before).items() if any(plan.under(key, each) for each in parents)]
        objects = sum(resource.type.startswith("kubernetes:") for resource in plan.before.values())
        inside = f"{totals(lost)}, {objects} objects of this stack"
    return Danger(
        kind="nodes",
        severity=severity,
        says=f"{kind.rpartition(':')[2]} {{}} {op}d{reason}",
        names=names,
        at_stake=inside,
        consequence=consequence,
        gently=gently,
        urns=tuple(change.urn for change in changes),
    )


def _rolls(roll: _Roll, rolling: list[Pool]) -> Danger:
    names, word = tuple(sorted(pool.name for pool in rolling)), "pools" if len(rolling) > 1 else "pool"
    zones = max(len(pool.groups) for pool in rolling)
    at_once = f"; {zones} zones of a pool at the same time" if zones > 1 and roll.whole else ""
    karpenter = all(NODE_POOL in urn for pool in rolling for urn in pool.groups)
    by_budget = ", as many at a time as the disruption budget allows" if karpenter and "roll" in roll.how else ""
    subject = "every node" if roll.whole else "nodes"
    gently = f"{_MOVE}; or {_WINDOW}" if "roll" in roll.how else _MOVE
    if roll.heir:
        gently = f"add {roll.heir} first, move the jobs, then remove {names[0]}"
    return Danger(
        kind="nodes",
        severity=GRAVE if any(pool.gpus for pool in rolling) else SERIOUS,
        says=f"{subject} of {word} {{}} {roll.how}{f': {some(roll.causes)}' if roll.causes else ''}",
        names=names,
        at_stake=totals(rolling) + (f"; quota while both stand: {roll.needs}" if roll.needs else ""),
        consequence=f"jobs that run there end{at_once or by_budget}",
        gently=gently,
        urns=tuple(urn for pool in rolling for urn in pool.groups),
    )


def _roll(plan: Plan, pool: Pool, before: Mapping[str, Pool], after: Mapping[str, Pool]) -> _Roll | None:
    changes = [change for change in plan.operation.changes if plan.under(change.urn, pool.key)]
    going = [each for each in changes if each.urn in pool.groups and each.op in ("delete", "replace")]
    if going:
        replaced = sorted({cause for each in going for cause in each.because if each.op == "replace"})
        if len(going) < len(pool.groups):
            return _Roll(f"go in {len(going)} of {len(pool.groups)} zones", tuple(replaced), whole=False)
        if replaced:
            return _Roll("is replaced", tuple(replaced))
        new = (each for key, each in sorted(after.items()) if key not in plan.before and each.types == pool.types)
        heir = next(new, None)
        if heir is None:
            return _Roll("goes")
        now = sum((each.vcpus for each in before.values()), Counter[str]())
        needs = "; ".join(
            f"{quota}: {now[quota]:,} → {now[quota] + more:,} vCPUs" for quota, more in sorted(heir.vcpus.items())
        )
        return _Roll(f"goes, and {heir.name} comes", heir=heir.name, needs=needs)
    causes = tuple(dict.fromkeys(cause for change in changes for cause in _causes(plan, change, changes)))
    if not causes and any(urn in plan.before and plan.before[urn].type == NODE_POOL for urn in pool.groups):
        causes = tuple(_upgrade(plan, pool))
    return _Roll("rolls", causes) if causes else _narrowed(plan, pool)


def _causes(plan: Plan, change: Change, siblings: list[Change]) -> Iterator[str]:
    """Yields why an update starts new nodes; nothing when it does not."""
    old, new = plan.inputs(change.urn)
    if change.op not in ("update", "replace"):
        return
    if change.type == NODE_GROUP:
        own = [each for each in change.properties if re.split(r"[.\[]", each.path)[0] in ROLLS_GROUP]
        templates = [each for each in siblings if each.type == TEMPLATE]
        if any(each.path.startswith("launchTemplate") for each in own) and templates:
            own = [each for each in own if not each.path.startswith("launchTemplate")]
            for each in templates:
                yield from _in_words(each)
        yield from (str(each) for each in own)
    elif change.type == NODE_CLASS:
        before, after = ({k: v for k, v in (at(x, "spec") or {}).items() if k not in NOT_HASHED} for x in (old, new))
        if _hashed(before) != _hashed(after):
            yield from _in_words(change, NOT_HASHED)
    elif change.type == NODE_POOL and _template(old) != _template(new):
        yield from _in_words(change, ("requirements", "limits", "weight", "disruption"))


def _template(inputs: Mapping[str, Any]) -> str:
    """Returns what Karpenter hashes of a NodePool: its template without the requirements.

    Source: pkg/apis/v1/nodepool.go and nodeclaim.go of kubernetes-sigs/karpenter v1.14.1, read 2026-11.
    """
    template = at(inputs, "spec.template") or {}
    spec = {
        key: value for key, value in (template.get("spec") or {}).items() if key not in ("requirements", "resources")
    }
    return _hashed({"metadata": template.get("metadata"), "spec": spec})


def _hashed(value: Any) -> str:
    """Returns the form in which Karpenter compares: lists have no order, and what is empty is not there."""

    def plain(each: Any) -> Any:
        if isinstance(each, Mapping):
            return {key: inner for key in sorted(each) if (inner := plain(each[key])) not in (None, "", 0, [], {})}
        if isinstance(each, list):
            return sorted((plain(inner) for inner in each), key=lambda inner: json.dumps(inner, default=str))
        return "unknown" if each is UNKNOWN else each

    return json.dumps(plain(value), default=str)


def _narrowed(plan: Plan, pool: Pool) -> _Roll | None:
    """Returns how nodes go that a NodePool no longer wants, by a requirement that is new or has fewer values."""
    for urn in pool.groups:
        old, new = (_requirements(inputs) for inputs in plan.inputs(urn))
        gone = [
            f"{key} without {some(sorted(lost))}" if (lost := old.get(key, set()) - values) else f"{key} is required"
            for key, values in sorted(new.items())
            if key not in old or old[key] - values
        ]
        if old and gone:
            return _Roll("that no longer fit roll", tuple(gone), whole=False)
    return None


def _requirements(inputs: Mapping[str, Any]) -> dict[str, set[str]]:
    each = at(inputs, "spec.template.spec.requirements")
    return {one["key"]: set(one.get("values") or ()) for one in each} if isinstance(each, list) else {}


def _upgrade(plan: Plan, pool: Pool) -> Iterator[str]:
    """Yields the new version of the cluster of a Karpenter pool: its alias then stands for another image."""
    for change in plan.changes(CLUSTER, ops=("update",)):
        if plan.under(pool.key, plan.component(change.urn)):
            yield from (f"Kubernetes {each}" for each in change.properties if each.path == "version")


def _in_words(change: Change, without: tuple[str, ...] = ()) -> Iterator[str]:
    """Yields the changed properties; a tag in several places is one cause."""
    for each in change.properties:
        tag = _TAG.search(each.path)
        if each.path.startswith("tagsAll") or any(part in re.split(r"[.\[]", each.path) for part in without):
            continue
        if tag:
            yield f"tag {tag[1]}{str(each).removeprefix(f'{each.path}:')}"
        elif each.path in ("userData", "spec.userData"):
            yield "user data"
        else:
            yield str(each)
    if not change.properties:
        yield name_of(change.urn)

"""Nodes that are replaced, and with them what runs on them; and what a whole cluster or network takes with it."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from common.urns import name_of, type_of
from report.dangers.access import ROUTE, routed
from report.dangers.danger import CLUSTER, GRAVE, LOST, NAMESPACE, SERIOUS, Danger, Plan, at, because, every
from report.dangers.doors import CHARTS, chart_of
from report.dangers.pools import NODE_CLASS, NODE_GROUP, NODE_POOL, Pool, pools, totals
from report.events import Change
from report.tables import counted, some

TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
NAT = "aws:ec2/natGateway:NatGateway"
VPC, SUBNET = "aws:ec2/vpc:Vpc", "aws:ec2/subnet:Subnet"
RELEASE = "kubernetes:helm.sh/v3:Release"
DEFINITIONS = f"{RELEASE} of definitions"
KEPT = f"{RELEASE} of kept definitions"
DEFINITION = "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition"

ROLLS_GROUP = ("launchTemplate", "version", "releaseVersion")
"""Inputs of a node group whose update starts new nodes; other ones change the group, or replace it.

Source: https://docs.aws.amazon.com/eks/latest/userguide/update-managed-node-group.html, read 2026-11.
"""

PLACES = ("subnetSelectorTerms", "capacityReservationSelectorTerms")
NOT_HASHED = (*PLACES, "securityGroupSelectorTerms", "ipPrefixCount")
"""Fields of an EC2NodeClass that its drift hash leaves out. `tags` are in it, and `amiSelectorTerms` drift by image.

A node drifts as well when its security groups are not those that are selected, or its subnet or reservation is not
among them. Sources: pkg/apis/v1/ec2nodeclass.go and pkg/cloudprovider/drift.go of aws/karpenter-provider-aws v1.14.1,
read 2026-11.
"""

_RETIRE = "build a second stack, move, and retire this one"
_WINDOW = "let the jobs end first, or run it in a window that their owners know"
_MOVE = "add a second pool with the change, move the jobs, then remove this one"
_FIREWALLS = "tell the owners of firewalls and routes first, and run it in a window"

STOPS: Mapping[str, tuple[int, str, str]] = {
    CLUSTER: (
        LOST,
        "all its workloads stop, and what exists only in it is lost; nodes of Karpenter stay unless drained",
        f"{_RETIRE}; if its role was deleted: docs/runbooks/cluster/cluster-would-be-replaced.md",
    ),
    VPC: (LOST, "everything in the network is deleted", _RETIRE),
    NAMESPACE: (LOST, "everything in the namespace is deleted", "move what runs in it first"),
    DEFINITION: (LOST, "all objects of its kind are deleted", "save the objects first"),
    NODE_CLASS: (GRAVE, "no node can start from it, and those of its pools are replaced", _MOVE),
    SUBNET: (GRAVE, "what has an address in it is deleted", _MOVE),
    NAT: (SERIOUS, "connections of its zone to the internet break off", _FIREWALLS),
    "aws:ec2/eip:Eip": (SERIOUS, "the address is lost, and firewalls elsewhere may allow only that one", _FIREWALLS),
    "aws:ec2transitgateway/vpcAttachment:VpcAttachment": (
        GRAVE,
        "the company's networks and the VPC do not reach each other until a new attachment stands",
        _FIREWALLS,
    ),
    "aws:ec2/internetGateway:InternetGateway": (GRAVE, "no connection to the internet is left", _FIREWALLS),
    ROUTE: (SERIOUS, "connections that it carries break off", _FIREWALLS),
    "aws:ec2/vpcEndpoint:VpcEndpoint": (
        SERIOUS,
        "calls of its service go over the internet from then on, or fail where there is no way out",
        "see first that NAT and its firewalls let them through",
    ),
    "aws:efs/mountTarget:MountTarget": (SERIOUS, "pods of its zone hang when they read or write", _WINDOW),
    "aws:eks/addon:Addon": (SERIOUS, "what it does on the nodes ends, for new pods at once", _WINDOW),
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": (
        SERIOUS,
        "who has the role can no longer do what the policy allows; nodes without theirs cannot join",
        "put what is needed in its place in the same change",
    ),
    DEFINITIONS: (GRAVE, "all objects of its definitions are deleted", "save the objects first"),
    KEPT: (
        SERIOUS,
        "its definitions stay with all their objects, and no update renews or deletes them any more",
        "delete them by hand once nobody has an object of them",
    ),
    RELEASE: (SERIOUS, "what the chart installed is removed", _WINDOW),
}
"""Resource type -> severity, consequence and a gentler way of its deletion or replacement, most severe first."""

_GROUPS = "spec.securityGroupSelectorTerms"
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
        follows = (
            change.op == "delete" and plan.goes_with(change.urn) and change.type not in (CLUSTER, VPC, RELEASE, NAT)
        )
        first = change.steps[:1] == ("delete-replaced",)
        covered = change.type == ROUTE and not first and routed(plan.before[change.urn].inputs, plan.after)
        told = change.type == RELEASE and change.op == "delete" and chart_of(plan.inputs(change.urn)[0]) in CHARTS
        if not (change.retained or follows or covered or told):  # what stays, or goes with more, is no news
            of_definitions = change.type == RELEASE and "crd" in chart_of(plan.inputs(change.urn)[0])
            keeps = "keep" in every(plan.inputs(change.urn)[0], "values.crds.annotations.*")
            kind = (KEPT if keeps else DEFINITIONS) if of_definitions else change.type
            by_kind.setdefault((kind, change.op), []).append(change)
    going = {
        plan.component(change.urn) for (kind, _), changes in by_kind.items() if kind == CLUSTER for change in changes
    }
    vpc_goes = any(stopped == VPC for stopped, _ in by_kind)
    for (kind, op), changes in by_kind.items():
        if vpc_goes and kind.startswith("aws:ec2/") and kind != VPC and "Eip" not in kind:
            continue  # the network goes with all its parts, which says more
        alone = [each for each in changes if kind == CLUSTER or not any(plan.under(each.urn, one) for one in going)]
        if alone:
            yield _stops(plan, kind, op, alone)
    before, after = pools(plan.before), pools(plan.after)
    by_roll: dict[_Roll, list[Pool]] = {}
    for key, pool in sorted(before.items()):
        roll = _roll(plan, pool, before, after)
        if roll is not None and not any(plan.under(key, cluster) for cluster in going):
            part = pools({each.urn: plan.before[each.urn] for each in _going(plan, pool)})
            by_roll.setdefault(roll, []).append(part.get(key, pool))
    for roll, rolling in by_roll.items():
        yield _rolls(roll, rolling)


def _stops(plan: Plan, kind: str, op: str, changes: list[Change]) -> Danger:
    severity, consequence, gently = STOPS[kind]
    inputs = [plan.inputs(change.urn)[0] for change in changes]
    if kind == NAMESPACE:
        of_charts = {each.inputs.get("namespace") for each in plan.before.values() if each.type == RELEASE}
        if all(at(each, "metadata.name") in of_charts for each in inputs):
            severity, consequence = SERIOUS, f"{consequence}: an add-on that is taken out"
    names = tuple(plan.name(change) if kind == CLUSTER else change.name for change in changes)
    reason = because(each for change in changes for each in change.because) if op == "replace" else ""
    inside = ""
    if kind == CLUSTER:
        parents = [plan.component(change.urn) for change in changes]
        lost = [pool for key, pool in pools(plan.before).items() if any(plan.under(key, each) for each in parents)]
        objects = [urn for urn, each in plan.before.items() if each.type.startswith("kubernetes:")]
        inner = sum(any(plan.under(urn, each) for each in parents) for urn in objects)
        inside = f"{totals(lost)}, {counted(inner, 'object')} of this stack"
        going = {change.urn for change in changes}
        if stays := sorted(plan.component(urn) for urn in plan.after if type_of(urn) == CLUSTER and urn not in going):
            gently = f"move its workloads to cluster {name_of(stays[0])} first"
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
    karpenter = all(NODE_POOL in urn for pool in rolling for urn in pool.groups)
    pace = "one zone after another" if roll.how == "rolls" else f"{zones} zones of a pool at the same time"
    at_once = f"; {pace}" if zones > 1 and roll.whole and not karpenter else ""
    by_budget = ", as many at a time as the disruption budget allows" if karpenter and "roll" in roll.how else ""
    subject = "every node" if roll.whole else "nodes"
    gently = _MOVE if re.match("go|is replaced", roll.how) else f"{_MOVE}; or {_WINDOW}"
    if roll.heir:
        first = "a pool under another name" if roll.heir in names else roll.heir
        gently = f"add {first} first, move the jobs, then remove {names[0]}"
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
    going = _going(plan, pool)
    if going:
        replaced = sorted({cause for each in going for cause in each.because if each.op == "replace"})
        if len(going) < len(pool.groups):
            return _Roll(f"go in {len(going)} of {len(pool.groups)} zones", tuple(replaced), whole=False)
        if replaced:
            first = any(each.steps[:1] == ("delete-replaced",) for each in going)
            how = "is replaced, and its old nodes go first" if first else "is replaced"
            return _Roll(how, tuple(replaced), needs="" if first else _beside(before, after.get(pool.key, pool)))
        new = (each for key, each in sorted(after.items()) if key not in plan.before and each.types == pool.types)
        heir = next(new, None)
        if heir is None:
            return _Roll("goes")
        comes = "another one of this name" if heir.name == pool.name else heir.name
        return _Roll(f"goes, and {comes} comes", heir=heir.name, needs=_beside(before, heir))
    causes = tuple(dict.fromkeys(cause for change in changes for cause in _causes(plan, change, changes)))
    if not causes and any(urn in plan.before and plan.before[urn].type == NODE_POOL for urn in pool.groups):
        causes = tuple(_upgrade(plan, pool))
    return _Roll("rolls", causes) if causes else _evicted(plan, pool) or _narrowed(plan, pool, changes)


def _beside(before: Mapping[str, Pool], more: Pool) -> str:
    """Returns what a pool beside all others needs of each quota."""
    now = sum((each.vcpus for each in before.values()), Counter[str]())
    return "; ".join(
        f"{quota}: {now[quota]:,} → {now[quota] + vcpus:,} vCPUs" for quota, vcpus in sorted(more.vcpus.items())
    )


def _going(plan: Plan, pool: Pool) -> list[Change]:
    return [each for each in plan.operation.changes if each.urn in pool.groups and each.op in ("delete", "replace")]


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
        for label in change.properties if own or templates else ():
            if label.path.endswith('/sharing"]'):
                yield f"sharing {label.before} → {label.after}, and pods that ask for slices of before stay pending"
    elif change.type == NODE_CLASS:
        before, after = ({k: v for k, v in _fields(x, "spec").items() if k not in NOT_HASHED} for x in (old, new))
        if _hashed(before) != _hashed(after):
            yield from _in_words(change, NOT_HASHED)
        if _hashed(at(old, _GROUPS)) != _hashed(at(new, _GROUPS)):
            yield "other security groups"
    elif change.type == NODE_POOL and _template(old) != _template(new):
        yield from _in_words(change, ("requirements", "limits", "weight", "disruption"))


def _template(inputs: Mapping[str, Any]) -> str:
    """Returns what Karpenter hashes of a NodePool: its template without the requirements.

    Source: pkg/apis/v1/nodepool.go and nodeclaim.go of kubernetes-sigs/karpenter v1.14.1, read 2026-11.
    """
    spec = {
        key: value
        for key, value in _fields(inputs, "spec.template.spec").items()
        if key not in ("requirements", "resources")
    }
    return _hashed({"metadata": at(inputs, "spec.template.metadata"), "spec": spec})


def _fields(inputs: Mapping[str, Any], path: str) -> Mapping[str, Any]:
    found = at(inputs, path)
    return found if isinstance(found, Mapping) else {}


def _hashed(value: Any) -> str:
    """Returns the form in which Karpenter compares: lists have no order, and what is empty is not there."""

    def plain(each: Any) -> Any:
        if isinstance(each, Mapping):
            return {key: inner for key in sorted(each) if (inner := plain(each[key])) not in (None, "", 0, [], {})}
        if isinstance(each, list):
            return sorted((plain(inner) for inner in each), key=lambda inner: json.dumps(inner, default=str))
        return each

    return json.dumps(plain(value), default=str)


def _evicted(plan: Plan, pool: Pool) -> _Roll | None:
    """Returns how pods go that do not tolerate a new NoExecute taint of a node group, which is put on running nodes.

    Source: https://docs.aws.amazon.com/eks/latest/userguide/node-taints-managed-node-groups.html, read 2026-11.
    """
    taints: dict[str, None] = {}
    for urn in pool.groups:
        old, new = (every(inputs, "taints") for inputs in plan.inputs(urn))
        hard = [each for each in new if each not in old and at(each, "effect") == "NO_EXECUTE"]
        taints |= dict.fromkeys(f"{at(each, 'key')}={at(each, 'value') or ''}" for each in hard)
    return _Roll(f"evict pods that do not tolerate {some(list(taints))}", whole=False) if taints else None


def _narrowed(plan: Plan, pool: Pool, changes: list[Change]) -> _Roll | None:
    """Returns how nodes go that a NodePool no longer wants: by a requirement, a subnet or a reservation."""
    gone: list[str] = []
    for urn in pool.groups:
        before, after = plan.inputs(urn)
        old, new = _requirements(before), _requirements(after)
        gone += [words for key in sorted(new) if old and (words := _refused(key, old.get(key, []), new[key]))]
    for change in changes:
        for path in PLACES if change.type == NODE_CLASS else ():
            was, becomes = (every(inputs, f"spec.{path}") for inputs in plan.inputs(change.urn))
            if any(each not in becomes for each in was):
                gone.append(
                    f"{path} without {some([json.dumps(each, default=str) for each in was if each not in becomes])}"
                )
    return _Roll("that no longer fit roll", tuple(gone), whole=False) if gone else None


def _requirements(inputs: Mapping[str, Any]) -> dict[str, list[Mapping[str, Any]]]:
    found: dict[str, list[Mapping[str, Any]]] = {}
    for each in every(inputs, "spec.template.spec.requirements"):
        if isinstance(each, Mapping):
            found.setdefault(str(each.get("key")), []).append(each)
    return found


def _refused(key: str, old: list[Mapping[str, Any]], new: list[Mapping[str, Any]]) -> str:
    """Returns the values of a label that the old requirements allow and the new ones refuse; "" for none.

    It tries all values that either names, their neighbours, another one, and no label.
    """
    named = dict.fromkeys(value for each in (*old, *new) for value in every(each, "values"))
    near = dict.fromkeys(str(int(value) + more) for value in named if str(value).isdigit() for more in (-1, 1))
    lost = [
        value
        for value in (*named, *near, "another value", None)
        if all(_allows(each, value) for each in old) and not all(_allows(each, value) for each in new)
    ]
    if not lost:
        return ""
    shown = [value for value in lost if value in named]
    if not old or not shown:
        return (
            f"{key} is required"
            if not old
            else f"{key} {new[0].get('operator')} {some(every(new[0], 'values'))}".strip()
        )
    return f"{key} without {some(sorted(shown))}"


def _allows(requirement: Mapping[str, Any], value: str | None) -> bool:
    """Tells whether a node with this value of the label, or with none, meets a requirement."""
    operator, values = requirement.get("operator", "In"), [str(each) for each in every(requirement, "values")]
    if operator in ("NotIn", "DoesNotExist"):
        return value is None or (operator == "NotIn" and value not in values)
    if value is None or operator in ("In", "Exists"):
        return value is not None and (operator == "Exists" or value in values)
    if not value.isdigit() or not values:
        return False
    return int(value) > int(values[0]) if operator.startswith("Gt") else int(value) < int(values[0])


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

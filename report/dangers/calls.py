"""Calls between pods of the mesh: who may call a Server, and what becomes of those whom no policy names.

It does not matter whether a Server, a policy or an authentication changed: who may call what is compared as a whole.
Source: linkerd2 edge-26.8.3, policy-controller/k8s/index/src/inbound; read 2026-11.
"""

from collections.abc import Iterator, Mapping, Set
from typing import Any, NamedTuple

from components.cluster.issuer_guard import POLICY
from components.core.namespaces import MESH_ISSUER
from costs.resource import Resource
from report.dangers.access import ANYWHERE, is_going, new_ranges
from report.dangers.danger import ALONE, GRAVE, LATER, NAMESPACE, SERIOUS, Danger, Plan, at, every
from report.dangers.selectors import Asked, asked, narrows
from report.dangers.weaker import INBOUND, LOOK, is_injected, refuses_more
from report.tables import some

_API = "kubernetes:policy.linkerd.io/"
_ISSUER = "kubernetes:cert-manager.io/v1:ClusterIssuer"
_RULE = "kubernetes:admissionregistration.k8s.io/v1:ValidatingAdmissionPolicy"
EVERYBODY = "everybody"
_ASKED_FOR = "spec.requiredAuthenticationRefs.kind"
Target = tuple[str, str, str, str]
"""Provider, namespace, kind and name of what a policy is about."""


class _Pods(NamedTuple):
    """What a Server is about. place: provider, namespace, and whether they are outside of the cluster."""

    place: tuple[str, str, bool]
    asked: Set[Asked]
    port: str


def find(plan: Plan) -> Iterator[Danger]:
    """Yields who may call more than before, who may call less, and what is asked no longer."""
    old, new = _servers(plan.before), _servers(plan.after)
    before, after = _callers(plan.before), _callers(plan.after)
    refused, refuses = (
        {each for each, policy in _by_default(resources).items() if policy in INBOUND[3:]}
        for resources in (plan.before, plan.after)
    )
    former = {_pods(target, each): target for target, each in old.items()}
    covered = {_pods(target, each) for target, each in new.items()}
    for target in sorted(before.keys() | after.keys()):
        renamed = former.get(_pods(target, new[target]), target) if target in new and target not in old else target
        had, has = list(before.get(renamed, {})), list(after.get(target, {}))
        of_metrics = _is_of_metrics(target)
        stood = target[2] != "Server" or renamed in old or (of_metrics and target[:2] in refused)
        more = [each for each in new_ranges(had, has) if stood or each in (EVERYBODY, *ANYWHERE)]
        urns = tuple(sorted({urn for each in (before, after) for urn in each.get(target, {}).values()}))
        if more:
            open_to_all = bool({EVERYBODY, *ANYWHERE} & set(more))
            yield _danger(
                f"{{}} may call {_named(target)}",
                "nothing allowed it before",
                "name the service accounts that need it" if open_to_all else "",
                GRAVE if open_to_all else SERIOUS,
                more,
                urns,
            )
        gone = target[2] == "Server" and target not in new
        if gone and target in old and target[:2] in refuses and _pods(target, old[target]) not in covered:
            gone = of_metrics  # its default refuses them; only Prometheus came for metrics, and its monitor goes too
        admits = target in new and _policy(new[target]) in INBOUND[:2]  # whom no policy names, too
        lost = [] if gone or admits or LATER in has else new_ranges(has, had)
        lost = [each for each in lost if not _is_load_balancer(plan.before[before[renamed][each]])]
        if lost and not _leaves(plan, old.get(renamed)):
            says = f"{{}} may no longer call {_named(target)}"
            yield _danger(says, "these calls are refused then", "let them move first", SERIOUS, lost, urns)
    yield from _servers_that_ask_less(plan, old, new)
    yield from _servers_that_ask_more(plan, old, new)
    yield from _in_and_out(plan)
    yield from _older_identities(plan)


def _is_of_metrics(target: Target) -> bool:
    return target[2] == "Server" and target[3].startswith("metrics.")


def _is_load_balancer(policy: Resource) -> bool:
    """Tells whether a policy lets a load balancer in: the hosts that it no longer leads from say more."""
    return "NetworkAuthentication" in every(policy.inputs, _ASKED_FOR)


def _servers_that_ask_less(
    plan: Plan, old: Mapping[Target, Resource], new: Mapping[Target, Resource]
) -> Iterator[Danger]:
    """Yields the Servers that let others in than their pods let in before, and those after which nothing asks."""
    for target, were, urns in _changed(plan, old, new):
        was, becomes = max(were, key=INBOUND.index), _policy(new[target])
        if INBOUND.index(becomes) < INBOUND.index(was):
            says, consequence = f"what {{}} does with others: {was} → {becomes}", "pods that no policy names get in"
            yield _danger(says, consequence, ALONE, GRAVE, [_named(target)], urns, "protection")
    by_default = _by_default(plan.after)
    for target, server in old.items():
        was, left = _policy(server), by_default.get(target[:2])
        pods = _pods(target, server)
        if any(_are_among(pods, _pods(*each)) for each in new.items()) or _leaves(plan, server):
            continue
        if left not in INBOUND or was not in INBOUND or INBOUND.index(left) < INBOUND.index(was):
            says = "{} no longer [speaks|speak] of all of its pods" if target in new else "{} goes"
            consequence = "its pods take what the mesh takes where no policy speaks of a pod"
            yield _danger(says, consequence, ALONE, GRAVE, [f"Server {_named(target)}"], (server.urn,), "protection")


def _servers_that_ask_more(
    plan: Plan, old: Mapping[Target, Resource], new: Mapping[Target, Resource]
) -> Iterator[Danger]:
    """Yields the Servers that refuse more than their pods did before."""
    for target, were, _ in _changed(plan, old, new):
        was, becomes = min(were, key=INBOUND.index), _policy(new[target])
        if refuses_more(was, becomes):
            says, consequence = (
                f"what {{}} does with others: {was} → {becomes}",
                "callers that no policy names are refused",
            )
            yield _danger(says, consequence, LOOK, SERIOUS, [_named(target)], (new[target].urn,))


def _changed(
    plan: Plan, old: Mapping[Target, Resource], new: Mapping[Target, Resource]
) -> Iterator[tuple[Target, Set[str], tuple[str, ...]]]:
    """Yields Servers with what some of their pods did with others before, and whose URNs say it.

    That is what each Server of these pods said, and the default where none had all of them. A Server that stays as it
    is takes the place only of those that go.
    """
    by_default = _by_default(plan.before)
    for target, server in new.items():
        pods, was = _pods(target, server), old.get(target)
        stays = was is not None and (_pods(target, was), _policy(was)) == (pods, _policy(server))
        were, urns, all_had_one = set(), {server.urn}, stays
        for each, former in old.items():
            other = _pods(each, former)
            if not (stays and each in new) and (_are_among(pods, other) or _are_among(other, pods)):
                were.add(_policy(former))
                urns.add(former.urn)
                all_had_one |= _are_among(pods, other) and pods.port == other.port
        if not all_had_one:
            were.add(by_default.get(target[:2], ""))
        if (known := were & set(INBOUND)) and _policy(server) in INBOUND:
            yield target, known, tuple(sorted(urns))


def _by_default(resources: Mapping[str, Resource]) -> Mapping[tuple[str, str], str]:
    """Returns what the pods of each namespace take where no Server speaks of them: outside of the mesh, everything."""
    default = "values.proxy.defaultInboundPolicy"
    policies = {each.provider: str(policy) for each in resources.values() if (policy := at(each.inputs, default))}
    return {
        _namespace(each): policies.get(each.provider, INBOUND[0]) if is_injected(each.inputs) else INBOUND[0]
        for each in resources.values()
        if each.type == NAMESPACE
    }


def _in_and_out(plan: Plan) -> Iterator[Danger]:
    """Yields the namespaces that join a mesh that refuses, and those that leave the stack with proxies."""
    default = _by_default(plan.after)
    for change in plan.changes(NAMESPACE, ops=("update",)):
        joins = is_injected(plan.after[change.urn].inputs) and not is_injected(plan.before[change.urn].inputs)
        policy = default[_namespace(plan.after[change.urn])]
        if joins and refuses_more(INBOUND[0], policy):
            yield _danger(
                "pods of {} refuse callers that no policy names, from their next start",
                f"they join the mesh, where the default is {policy}",
                LOOK,
                SERIOUS,
                [_namespace(plan.after[change.urn])[1]],
                (change.urn,),
            )
    for change in plan.changes(NAMESPACE, ops=("delete",)):
        namespace = plan.before[change.urn]
        if change.retained and is_injected(namespace.inputs) and not is_going(plan, namespace):
            yield _danger(
                "{} [leaves|leave] the stack, and [stays|stay] in the mesh",
                "pods there need the mesh from then on, and it cannot be taken from them",
                "take it out of mesh.namespaces first, and start its pods again",
                SERIOUS,
                [f"namespace {_namespace(namespace)[1]}"],
                (change.urn,),
            )


def _older_identities(plan: Plan) -> Iterator[Danger]:
    """Yields the clusters whose issuer signed for everybody before its rule."""
    signed = {
        each.provider
        for each in plan.before.values()
        if each.type == _ISSUER and at(each.inputs, "metadata.name") == MESH_ISSUER
    }
    for change in plan.changes(_RULE, ops=("create",)):
        rule = plan.after[change.urn]
        if rule.provider in signed and at(rule.inputs, "metadata.name") == POLICY:
            yield _danger(
                "{} signs for the mesh alone from now on, and older certificates stay valid",
                "who got one by an Ingress or a Certificate can be any pod until the anchor is another one",
                "look for them: docs/guides/mesh/rotate-the-anchor.md",
                SERIOUS,
                [MESH_ISSUER],
                (change.urn,),
            )


def _namespace(namespace: Resource) -> tuple[str, str]:
    return namespace.provider, str(at(namespace.inputs, "metadata.name"))


def _danger(
    says: str,
    consequence: str,
    gently: str,
    severity: int,
    names: list[str],
    urns: tuple[str, ...],
    kind: str = "access",
) -> Danger:
    return Danger(
        kind=kind,
        severity=severity,
        says=says,
        names=tuple(names),
        consequence=consequence,
        gently=gently,
        urns=urns,
    )


def _named(target: Target) -> str:
    _, namespace, kind, name = target
    return namespace if kind == "Namespace" else f"{namespace}/{name}"


def _policy(server: Resource) -> str:
    """Returns what a Server does with callers that no policy names: it denies where it says nothing."""
    return str(at(server.inputs, "spec.accessPolicy") or "deny")


def _pods(target: Target, server: Resource) -> _Pods:
    """Returns what a Server is about: another one of another name may be about the same."""
    external = at(server.inputs, "spec.externalWorkloadSelector")
    selector = at(server.inputs, "spec.podSelector") if external is None else external
    return _Pods((*target[:2], external is not None), asked(selector), str(at(server.inputs, "spec.port")))


def _are_among(few: _Pods, many: _Pods) -> bool:
    """Tells whether all of these pods are among others. The name of a port may stand for any number."""
    one, other = few.port, many.port
    one_port = one == other or LATER in (one, other) or one.isdigit() != other.isdigit()
    return few.place == many.place and one_port and narrows(many.asked, few.asked)


def _leaves(plan: Plan, server: Resource | None) -> bool:
    """Tells whether the namespace of a Server goes, or its cluster: nobody is left there to be called."""
    if server is None or is_going(plan, server):
        return server is not None
    return not plan.has_namespace(server.provider, at(server.inputs, "metadata.namespace"))


def _of(resources: Mapping[str, Resource], kind: str) -> dict[Target, Resource]:
    return {
        (each.provider, str(at(each.inputs, "metadata.namespace")), kind, str(at(each.inputs, "metadata.name"))): each
        for each in resources.values()
        if each.type.startswith(_API) and each.type.endswith(f":{kind}")
    }


def _servers(resources: Mapping[str, Resource]) -> dict[Target, Resource]:
    return _of(resources, "Server")


def _callers(resources: Mapping[str, Resource]) -> dict[Target, dict[str, str]]:
    """Returns target -> who may call it -> the policy that says so."""
    known = {key: each for kind in _MEMBERS for key, each in _of(resources, kind).items()}
    found: dict[Target, dict[str, str]] = {}
    for (provider, namespace, _, _), policy in _of(resources, "AuthorizationPolicy").items():
        kind, name = (str(at(policy.inputs, f"spec.targetRef.{each}")) for each in ("kind", "name"))
        refs = every(policy.inputs, "spec.requiredAuthenticationRefs")
        members = [list(_members(ref, known, provider, namespace)) for ref in refs]
        if not refs:
            who = [EVERYBODY]
        elif len(refs) == 1:
            who = members[0]
        else:  # all of them are asked
            who = [" and ".join(some(each) for each in members)]
        target = (provider, namespace, kind, namespace if kind == "Namespace" else name)
        found.setdefault(target, {}).update(dict.fromkeys(who, policy.urn))
    return found


def _members(ref: Any, known: Mapping[Target, Resource], provider: str, namespace: str) -> Iterator[str]:
    kind, name = str(at(ref, "kind")), str(at(ref, "name"))
    namespace = str(at(ref, "namespace") or namespace)
    if kind == "ServiceAccount":
        yield f"{namespace}/{name}"
    elif authentication := known.get((provider, namespace, kind, name)):
        yield from _MEMBERS[kind](authentication.inputs, namespace)


def _identities(inputs: Mapping[str, Any], namespace: str) -> Iterator[str]:
    for each in every(inputs, "spec.identityRefs"):
        if at(each, "kind") == "Namespace":
            yield f"every pod of {at(each, 'name')}"
        else:
            yield f"{at(each, 'namespace') or namespace}/{at(each, 'name')}"
    yield from ("every meshed pod" if each == "*" else str(each) for each in every(inputs, "spec.identities"))


def _networks(inputs: Mapping[str, Any], _: str) -> Iterator[str]:
    for each in every(inputs, "spec.networks"):
        without = every(each, "except")
        yield f"{at(each, 'cidr')}{f' without {some(list(map(str, without)))}' if without else ''}"


_MEMBERS = {"MeshTLSAuthentication": _identities, "NetworkAuthentication": _networks}

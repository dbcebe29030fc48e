"""Each mistake that `mesh` can have is reported at its path, with a sentence that ends with advice."""

from typing import Any

import pytest

from tests.settings.stacks import POOL, problems, stack

FILES = (
    "storage",
    {"file_systems": {"home": {"purpose": "shared", "used_by": [{"namespace": "research", "mode": "write"}]}}},
)
CERTIFICATE = "arn:aws:acm:us-west-2:123456789012:certificate/12345678-1234-1234-1234-123456789012"
TRAINING = {"name": "training", "instance_types": ["p5.48xlarge"], "zones": ["us-west-2a"], "efa": True}

MISTAKES: dict[str, tuple[dict[str, Any], str, str]] = {
    # what is wrong: (the mesh, the path of the problem, the end of the message)
    "cluster that is not there": ({"clusters": ["mian"]}, "mesh.clusters[0]", "Did you mean main?"),
    "namespace that nobody makes": (
        {"namespaces": ["reserch"]},
        "mesh.namespaces[0]",
        "Did you mean research? Add it to the namespaces of a team, or drop it here.",
    ),
    "namespace of an add-on": ({"namespaces": ["cert-manager"]}, "mesh.namespaces[0]", "without the mesh. Drop it."),
    "namespace of Kubernetes": ({"namespaces": ["kube-system"]}, "mesh.namespaces", "start without the mesh. Drop it."),
    "namespace twice": ({"namespaces": ["research", "research"]}, "mesh.namespaces", "Name each once."),
    "anchor twice": ({"anchors": ["a", "a"]}, "mesh.anchors", "Name each once."),
    "anchor that names no Secret": ({"anchors": ["First one"]}, "mesh.anchors[0]", "Rename it, for example first-one."),
    "issuing anchor that nobody trusts": (
        {"anchors": ["first", "second"], "issuing_anchor": "third"},
        "mesh.issuing_anchor",
        "Known: first, second.",
    ),
    "three anchors": ({"anchors": ["a", "b", "c"]}, "mesh.anchors", "the one that signs, and its successor."),
    "inbound policy that lets all in": (
        {"inbound": "all-unauthenticated"},
        "mesh.inbound",
        "Did you mean all-authenticated?",
    ),
    "misspelt key": ({"namespace": ["research"]}, "mesh.namespace", "Did you mean namespaces?"),
}


CHAT: dict[str, Any] = {"namespace": "research", "service": "chat", "port": 80, "pods": {"app": "chat"}}
CALLED = {**CHAT, "callers": [{"namespace": "research", "service_account": "agent"}]}
MESH = {"namespaces": ["research"], "inbound": "deny"}


def called(**changes: Any) -> dict[str, Any]:
    """A Service that has a caller."""
    return {**MESH, "services": {"chat": {**CALLED, **changes}}}


def called_from(namespace: str) -> dict[str, Any]:
    return called(callers=[{"namespace": namespace, "service_account": "agent"}])


def two(**changes: Any) -> dict[str, Any]:
    """A Service and another one, of the same pods unless it is said."""
    return {**MESH, "services": {"chat": CALLED, "other": {**CALLED, "service": "other", **changes}}}


OF_SERVICES: dict[str, tuple[dict[str, Any], str, str]] = {
    "Service whose pods have no proxy": (
        {**MESH, "namespaces": [], "services": {"chat": CHAT}, "inbound": "audit"},
        "mesh.services.chat.namespace",
        "Add it there, or drop the entry.",
    ),
    "caller that is not meshed": (
        called_from("lab"),
        "mesh.services.chat.callers[0].namespace",
        "lab is not meshed, so its pods have no identity. Add it to mesh.namespaces.",
    ),
    "caller of an add-on": (
        called_from("cert-manager"),
        "mesh.services.chat.callers[0].namespace",
        "the add-on cert-manager, whose pods have no identity. Drop it.",
    ),
    "caller that nobody makes": (
        called_from("reserch"),
        "mesh.services.chat.callers[0].namespace",
        "Did you mean research? Add it to the namespaces of a team, and to mesh.namespaces.",
    ),
    "Service that nobody could call": (called(callers=[]), "mesh.services.chat", "inbound: audit to see who calls."),
    "requests of what has none": (
        called(protocol="opaque", retries=1),
        "mesh.services.chat",
        "Drop timeout_seconds and retries, or name its protocol.",
    ),
    "Service that two entries are about": (
        two(service="chat"),
        "mesh.services.other",
        "about the same Service and port as mesh.services.chat. Write one entry, with the callers of both.",
    ),
    "Service with two selectors": (
        two(service="chat", pods={"app": "other"}),
        "mesh.services.other",
        "Write the same pods and pod_port in both.",
    ),
    "port with two protocols": (two(protocol="grpc"), "mesh.services.other", "Write the same protocol in both."),
    "pods of which some are another's": (
        two(pods={"app": "chat", "size": "large"}),
        "mesh.services.other",
        "Give both the same pods, or labels by which none is in both.",
    ),
    "collector without a port": (
        {**MESH, "tracing": {"collector": "spans:70000", "namespace": "research", "service_account": "spans"}},
        "mesh.tracing.collector",
        "has no port from 1 to 65535, so no meshed pod would start. Mend it.",
    ),
    "collector without an identity": (
        {**MESH, "tracing": {"collector": "spans.lab:4317", "namespace": "lab", "service_account": "spans"}},
        "mesh.tracing.namespace",
        "lab is not meshed, so its pods have no identity. Add it to mesh.namespaces.",
    ),
}
USERS = [{"namespace": "research", "mode": "write"}, {"namespace": "lab"}]
TWO_TEAMS = ("storage",), {"file_systems": {"home": {"purpose": "shared", "used_by": USERS}}}


@pytest.mark.parametrize("name", OF_SERVICES)
def test_a_wrong_service_is_told_with_its_place_and_the_way_out(name: str) -> None:
    mesh, path, advice = OF_SERVICES[name]
    (problem,) = problems(stack(TWO_TEAMS, (("mesh",), mesh)))
    assert problem.path == path
    assert problem.message.endswith(advice)


DOORS = ("ingress",), {"internal": {"certificate": {"arn": CERTIFICATE}}}


@pytest.mark.parametrize("namespace", ["ingress", "cert-manager", "kube-system"])
def test_nobody_is_told_to_give_a_team_what_no_team_may_have(namespace: str) -> None:
    """The next answer would be that it is taken."""
    owner = {"ingress": "the doors", "cert-manager": "the add-on cert-manager"}.get(namespace, "Kubernetes")
    callers = [{"namespace": namespace, "service_account": "agent"}]
    meshes = [
        called(callers=callers),
        called(namespace=namespace),
        {**MESH, "tracing": {"collector": "spans.lab:4317", "namespace": namespace, "service_account": "spans"}},
        *([] if owner == "Kubernetes" else [{"namespaces": [namespace]}]),
    ]
    for mesh in meshes:
        (problem,) = problems(stack(TWO_TEAMS, DOORS, (("mesh",), mesh)))
        assert problem.message.startswith(f"{namespace} is the namespace of {owner}, ")
        assert problem.message.endswith(("Drop it.", "Drop the entry."))


def test_a_service_that_only_a_load_balancer_calls_is_right() -> None:
    route = {**CHAT, "host": "chat.ml.example.com"}
    door = ("ingress",), {"internal": {"certificate": {"arn": CERTIFICATE}}, "routes": {"chat": route}}
    assert not problems(stack(TWO_TEAMS, (("mesh",), called(callers=[])), door))
    (problem,) = problems(stack(TWO_TEAMS, (("mesh",), called(protocol="grpc")), door))
    assert problem.path == "ingress.routes.chat"
    assert problem.message.startswith("says that its pods speak http, and mesh.services.chat says grpc")


def test_a_caller_of_another_cluster_has_no_identity_in_this_one() -> None:
    users = [{**user, "cluster": cluster} for user, cluster in zip(USERS, ("main", "other"), strict=True)]
    files = ("storage",), {"file_systems": {"home": {"purpose": "shared", "used_by": users}}}
    other = ("clusters", "other"), stack()["clusters"]["main"]
    mesh = {**called_from("lab"), "namespaces": ["research", "lab"]}
    (problem,) = problems(stack(files, other, (("mesh",), mesh)))
    assert problem.path == "mesh.services.chat.callers[0].namespace"
    assert "lab is not in main, where research is" in problem.message


def test_a_namespace_of_a_cluster_without_the_mesh_is_not_meshed() -> None:
    teams = ("teams",), [{"name": "lab", "cluster": "other", "namespaces": ["lab"]}]
    other = ("clusters", "other"), stack()["clusters"]["main"]
    (problem,) = problems(stack(teams, other, (("mesh",), {"clusters": ["main"], "namespaces": ["lab"]})))
    assert problem.path == "mesh.namespaces[0]"
    assert problem.message.startswith("lab is in other, and mesh.clusters names main, so its pods would get no proxy.")
    assert not problems(stack(teams, other, (("mesh",), {"clusters": ["other"], "namespaces": ["lab"]})))


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_told_with_its_place_and_the_way_out(name: str) -> None:
    mesh, path, advice = MISTAKES[name]
    (problem,) = problems(stack((("storage",), FILES[1]), (("mesh",), mesh)))
    assert problem.path == path
    assert problem.message.endswith(advice)


def test_three_replicas_need_three_nodes_of_their_own() -> None:
    two = ("network", "zones"), ["us-west-2a", "us-west-2b"]
    none_more = (*POOL, "min_per_zone"), 0
    (problem,) = problems(stack(two, none_more, (("mesh",), {"high_availability": True})))
    assert problem.path == "mesh.high_availability"
    assert "the pools for add-ons of main keep 2 nodes" in problem.message
    assert not problems(stack(two, (("mesh",), {}))), "without a word it runs once"
    assert not problems(stack((("mesh",), {"high_availability": True}))), "three zones have three nodes"


def test_a_cluster_whose_pods_all_train_over_efa_has_no_mesh() -> None:
    pools = [{**TRAINING, "min_per_zone": 1}]
    found = problems(stack((("clusters", "main", "pools"), pools), (("mesh",), {})))
    assert "every pool of main has EFA" in " ".join(
        problem.message for problem in found if problem.path == "mesh.clusters"
    )
    assert not [each for each in problems(stack((POOL, TRAINING), (("mesh",), {}))) if each.path.startswith("mesh")]


def test_an_add_on_of_the_mesh_is_neither_turned_on_nor_off_by_itself() -> None:
    addons = ("clusters", "main", "addons")
    (off,) = problems(stack((("mesh",), {}), (addons, {"linkerd2-cni": {"enabled": False}})))
    assert off.message == (
        "is false, but mesh needs linkerd2-cni. Drop it here, or write mesh.clusters without this cluster."
    )
    on = problems(stack((addons, {"linkerd-viz": {}})))
    assert "nothing needs linkerd-viz" in " ".join(problem.message for problem in on)
    without = problems(stack((("mesh",), {}), (addons, {"cert-manager": {"enabled": False}})))
    assert {problem.path.rsplit(".", 1)[-1] for problem in without} == {"linkerd-control-plane", "trust-manager"}
    assert all("needs cert-manager, which is off" in problem.message for problem in without)

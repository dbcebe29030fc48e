"""Each mistake that `mesh` can have is reported at its path, with a sentence that ends with advice."""

from typing import Any

import pytest

from tests.settings.stacks import POOL, problems, stack

FILES = (
    "storage",
    {"file_systems": {"home": {"purpose": "shared", "used_by": [{"namespace": "research", "mode": "write"}]}}},
)
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

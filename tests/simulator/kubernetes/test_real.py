"""Objects of a simulated cluster whose answers come from a real API server."""

import itertools
from typing import Any

import pytest

from simulator.conformance.cases import cases
from simulator.control_plane.planes import ControlPlanes
from simulator.kubernetes.clusters import RELEASE, Cluster, cluster_of
from simulator.kubernetes.package import KubernetesPackage
from simulator.provider import Refusal
from tests.simulator.control_planes import is_built, planes  # noqa: F401
from tests.simulator.kubernetes.bench import (
    EKS,
    Bench,
    bench,
    config_map,
    deployment,
    namespace,
    widget,
    widget_definition,
)

pytestmark = is_built
NUMBERS = itertools.count()


@pytest.fixture(scope="module")
def shared(planes: ControlPlanes, tmp_path_factory: pytest.TempPathFactory) -> Bench:  # noqa: F811
    """One cluster for all tests: each works in a namespace of its own."""
    made = bench(tmp_path_factory.mktemp("real"))
    made.package = KubernetesPackage(made.cloud, patience_seconds=0.2, planes=planes)
    return made


@pytest.fixture
def cluster(shared: Bench) -> Bench:
    shared.warnings.clear()
    return shared


@pytest.fixture
def team(cluster: Bench) -> str:
    name = f"team-{next(NUMBERS)}"
    cluster.make(namespace(name), name)
    return name


def refusal(cluster: Bench, inputs: dict, preview: bool = False) -> str:
    with pytest.raises(Refusal) as refused:
        _ = cluster.preview(inputs, "refused") if preview else cluster.make(inputs, "refused")
    return str(refused.value)


def service(team: str, port: int) -> dict:
    spec = {"selector": {"app": "web"}, "ports": [{"port": port}]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web", "namespace": team}, "spec": spec}


def inside(cluster: Bench) -> Cluster:
    return cluster_of(cluster.cloud, next(iter(cluster.cloud.of_type(EKS))))


def on_server(cluster: Bench, planes: ControlPlanes, team: str, name: str) -> Any:  # noqa: F811
    return planes.server(inside(cluster).place, inside(cluster).version).get("v1", "Service", team, name)


def test_finalizers_of_simulated_controllers_do_not_reach_the_server(
    cluster: Bench,
    team: str,
    planes: ControlPlanes,  # noqa: F811
) -> None:
    """No controller runs there that would take them off, so such an object would never go."""
    row = service(team, 80)
    row["metadata"]["finalizers"] = ["service.k8s.aws/resources"]
    inside(cluster).put(row, team)
    cluster.make(config_map("next", team), "next")  # with each request, the server gets what the cloud has
    found = on_server(cluster, planes, team, "web")
    assert found is not None
    assert "finalizers" not in found["metadata"]


def test_an_object_has_the_servers_defaults_and_the_simulators_identity(cluster: Bench, team: str) -> None:
    _, _, state = cluster.make(deployment(team))
    assert state["spec"]["progressDeadlineSeconds"] == 600
    assert "managedFields" not in state["metadata"], "they differ from run to run"
    assert state["metadata"]["resourceVersion"] == "1"


@pytest.mark.parametrize("preview", [True, False])
def test_what_the_server_refuses_is_refused_in_its_words(cluster: Bench, preview: bool) -> None:
    name = "conformance-replicas"
    (policy,) = (case.object for case in cases() if case.name == "a policy that does not compile")
    text = refusal(cluster, policy, preview)  # the simulator compiles no expressions
    assert (
        f'created by the Kubernetes API server: ValidatingAdmissionPolicy.admissionregistration.k8s.io "{name}"' in text
    )
    assert "compilation failed" in text


def test_a_workload_whose_pods_are_forbidden_is_refused(cluster: Bench) -> None:
    name = f"strict-{next(NUMBERS)}"
    cluster.make(namespace(name, **{"pod-security.kubernetes.io/enforce": "restricted"}), name)
    text = refusal(cluster, deployment(name))
    assert 'violates PodSecurity "restricted:latest"' in text
    assert "waits ten minutes for pods that never start" in text


def test_pods_are_judged_as_the_injector_of_a_mesh_makes_them(cluster: Bench) -> None:
    name = f"meshed-{next(NUMBERS)}"
    labels = {"pod-security.kubernetes.io/enforce": "baseline"}
    metadata = {"name": name, "labels": labels, "annotations": {"linkerd.io/inject": "enabled"}}
    cluster.make({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}, name)
    linkerd: dict[str, Any] = {
        "chart": "linkerd-control-plane",
        "name": "linkerd",
        "namespace": "linkerd",
        "values": {},
    }
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web", "namespace": name}}
    pod["spec"] = deployment()["spec"]["template"]["spec"]
    try:
        cluster.cloud.put(RELEASE, "main/linkerd/linkerd", linkerd)
        for inputs in (deployment(name), pod):
            assert 'container "linkerd-init" must not include "NET_ADMIN", "NET_RAW"' in refusal(cluster, inputs)
        cluster.cloud.put(RELEASE, "main/linkerd/linkerd", linkerd | {"values": {"cniEnabled": True}})
        cluster.make(deployment(name), "with-the-plugin")
    finally:
        cluster.cloud.delete(RELEASE, "main/linkerd/linkerd")


def test_a_name_that_is_taken_is_refused(cluster: Bench, team: str) -> None:
    cluster.make(config_map(in_namespace=team), "first")
    assert f'configmaps "settings" already exists{chr(10)}' in refusal(cluster, config_map(in_namespace=team))


def test_a_preview_changes_nothing(cluster: Bench, team: str) -> None:
    cluster.preview(config_map(in_namespace=team), "planned")
    cluster.make(config_map(in_namespace=team), "made")


def test_an_object_in_a_namespace_that_is_only_planned_is_judged_by_the_simulator(cluster: Bench) -> None:
    cluster.preview(namespace("planned"), "planned")
    cluster.preview(config_map(in_namespace="planned"))


def test_fields_that_are_left_out_of_an_update_are_removed(cluster: Bench, team: str) -> None:
    made = cluster.make(deployment(team, revisionHistoryLimit=3), "web")
    new = cluster.checked(deployment(team), "web", old=made[1])
    state = cluster.update(made, new, "web")
    assert state["spec"]["revisionHistoryLimit"] == 10, "the server's default is back"
    assert state["metadata"]["resourceVersion"] == "2"


def test_a_change_that_only_the_first_preview_refuses_is_a_warning(cluster: Bench, team: str) -> None:
    budget = {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": "web", "namespace": team},
        "spec": {"selector": {"matchLabels": {"app": "web"}}, "minAvailable": 1},
    }
    made = cluster.make(budget, "web")
    changed = {**budget, "spec": {"selector": {"matchLabels": {"app": "web"}}, "maxUnavailable": 1}}
    cluster.update(made, cluster.checked(changed, "web"), "web", preview=True)
    assert "Only the first preview after the object was created says this" in cluster.warnings[-1]
    state = cluster.update(made, cluster.checked(changed, "web"), "web")
    assert "minAvailable" not in state["spec"]


def test_an_immutable_field_is_refused_at_preview(cluster: Bench) -> None:
    name = f"important-{next(NUMBERS)}"
    important = {
        "apiVersion": "scheduling.k8s.io/v1",
        "kind": "PriorityClass",
        "metadata": {"name": name},
        "value": 10,
    }
    made = cluster.make(important, name)
    with pytest.raises(Refusal, match="may not be changed in an update"):
        cluster.update(made, cluster.checked({**important, "value": 20}, name), name, preview=True)


def test_a_custom_resource_is_held_against_its_definition_as_soon_as_that_exists(cluster: Bench) -> None:
    definition = cluster.make(widget_definition(), "crd")
    assert "spec.size in body should be greater than or equal to 1" in refusal(cluster, widget(size=0))
    made = cluster.make(widget(), "widget")
    cluster.delete(made, "widget")
    cluster.delete(definition, "crd")
    assert "no matches for kind" in refusal(cluster, widget())


def test_another_command_finds_all_objects_again(
    cluster: Bench,
    team: str,
    planes: ControlPlanes,  # noqa: F811
) -> None:
    made = cluster.make(service(team, 80), "web")
    planes.stop(inside(cluster).place)  # as at the end of a command; the next one starts an empty server
    assert on_server(cluster, planes, team, "web") is None
    cluster.update(made, cluster.checked(service(team, 81), "web"), "web", preview=True)
    state = cluster.update(made, cluster.checked(service(team, 81), "web"), "web")
    assert [port["port"] for port in state["spec"]["ports"]] == [81]


def test_a_command_on_servers_that_stay_brings_in_only_what_they_lack(
    cluster: Bench,
    team: str,
    planes: ControlPlanes,  # noqa: F811
) -> None:
    for name in ("stays", "goes"):
        cluster.make(service(team, 80) | {"metadata": {"name": name, "namespace": team}}, name)
    before = on_server(cluster, planes, team, "stays")["metadata"]
    cluster.cloud.delete("kubernetes:core/v1:Service", f"main/{team}/goes")
    inside(cluster).put(service(team, 80) | {"metadata": {"name": "comes", "namespace": team}}, team)
    later = Bench(cluster.cloud, KubernetesPackage(cluster.cloud, 0.2, planes=planes), cluster.config)
    later.make(config_map("next", team), "next")
    assert on_server(cluster, planes, team, "stays")["metadata"] == before, "neither made anew nor changed"
    assert on_server(cluster, planes, team, "comes") is not None
    assert on_server(cluster, planes, team, "goes") is None


def test_an_object_that_was_deleted_in_the_cloud_is_gone_on_the_server(cluster: Bench, team: str) -> None:
    cluster.make(config_map(in_namespace=team), "first")
    cluster.cloud.delete("kubernetes:core/v1:ConfigMap", f"main/{team}/settings")
    cluster.make(config_map(in_namespace=team), "second")


def test_an_object_that_the_server_refuses_is_named_once_and_can_be_changed_and_deleted(
    cluster: Bench, team: str
) -> None:
    spec = {"selector": {"app": "web"}, "ports": [{"port": 80}, {"port": 81}]}
    wrong = service(team, 80) | {"metadata": {"name": "wrong", "namespace": team}, "spec": spec}
    cluster.cloud.put("kubernetes:core/v1:Service", f"main/{team}/wrong", wrong)
    cluster.make(config_map(in_namespace=team), "other")
    cluster.make(config_map("another", in_namespace=team), "another")
    named = [text for text in cluster.warnings if "the cloud has Service wrong, which the real API server" in text]
    assert len(named) == 1
    right = {**wrong, "spec": {"selector": {"app": "web"}, "ports": [{"port": 80}]}}
    cluster.update((f"{team}/wrong", wrong, wrong), right, "wrong")
    cluster.delete((f"{team}/wrong", right, right), "wrong")

"""What pods of a team may have at once: the quotas by themselves, and as the simulated API server keeps them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from catalog.priorities import PRIORITIES, SYSTEM
from components.tenancy.quotas import above, hard
from settings.stack.stack import StackSettings
from simulator.provider import Refusal
from tests.components import whole_stacks
from tests.components.conftest import PlatformCloud
from tests.components.stacks import CLUSTER, POOL, stack
from tests.simulator.kubernetes.bench import Bench, bench, namespace

ZONES = 3
MIG = {"name": "mig", "instance_types": ["p4de.24xlarge"], "sharing": {"strategy": "mig", "layout": {"1g.10gb": 2}}}
SHARED = {
    "name": "shared",
    "instance_types": ["g6.xlarge"],
    "provisioner": "karpenter",
    "sharing": {"strategy": "time-slicing", "replicas": 4},
}
TRAINING = {"name": "training", "instance_types": ["p5.48xlarge"], "efa": True, "zones": ["us-west-2a"]}
NEURON = {"name": "neuron", "instance_types": ["inf2.xlarge"], "provisioner": "karpenter"}
FABRIC = {"name": "fabric", "instance_types": ["c7i.48xlarge"], "efa": True, "zones": ["us-west-2a"]}
EFA = "requests.vpc.amazonaws.com/efa"


def settings(*pools: dict[str, Any], team: dict[str, Any] | None = None, **cluster: Any) -> StackSettings:
    lab = {"name": "lab", "namespaces": ["lab"], **(team or {})}
    return stack(clusters={"main": {**CLUSTER, "pools": [POOL, *pools], **cluster}}, teams=[lab])


def counts(
    *pools: dict[str, Any], gpus: dict[str, Any] | None = None, of: str = "lab", **cluster: Any
) -> dict[str, str]:
    """What the quota of the namespace `lab` says, where the namespace `of` has GPUs."""
    made = settings(*pools, team={"namespaces": ["lab", "other"], "quota": {of: {"gpus": gpus or {}}}}, **cluster)
    main = made.clusters["main"]
    return dict(hard(made.teams[0], "lab", main.pools, ZONES, main.gpu_allocation))


def devices(found: dict[str, str]) -> dict[str, str]:
    """The extended resources of a quota."""
    return {
        name.removeprefix("requests."): count
        for name, count in found.items()
        if name.startswith("requests.") and "/" in name
    }


def test_a_quota_lists_every_resource_of_every_pool_and_has_none_of_what_is_not_the_teams() -> None:
    found = devices(counts(MIG, SHARED, TRAINING, NEURON, gpus={"shared": 2}))
    assert {name: count for name, count in found.items() if count != "0"} == {"nvidia.com/gpu.shared": "2"}
    assert {
        *("nvidia.com/gpu", "nvidia.com/gpu.shared", "nvidia.com/mig-1g.10gb", "vpc.amazonaws.com/efa"),
        *("aws.amazon.com/neuron", "aws.amazon.com/neuroncore", "aws.amazon.com/neurondevice"),
    } <= set(found), "what a quota does not list is not limited"


def test_a_namespace_without_a_quota_of_its_own_has_no_devices() -> None:
    assert set(devices(counts(MIG, SHARED, TRAINING, gpus={"shared": 2}, of="other")).values()) == {"0"}


def test_a_new_profile_of_mig_is_in_each_quota_and_nobody_has_it_unasked() -> None:
    wider = {**MIG, "sharing": {"strategy": "mig", "layout": {"1g.10gb": 2, "3g.40gb": 1}}}
    before, after = counts(MIG, gpus={"mig": {"1g.10gb": 2}}), counts(wider, gpus={"mig": {"1g.10gb": 2}})
    assert set(after) - set(before) == {"requests.nvidia.com/mig-3g.40gb"}
    assert after["requests.nvidia.com/mig-3g.40gb"] == "0"
    assert after["requests.nvidia.com/mig-1g.10gb"] == "2"


def test_a_cluster_without_gpus_counts_no_devices() -> None:
    assert devices(counts()) == {}


def test_no_quota_is_on_limits_and_every_extended_resource_counts_as_requests() -> None:
    """On `limits.`, or without `requests.`, the API server takes a quota of a device and counts nothing."""
    found = counts(MIG, SHARED, TRAINING, NEURON, gpus={"training": 8})
    assert not [name for name in found if name.startswith("limits.")]
    assert not [name for name in found if name.startswith(("nvidia.com", "vpc.amazonaws.com", "aws.amazon.com"))]


@pytest.mark.parametrize(("gpus", "efas"), [(1, 32), (8, 32), (9, 64), (16, 64)])
def test_who_has_gpus_with_efa_has_the_adapters_of_their_nodes(gpus: int, efas: int) -> None:
    assert counts(TRAINING, gpus={"training": gpus})[EFA] == str(efas)


def test_who_may_be_on_nodes_with_efa_and_without_gpus_has_their_adapters() -> None:
    assert counts(FABRIC)[EFA] == "3", "three nodes with one each: nobody counts them in GPUs"
    made = settings(FABRIC, team={"pools": ["system"]})
    assert hard(made.teams[0], "lab", made.clusters["main"].pools, ZONES, "device-plugin")[EFA] == "0"


def test_who_may_be_on_nodes_with_efa_and_has_none_of_their_gpus_has_no_adapters() -> None:
    made = settings(TRAINING, team={"pools": ["system", "training"]})
    found = hard(made.teams[0], "lab", made.clusters["main"].pools, ZONES, "device-plugin")
    assert found[EFA] == "0", "the adapters come with the GPUs, and these are others'"


WHOLE, SLICES = "gpu.nvidia.com", "mig.nvidia.com"
TRAINED = {**TRAINING, "efa": False}


def test_with_dra_devices_are_counted_by_their_class_under_each_name_that_a_pod_can_use() -> None:
    found = counts(TRAINED, MIG, gpus={"training": 8, "mig": {"1g.10gb": 3}}, gpu_allocation="dra")
    classes = {name: count for name, count in found.items() if "deviceclass" in name or "nvidia.com" in name}
    assert {name: count for name, count in classes.items() if count != "0"} == {
        "gpu.nvidia.com.deviceclass.resource.k8s.io/devices": "8",
        "requests.deviceclass.resource.kubernetes.io/gpu.nvidia.com": "8",
        "requests.nvidia.com/gpu": "8",
        "mig.nvidia.com.deviceclass.resource.k8s.io/devices": "3",
        "requests.deviceclass.resource.kubernetes.io/mig.nvidia.com": "3",
    }


def test_without_dra_nobody_claims_a_gpu() -> None:
    found = counts(TRAINED, gpus={"training": 8})
    for name in (WHOLE, SLICES, "vfio.gpu.nvidia.com"):
        assert found[f"{name}.deviceclass.resource.k8s.io/devices"] == "0"


def test_what_a_team_never_needs_is_zero() -> None:
    for name in ("services.loadbalancers", "services.nodeports", "gp2.storageclass.storage.k8s.io/requests.storage"):
        assert counts()[name] == "0"


def test_numbers_of_objects_are_those_of_the_stack_file_or_the_platforms() -> None:
    made = settings(team={"quota": {"lab": {"objects": {"pods": 7, "jobs.batch": 9}}}})
    found = hard(made.teams[0], "lab", made.clusters["main"].pools, ZONES, "device-plugin")
    assert (found["pods"], found["count/jobs.batch"], found["secrets"]) == ("7", "9", "500")
    assert "jobs.batch" not in found, "Kubernetes would refuse the quota"


def test_a_team_may_have_its_own_priority_and_those_below_it() -> None:
    assert above("experiments") == ["production-inference", "agents", "training", *SYSTEM]
    assert above("production-inference") == list(SYSTEM)


# As the API server keeps them

Make = Callable[..., Bench]


@pytest.fixture
def lab(tmp_path: Path, cloud: PlatformCloud) -> Make:
    """Returns a cluster with the namespace `lab` and what the platform has for its team."""

    def make(*pools: dict[str, Any], **team: Any) -> Bench:
        cloud.up(settings(*pools, team=team))
        made = bench(tmp_path)
        made.make(namespace("lab"), "lab")
        for kind in ("scheduling.k8s.io/v1:PriorityClass", "core/v1:LimitRange", "core/v1:ResourceQuota"):
            for each in cloud.all(kind):
                made.make(plain(each.inputs), each.name)
        return made

    return make


def plain(value: Any) -> Any:
    return {key: plain(each) for key, each in value.items() if each is not None} if isinstance(value, dict) else value


def pod(name: str = "p", resources: dict[str, Any] | None = None, **spec: Any) -> dict[str, Any]:
    container = {"name": "app", "image": "registry.invalid/app:1", "resources": resources or {}}
    metadata = {"name": name, "namespace": "lab"}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": [container], **spec}}


def refusal(cluster: Bench, wanted: dict[str, Any]) -> str:
    try:
        cluster.make(wanted, wanted["metadata"]["name"])
    except Refusal as refused:
        return str(refused)
    return ""


def test_a_pod_that_states_nothing_and_one_with_a_helper_that_states_nothing_are_let_in(lab: Make) -> None:
    cluster = lab(SHARED)
    helper = {"name": "proxy", "image": "registry.invalid/proxy:1"}
    assert not refusal(cluster, pod("plain"))
    assert not refusal(cluster, pod("sidecar", initContainers=[{**helper, "restartPolicy": "Always"}]))


def test_a_container_that_states_nothing_counts_with_the_least_request(lab: Make) -> None:
    cluster = lab()
    hard = {"requests.cpu": "50m", "requests.memory": "100Mi"}
    metadata = {"name": "small", "namespace": "lab"}
    small = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": metadata, "spec": {"hard": hard}}
    cluster.make(small, "small")
    refused = refusal(cluster, pod("plain"))
    assert "exceeded quota: small" in refused
    assert "requested: requests.cpu=100m,requests.memory=128Mi" in refused


def test_a_large_request_without_a_limit_is_let_in_up_to_the_largest_machine(lab: Make) -> None:
    cluster = lab(quota={"lab": {"memory_gib": 4096, "cpu": 1000}})
    assert not refusal(cluster, pod("large", {"requests": {"memory": "60Gi", "cpu": "15"}}))
    assert "must be less than or equal to memory limit of 64Gi" in refusal(
        cluster, pod("huge", {"requests": {"memory": "65Gi"}})
    )
    huge = {"requests": {"memory": "1Gi"}, "limits": {"memory": "65Gi"}}
    assert "maximum memory usage per Container is 64Gi, but limit is 65Gi" in refusal(cluster, pod("huge", huge))


def test_devices_are_counted_however_a_pod_asks_for_them(lab: Make) -> None:
    cluster = lab(SHARED, quota={"lab": {"gpus": {"shared": 2}}})
    assert not refusal(cluster, pod("limits-only", {"limits": {"nvidia.com/gpu.shared": 2}}))
    assert "exceeded quota: team-lab" in refusal(cluster, pod("more", {"limits": {"nvidia.com/gpu.shared": 1}}))
    assert "exceeded quota: team-lab" in refusal(cluster, pod("whole", {"limits": {"nvidia.com/gpu": 1}}))


def test_a_claim_of_gpus_is_counted(lab: Make) -> None:
    cluster = lab(SHARED, quota={"lab": {"gpus": {"shared": 2}}})
    for request in (
        {"exactly": {"deviceClassName": WHOLE, "count": 8}},
        {"exactly": {"deviceClassName": WHOLE, "allocationMode": "All"}},
        {"firstAvailable": [{"name": "a", "deviceClassName": SLICES}]},
    ):
        claim = {
            "apiVersion": "resource.k8s.io/v1",
            "kind": "ResourceClaim",
            "metadata": {"name": "gpus", "namespace": "lab"},
            "spec": {"devices": {"requests": [{"name": "gpu", **request}]}},
        }
        assert "exceeded quota: team-lab" in refusal(cluster, claim)


@pytest.mark.parametrize("priority", ["system-node-critical", "production-inference"])
def test_a_pod_does_not_take_a_priority_above_its_teams(lab: Make, priority: str) -> None:
    cluster = lab(priority="training")
    assert "exceeded quota: team-lab-priorities" in refusal(cluster, pod("high", priorityClassName=priority))
    for allowed in ("training", "experiments", None):
        assert not refusal(cluster, pod(f"own-{allowed}".lower(), priorityClassName=allowed))


@pytest.mark.parametrize("kind", ["LoadBalancer", "NodePort"])
def test_a_service_opens_no_way_past_the_doors(lab: Make, kind: str) -> None:
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "web", "namespace": "lab"},
        "spec": {"type": kind, "selector": {"app": "web"}, "ports": [{"port": 80}]},
    }
    assert "exceeded quota: team-lab" in refusal(lab(), service)


# Teams beside each other

IN_A_NAMESPACE = ("ResourceQuota", "LimitRange", "v1:Role", "RoleBinding", "ExternalSecret", "Password")
MORE: dict[str, Any] = {
    "members": {"ann": {"principal_arn": "arn:aws:iam::123456789012:role/ann", "role": "viewer"}},
    "secrets": {"key": {"keys": ["value"]}, "session": {"keys": ["password"], "filled": "generated"}},
}


def built(*teams: dict[str, Any], **changes: Any) -> PlatformCloud:
    cloud = PlatformCloud()
    cloud.up(stack(clusters={"main": {**CLUSTER, "pools": [POOL, SHARED]}}, teams=list(teams), **changes))
    return cloud


LAB: dict[str, Any] = {"name": "lab", "namespaces": ["lab"], "quota": {"lab": {"gpus": {"shared": 2}}}}


def test_a_team_more_changes_no_object_of_another_and_none_of_the_cluster() -> None:
    more = {"name": "more", "namespaces": ["more"], "quota": {"more": {"gpus": {"shared": 2}}}, "priority": "agents"}
    before, after = ({each.urn: each.inputs for each in built(*teams).custom()} for teams in ([LAB], [LAB, more]))
    assert before, "there is something to compare"
    assert {urn: after.get(urn) for urn in before} == before
    assert {urn.rpartition("::")[2] for urn in set(after) - set(before)} == {
        "main-namespace-more",
        *(f"main-team-more.more.{part}" for part in ("account-default", "limits", "quota", "quota-priorities")),
    }


def test_a_namespace_that_goes_to_another_team_has_the_objects_of_both_for_a_moment() -> None:
    """The new ones are made before the old ones go, and two objects cannot have one name."""
    other = {**LAB, "name": "other"}
    names = [
        {(each.type, each.inputs["metadata"]["name"]) for kind in IN_A_NAMESPACE for each in built(team).all(kind)}
        for team in ({**LAB, **MORE}, {**other, **MORE})
    ]
    assert len(names[0]) == 8
    assert not names[0] & names[1]


SESSION = {"keys": ["password"], "filled": "generated"}
TOKEN = {"keys": ["token"]}
TWINS: dict[str, list[dict[str, Any]]] = {
    # what meets with a dash between: teams that both have the name
    "team and namespace": [
        {**MORE, "name": "ml", "namespaces": ["serving-lab"]},
        {**MORE, "name": "ml-serving", "namespaces": ["lab"]},
    ],
    "namespace and service account": [
        {"name": "lab", "namespaces": ["a", "a-account-x"], "service_accounts": ["x-account-y", "y"]}
    ],
    "namespace and secret": [
        {
            "name": "lab",
            "namespaces": ["research", "research-hub"],
            "secrets": {
                "hub-token": {**SESSION, "namespaces": ["research"]},
                "token": {**SESSION, "namespaces": ["research-hub"]},
            },
        }
    ],
    "team and secret": [
        {"name": "ml", "namespaces": ["a"], "secrets": {"secrets-token": TOKEN}},
        {"name": "ml-secrets", "namespaces": ["b"], "secrets": {"token": TOKEN}},
    ],
}


@pytest.mark.parametrize("name", TWINS)
def test_no_names_of_teams_meet(name: str) -> None:
    """The engine refuses a second resource of one name."""
    assert built(*TWINS[name]).all("ResourceQuota")


def test_nothing_is_made_twice_and_nobody_makes_the_service_account_that_is_there_already() -> None:
    storage = {"file_systems": {"home": {"purpose": "shared", "used_by": [{"namespace": "lab", "mode": "write"}]}}}
    found = [
        (each.type, each.inputs["metadata"].get("namespace"), each.inputs["metadata"]["name"])
        for each in built(LAB, storage=storage).custom()
        if each.type.startswith("kubernetes:") and isinstance(each.inputs.get("metadata"), dict)
        if isinstance(each.inputs["metadata"].get("name"), str)
    ]
    assert len(found) == len(set(found)) > 5
    assert not [each for each in found if each[0].endswith(":ServiceAccount") and each[2] == "default"]


def test_pods_are_not_refused_between_the_quota_and_the_range() -> None:
    cloud = built(LAB)
    (limits,) = cloud.all("core/v1:LimitRange")
    for quota in cloud.all("core/v1:ResourceQuota"):
        assert cloud.comes_after(quota, limits), "a quota alone refuses pods that state no requests"


# Priorities


def test_every_cluster_has_the_priorities_and_none_is_that_of_pods_that_name_none() -> None:
    classes = {each.inputs["metadata"]["name"]: each.inputs for each in built().all("v1:PriorityClass")}
    assert set(classes) == {each.name for each in PRIORITIES}, "pods keep theirs when the last team leaves"
    assert not [name for name, each in classes.items() if each.get("globalDefault")], "add-ons would be experiments"


def test_training_ends_nobody_and_few_may_end_it() -> None:
    """The scheduler ends pods with `do-not-disrupt` too, and a gang ends with its first pod."""
    ending = [each.name for each in PRIORITIES if each.preemption == "PreemptLowerPriority"]
    values = {each.name: each.value for each in PRIORITIES}
    assert ending == ["production-inference", "agents"]
    assert min(values[name] for name in ending) > values["training"] > values["experiments"] > 0
    assert max(values.values()) < 1_000_000_000, "above begin the classes of Kubernetes"


def test_a_change_of_a_priority_replaces_it_and_deletes_first() -> None:
    for each in built().all("v1:PriorityClass"):
        assert set(each.replace_on_changes) == {"value", "preemptionPolicy"}, "the API server changes neither"
        assert each.delete_before_replace, "two cannot have one name"


@pytest.mark.parametrize(
    ("release", "path"),
    [("cert-manager", ("global", "priorityClassName")), ("linkerd-control-plane", ("priorityClassName",))],
)
def test_pods_of_teams_do_not_end_those_that_answer_webhooks(release: str, path: tuple[str, ...]) -> None:
    value: Any = whole_stacks.built("dev").one("v3:Release", f"main-{release}").inputs["values"]
    for step in path:
        value = value[step]
    assert value in SYSTEM

"""What a quota counts of objects whose controllers make other objects. Single pods and claims: the corpus."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from simulator.kubernetes.custom import definition
from simulator.kubernetes.operated import groups_of
from simulator.provider import Refusal
from simulator.values import Props
from tests.simulator.kubernetes.bench import Bench, bench, deployment

NO_PODS = "creates the object, waits ten minutes for pods that never start, and then fails without naming the reason."
UNSEEN = "creates the object and succeeds, but its pods never start."


@pytest.fixture
def cluster(tmp_path: Path) -> Bench:
    return bench(tmp_path)


def quota(hard: Props) -> Props:
    metadata = {"name": "q", "namespace": "default"}
    return {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": metadata, "spec": {"hard": hard}}


def job(**spec: Any) -> Props:
    template = {"spec": {"restartPolicy": "Never", "containers": [{"name": "train", "image": "i"}]}}
    metadata = {"name": "train", "namespace": "default", "annotations": {}}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": {"template": template} | spec}


def refusal(cluster: Bench, inputs: Props, preview: bool = False) -> str:
    with pytest.raises(Refusal) as refused:
        _ = cluster.preview(inputs, "other") if preview else cluster.make(inputs, "other")
    return str(refused.value)


def test_a_job_over_quota_is_said_to_make_no_pod(cluster: Bench) -> None:
    cluster.make(quota({"pods": 1}), "q")
    cluster.make(job(), "fits")
    over = job() | {"metadata": {"name": "over", "namespace": "default"}}
    text = refusal(cluster, over)
    assert (
        'pods of Job "over" is forbidden: exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1' in text
    )
    assert text.endswith(NO_PODS), "the API server stores the Job, and nobody sees why it waits"


def test_a_job_that_nobody_waits_for_would_be_green(cluster: Bench) -> None:
    cluster.make(quota({"pods": 0}), "q")
    unawaited = job()
    unawaited["metadata"]["annotations"]["pulumi.com/skipAwait"] = "true"
    assert refusal(cluster, unawaited).endswith(UNSEEN)
    replicas = deployment() | {"kind": "ReplicaSet"}
    assert refusal(cluster, replicas).endswith(UNSEEN), "the provider does not wait for ReplicaSets"


def test_a_job_counts_as_many_pods_as_run_at_once(cluster: Bench) -> None:
    cluster.make(quota({"pods": 2}), "q")
    cluster.make(job(parallelism=8, suspend=True), "suspended")
    other = {"name": "other", "namespace": "default"}
    cluster.make(job(parallelism=8, completions=2) | {"metadata": other}, "two")


def test_finished_jobs_count_until_they_are_deleted(cluster: Bench) -> None:
    cluster.make(quota({"count/jobs.batch": 1}), "q")
    cluster.make(job(suspend=True), "first")
    second = job(suspend=True) | {"metadata": {"name": "second", "namespace": "default"}}
    text = refusal(cluster, second)
    assert 'jobs.batch "second" is forbidden: exceeded quota: q, requested: count/jobs.batch=1, used:' in text
    assert NO_PODS not in text, "the API server refuses the Job itself"


def claim(size: str = "1Gi", class_: str | None = "gp3") -> Props:
    named = {"storageClassName": class_} if class_ else {}
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}, **named}
    return {"metadata": {"name": "data"}, "spec": spec}


def stateful(replicas: int, **template: Any) -> Props:
    pods = {"metadata": {"labels": {"app": "db"}}, "spec": {"containers": [{"name": "db", "image": "i"}]} | template}
    spec = {"replicas": replicas, "serviceName": "db", "selector": {"matchLabels": {"app": "db"}}, "template": pods}
    metadata = {"name": "db", "namespace": "default"}
    whole = spec | {"volumeClaimTemplates": [claim()]}
    return {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": metadata, "spec": whole}


def test_the_claims_of_a_stateful_set_count(cluster: Bench) -> None:
    cluster.make(quota({"gp3.storageclass.storage.k8s.io/requests.storage": "2Gi"}), "q")
    text = refusal(cluster, stateful(3))
    assert 'persistentvolumeclaims of StatefulSet "db" is forbidden: exceeded quota: q, requested: gp3.storage' in text
    cluster.make(stateful(2), "db")


def test_a_limit_range_of_claims_holds_for_those_of_a_stateful_set(cluster: Bench) -> None:
    limits = {"limits": [{"type": "PersistentVolumeClaim", "max": {"storage": "512Mi"}}]}
    limit_range = {"apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "l", "namespace": "default"}}
    cluster.make({**limit_range, "spec": limits}, "l")
    assert "maximum storage usage per PersistentVolumeClaim is 512Mi, but request is 1Gi" in refusal(
        cluster, stateful(1)
    )


def test_an_ephemeral_volume_is_a_claim_of_the_default_class(cluster: Bench) -> None:
    default = {"storageclass.kubernetes.io/is-default-class": "true"}
    storage = {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "provisioner": "ebs.csi.aws.com"}
    cluster.make({**storage, "metadata": {"name": "gp3", "annotations": default}}, "class")
    cluster.make(quota({"gp3.storageclass.storage.k8s.io/requests.storage": 0}), "q")
    scratch = {"volumeClaimTemplate": {"spec": claim(class_=None)["spec"]}}
    made = job()
    made["spec"]["template"]["spec"]["volumes"] = [{"name": "scratch", "ephemeral": scratch}]
    assert 'persistentvolumeclaims of Job "train" is forbidden' in refusal(cluster, made)


def test_devices_of_a_claim_template_count_for_each_pod(cluster: Bench) -> None:
    cluster.make(quota({"gpu.nvidia.com.deviceclass.resource.k8s.io/devices": 4}), "q")
    request = {"name": "gpu", "exactly": {"deviceClassName": "gpu.nvidia.com", "count": 2}}
    template = {"apiVersion": "resource.k8s.io/v1", "kind": "ResourceClaimTemplate"}
    metadata = {"name": "two", "namespace": "default"}
    cluster.make({**template, "metadata": metadata, "spec": {"spec": {"devices": {"requests": [request]}}}}, "template")
    made = job(parallelism=3)
    made["spec"]["template"]["spec"]["resourceClaims"] = [{"name": "gpu", "resourceClaimTemplateName": "two"}]
    text = refusal(cluster, made)
    assert "requested: gpu.nvidia.com.deviceclass.resource.k8s.io/devices=6, used:" in text
    assert text.endswith(NO_PODS)
    made["spec"]["parallelism"] = 2
    cluster.make(made, "fits")


CLASSES = {f"{name}.deviceclass.resource.k8s.io/devices": 0 for name in ("gpu", "mig")}


@pytest.mark.parametrize(
    ("requests", "asked"),
    [
        ([{"exactly": {"deviceClassName": "gpu"}}], {"gpu": 1}),
        ([{"exactly": {"deviceClassName": "gpu"}}, {"exactly": {"deviceClassName": "gpu", "count": 4}}], {"gpu": 5}),
        ([{"exactly": {"deviceClassName": "gpu", "allocationMode": "All"}}], {"gpu": 32}),
        (
            [
                {
                    "firstAvailable": [
                        {"name": str(number), "deviceClassName": name, "count": number}
                        for number, name in ((2, "gpu"), (3, "gpu"), (1, "mig"))
                    ]
                }
            ],
            {"gpu": 3, "mig": 1},
        ),
    ],
    ids=["one", "two requests", "all", "the first that is there"],
)
def test_a_claim_counts_all_devices_that_it_may_take(
    cluster: Bench, requests: list[Props], asked: dict[str, int]
) -> None:
    """Source: pkg/quota/v1/evaluator/core/resource_claims.go of Kubernetes 1.35.4."""
    cluster.make(quota(CLASSES), "q")
    spec = {"devices": {"requests": [{"name": f"r{place}", **each} for place, each in enumerate(requests)]}}
    metadata = {"name": "c", "namespace": "default"}
    text = refusal(
        cluster, {"apiVersion": "resource.k8s.io/v1", "kind": "ResourceClaim", "metadata": metadata, "spec": spec}
    )
    for name, count in asked.items():
        assert f"{name}.deviceclass.resource.k8s.io/devices={count}" in text


def test_the_root_certificates_and_the_default_account_count(cluster: Bench) -> None:
    counts = {"count/configmaps": 1, "count/serviceaccounts": 1}
    cluster.make(quota(counts), "q")
    for kind in ("ConfigMap", "ServiceAccount"):
        one = {"apiVersion": "v1", "kind": kind, "metadata": {"name": "own", "namespace": "default"}}
        assert "=1, limited" in refusal(cluster, one)


def test_a_quota_and_a_pod_of_one_preview(cluster: Bench) -> None:
    cluster.preview(quota({"pods": 1}), "q")
    cluster.preview(job(), "first")
    over = job() | {"metadata": {"name": "over", "namespace": "default"}}
    assert "exceeded quota: q, requested: pods=1, used: pods=1" in refusal(cluster, over, preview=True)


def test_a_change_that_makes_no_pod_passes_a_quota_that_was_lowered(cluster: Bench) -> None:
    web = cluster.make(deployment(replicas=4), "web")
    cluster.make(quota({"pods": 2}), "q")
    labelled = deployment(replicas=4)
    labelled["metadata"]["labels"] = {"owner": "a"}
    cluster.update(web, labelled, "web")
    cluster.update(web, deployment(replicas=3), "web")
    with pytest.raises(Refusal, match=r"requested: pods=1, used: pods=3, limited: pods=2"):
        cluster.update((web[0], deployment(replicas=3), web[2]), deployment(replicas=4), "web")


@pytest.mark.parametrize(
    ("spec", "stops"),
    [
        ({}, True),
        ({"strategy": {"type": "Recreate"}}, False),
        ({"strategy": {"rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}}}, False),
        ({"replicas": 4}, False),
    ],
    ids=["one pod", "recreated", "without a surge", "a quarter may be missing"],
)
def test_a_rollout_needs_quota_for_one_pod_more_where_none_may_be_missing(
    cluster: Bench, spec: Props, stops: bool
) -> None:
    cluster.make(quota({"pods": spec.get("replicas", 1)}), "q")
    web = cluster.make(deployment(**spec), "web")
    after = deployment(**spec)
    after["spec"]["template"]["spec"]["containers"][0]["image"] = "registry.invalid/app:2"
    if stops:
        with pytest.raises(Refusal, match=r"requested: pods=1, used: pods=1, limited: pods=1"):
            cluster.update(web, after, "web")
    else:
        cluster.update(web, after, "web")


def test_a_service_that_becomes_a_load_balancer_asks_for_one(cluster: Bench) -> None:
    cluster.make(quota({"services": 1, "services.loadbalancers": 0}), "q")
    service: Props = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web", "namespace": "default"}}
    service["spec"] = {"type": "ClusterIP", "selector": {"app": "web"}, "ports": [{"port": 80}]}
    made = cluster.make(service, "web")
    with pytest.raises(Refusal, match=r"requested: services.loadbalancers=1, used: services.loadbalancers=0"):
        cluster.update(made, {**service, "spec": {**service["spec"], "type": "LoadBalancer"}}, "web")


def test_two_defaults_of_one_preview_are_one_too_many(cluster: Bench) -> None:
    first, second = (
        {
            "apiVersion": "scheduling.k8s.io/v1",
            "kind": "PriorityClass",
            "metadata": {"name": name},
            "value": 5,
            "globalDefault": True,
        }
        for name in ("first", "second")
    )
    cluster.preview(first, "first")
    assert "PriorityClass first is already marked as default" in refusal(cluster, second, preview=True)


GPU = {"limits": {"nvidia.com/gpu": 4}}


def pods(**resources: Any) -> Props:
    container = {"name": "main", "image": "registry.invalid/main:1"}
    return {"spec": {"containers": [container | ({"resources": resources} if resources else {})]}}


def custom(api_version: str, kind: str, **spec: Any) -> Props:
    metadata = {"name": "work", "namespace": "default"}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, "spec": spec}


def job_set(**job: Any) -> Props:
    inner = {"parallelism": 3, "template": pods(**GPU)} | job
    listed = [{"name": "workers", "replicas": 2, "template": {"spec": inner}}]
    return custom("jobset.x-k8s.io/v1alpha2", "JobSet", replicatedJobs=listed)


def ray_cluster(**group: Any) -> Props:
    worker = {"groupName": "gpu", "rayStartParams": {}, "template": pods(**GPU), "replicas": 2} | group
    return {"headGroupSpec": {"rayStartParams": {}, "template": pods()}, "workerGroupSpecs": [worker]}


def leader_worker_set(**template: Any) -> Props:
    made = {"size": 3, "workerTemplate": pods(**GPU)} | template
    return custom("leaderworkerset.x-k8s.io/v1", "LeaderWorkerSet", replicas=2, leaderWorkerTemplate=made)


OPERATED: dict[str, tuple[Props, int, int]] = {
    # what is made: (the object, its pods, its GPUs)
    "a JobSet": (job_set(), 6, 24),
    "a JobSet whose Jobs end sooner": (job_set(completions=1), 2, 8),
    "a JobSet whose Jobs are suspended": (job_set(suspend=True), 0, 0),
    "groups without a leader of their own": (leader_worker_set(), 6, 24),
    "groups with a leader without GPUs": (leader_worker_set(leaderTemplate=pods()), 6, 16),
    "leaders alone": (leader_worker_set(size=1), 2, 8),
    "a RayCluster": (custom("ray.io/v1", "RayCluster", **ray_cluster()), 3, 8),
    "groups of several hosts": (custom("ray.io/v1", "RayCluster", **ray_cluster(numOfHosts=2)), 5, 16),
    "at least so many": (custom("ray.io/v1", "RayCluster", **ray_cluster(minReplicas=4)), 5, 16),
    "at most so many": (custom("ray.io/v1", "RayCluster", **ray_cluster(maxReplicas=1)), 2, 4),
    "a group that is suspended": (custom("ray.io/v1", "RayCluster", **ray_cluster(suspend=True)), 1, 0),
    "a RayCluster that is suspended": (custom("ray.io/v1", "RayCluster", suspend=True, **ray_cluster()), 0, 0),
    "a RayJob": (custom("ray.io/v1", "RayJob", entrypoint="x", rayClusterSpec=ray_cluster()), 3, 8),
    "a RayJob with a submitter": (
        custom(
            *("ray.io/v1", "RayJob"), entrypoint="x", rayClusterSpec=ray_cluster(), submitterPodTemplate=pods(**GPU)
        ),
        4,
        12,
    ),
    "a RayJob in a cluster that is there": (
        custom("ray.io/v1", "RayJob", entrypoint="x", clusterSelector={"a": "b"}),
        0,
        0,
    ),
    "a RayService": (custom("ray.io/v1", "RayService", rayClusterConfig=ray_cluster()), 3, 8),
}


def served(cluster: Bench, inputs: Props) -> None:
    group = inputs["apiVersion"].partition("/")[0]
    known = definition(group, inputs["kind"])
    assert known is not None
    spec = {**known["spec"], "conversion": {"strategy": "None"}}  # its operator, which converts, is not there
    cluster.make({**known, "spec": spec}, "definition")


@pytest.mark.parametrize("name", OPERATED)
def test_pods_that_an_operator_makes_of_a_custom_kind_are_counted(cluster: Bench, name: str) -> None:
    made, count, gpus = OPERATED[name]
    served(cluster, made)
    limits = {"pods": str(count), "requests.nvidia.com/gpu": str(gpus)}
    cluster.make(quota(limits), "q")
    cluster.make(made, "work")
    one_more = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "default"}} | pods()
    assert f"used: pods={count}, limited: pods={count}" in refusal(cluster, one_more)


@pytest.mark.parametrize("name", [name for name, (_, count, _) in OPERATED.items() if count])
def test_a_custom_kind_whose_pods_are_over_quota_is_refused_although_the_real_server_stores_it(
    cluster: Bench, name: str
) -> None:
    made, count, gpus = OPERATED[name]
    served(cluster, made)
    cluster.make(quota({"pods": str(count - 1), "requests.nvidia.com/gpu": str(gpus)}), "q")
    text = refusal(cluster, made)
    assert f'pods of {made["kind"]} "work" is forbidden: exceeded quota: q' in text
    assert text.endswith(UNSEEN), "Pulumi waits for none of these"


def test_a_group_that_grows_asks_for_the_difference(cluster: Bench) -> None:
    before, after = (custom("ray.io/v1", "RayCluster", **ray_cluster(replicas=each)) for each in (2, 3))
    served(cluster, before)
    cluster.make(quota({"requests.nvidia.com/gpu": "12"}), "q")
    made = cluster.make(before, "work")
    cluster.update(made, cluster.checked(after, "work", made[1]), "work")
    too_many = custom("ray.io/v1", "RayCluster", **ray_cluster(replicas=4))
    with pytest.raises(Refusal, match="exceeded quota: q"):
        cluster.update(made, cluster.checked(too_many, "work", made[1]), "work")


def test_a_kind_of_the_same_name_of_somebody_else_makes_nothing(cluster: Bench) -> None:
    assert not [*groups_of(custom("example.com/v1", "RayCluster", **ray_cluster()))]

"""Pods that operators make of objects of custom kinds which hold templates of pods: a row for each kind.

Not here, since their pods are made from other objects or by code: TrainJob (of a runtime), InferenceService and
VLLMRuntime (of the operator's settings), Workflow (of containers in its steps), ScaledJob (as many as events come).
Helpers without a template of their own, such as the submitter of most RayJobs, are not counted either.
Sources: kubernetes-sigs/jobset, api/jobset/v1alpha2; kubernetes-sigs/lws, api/leaderworkerset/v1 (size counts the
leader); ray-project/kuberay, ray-operator/controllers/ray/utils/util.go, GetWorkerGroupDesiredReplicas; read 2026-11
in copies whose versions are unverified. The fields are those of our definitions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from simulator.kubernetes.meaning.node import Node

Group = tuple[str, Node, int]
"""Name of a group of pods, its template, and how many there are."""


def pods_of_job(spec: Node) -> int:
    """Returns how many pods of a Job run at once."""
    if spec["suspend"].value is True:
        return 0
    copies, most = _number(spec["parallelism"], 1), spec["completions"].number
    return copies if most is None else min(copies, most)


def _number(field: Node, default: int) -> int:
    return default if field.number is None else field.number


def _job_set(spec: Node) -> Iterator[Group]:
    for job in spec["replicatedJobs"].items:
        inner = job["template"]["spec"]
        yield job["name"].text or "", inner["template"], _number(job["replicas"], 1) * pods_of_job(inner)


def _leaders_and_workers(spec: Node) -> Iterator[Group]:
    made, groups = spec["leaderWorkerTemplate"], _number(spec["replicas"], 1)
    leader = made["leaderTemplate"] if made["leaderTemplate"].is_set else made["workerTemplate"]
    yield "leader", leader, groups
    yield "workers", made["workerTemplate"], groups * (_number(made["size"], 1) - 1)


def _ray_cluster(spec: Node) -> Iterator[Group]:
    if spec["headGroupSpec"].is_set:
        yield "head", spec["headGroupSpec"]["template"], 1
    for group in spec["workerGroupSpecs"].items:
        least, most = _number(group["minReplicas"], 0), group["maxReplicas"].number
        wanted = max(_number(group["replicas"], 0), least)
        copies = 0 if group["suspend"].value is True else wanted if most is None else min(wanted, most)
        yield group["groupName"].text or "", group["template"], copies * _number(group["numOfHosts"], 1)


def _ray_job(spec: Node) -> Iterator[Group]:
    yield from _ray_cluster(spec["rayClusterSpec"])
    if spec["submitterPodTemplate"].is_set:
        yield "submitter", spec["submitterPodTemplate"], 1


_KINDS: Mapping[tuple[str, str], Callable[[Node], Iterator[Group]]] = {
    ("jobset.x-k8s.io", "JobSet"): _job_set,
    ("leaderworkerset.x-k8s.io", "LeaderWorkerSet"): _leaders_and_workers,
    ("ray.io", "RayCluster"): _ray_cluster,
    ("ray.io", "RayJob"): _ray_job,
    ("ray.io", "RayService"): lambda spec: _ray_cluster(spec["rayClusterConfig"]),
}


def groups_of(state: Mapping[str, Any]) -> Iterator[Group]:
    """Yields the groups of pods that an operator makes of an object; none of one that is suspended."""
    make = _KINDS.get((str(state.get("apiVersion", "")).rpartition("/")[0], str(state.get("kind"))))
    spec = Node(state)["spec"]
    for group in make(spec) if make and spec["suspend"].value is not True else ():
        if isinstance(group[1]["spec"].value, Mapping) and group[2] > 0:
            yield group

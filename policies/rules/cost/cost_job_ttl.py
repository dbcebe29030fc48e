"""Jobs that are done are deleted after a while; those of a CronJob are, by its limits of history.

A RayJob keeps its cluster, with all GPUs, until somebody deletes it. Sources: Kubernetes, "Automatic Cleanup for
Finished Jobs"; JobSet v1alpha2 and RayJob v1, their definitions; read 2026-11.
"""

from collections.abc import Iterator

from policies.objects import objects
from policies.rule import Case, Option, Resource, Rule, View, flag, number

AFTER, SHUTDOWN = "spec.ttlSecondsAfterFinished", "spec.shutdownAfterJobFinishes"
KINDS = (("batch", "Job"), ("jobset.x-k8s.io", "JobSet"), ("ray.io", "RayJob"))


def check(resource: Resource, *, seconds: float) -> Iterator[tuple[str, str]]:
    def job(view: View) -> Iterator[tuple[str, str]]:
        if resource.type.startswith("kubernetes:ray.io/"):
            if not flag(view, SHUTDOWN):
                yield view.under(SHUTDOWN), "is not true, so the cluster of a job that is done stays, with its GPUs"
            return
        after = number(view, AFTER)
        if after is None or after > seconds:
            yield view.under(AFTER), f"is not set, or more than {seconds:g}: pods and logs of what is done pile up"

    for item in (each for kind in KINDS for each in objects(resource, *kind)):
        yield from job(item)


JOB, JOB_SET, RAY_JOB = (
    "kubernetes:batch/v1:Job",
    "kubernetes:jobset.x-k8s.io/v1alpha2:JobSet",
    "kubernetes:ray.io/v1:RayJob",
)

RULE = Rule(
    id="cost-job-ttl",
    applies_to=(f"{JOB}*", f"{JOB_SET}*", f"{RAY_JOB}*"),
    severity="low",
    standards=("EKS best practices: AI/ML compute",),
    why="Jobs that are done fill etcd and the quota of objects, and a cluster without work costs what it did with it.",
    mend={"ttlSecondsAfterFinished": 86400, "shutdownAfterJobFinishes": True},
    fix="Set spec.ttlSecondsAfterFinished, such as 86400; for a RayJob, shutdownAfterJobFinishes: true.",
    options={"seconds": Option("The longest time that a job may stay.", 7 * 86_400, stricter="less")},
    dev="advisory",
    staging="advisory",
    prod="advisory",
    check=check,
    good={
        "a day": Case({"spec": {"ttlSecondsAfterFinished": 86_400}}, type=JOB),
        "at once": Case({"spec": {"ttlSecondsAfterFinished": 0}}, type=JOB),
        "a week": Case({"spec": {"ttlSecondsAfterFinished": 604_800}}, type=JOB_SET),
        "a RayJob": Case({"spec": {"shutdownAfterJobFinishes": True}}, type=RAY_JOB),
    },
    bad={
        "nothing set": Case({"spec": {}}, type=JOB, at=AFTER),
        "ten years": Case({"spec": {"ttlSecondsAfterFinished": 315_360_000}}, type=JOB, at=AFTER),
        "a JobSet": Case({"spec": {}}, type=JOB_SET, at=AFTER),
        "a RayJob": Case({"spec": {"ttlSecondsAfterFinished": 60}}, type=RAY_JOB, at=SHUTDOWN),
        "a list": Case({"items": [{"spec": {}}]}, type=f"{JOB}List", at=f"items[0].{AFTER}"),
    },
)

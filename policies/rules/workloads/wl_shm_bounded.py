"""A volume in memory has a limit of its size, such as /dev/shm of a training job.

Without one it may take all memory that the node gives to pods. Source: Kubernetes, "Volumes" (emptyDir); read 2026-11.
"""

from collections.abc import Iterator

from policies.pods import KUBERNETES, in_pods
from policies.rule import Resource, Rule, View, each, present, text
from policies.samples import pod_of

MEDIUM, SIZE = "emptyDir.medium", "emptyDir.sizeLimit"


def _volume(volume: View) -> Iterator[tuple[str, str]]:
    if text(volume, MEDIUM).startswith(("Memory", "HugePages")) and not present(volume, SIZE):
        yield volume.under(SIZE), "is not set, so the volume may fill the memory of the node"


def check(resource: Resource) -> Iterator[tuple[str, str]]:
    return in_pods(resource, (), lambda pod: (found for one in each(pod.spec, "volumes") for found in _volume(one)))


def _empty_dir(**fields: object) -> list[object]:
    return [{"name": "shm", "emptyDir": fields}]


AT = f"spec.volumes[0].{SIZE}"

RULE = Rule(
    id="wl-shm-bounded",
    applies_to=KUBERNETES,
    severity="medium",
    standards=("Kubernetes: volumes",),
    why="A data loader that leaks into /dev/shm ends its own pod, or takes its neighbours with it.",
    fix="Set emptyDir.sizeLimit, and count it in resources.limits.memory.",
    dev="advisory",
    check=check,
    good={
        "nothing set": pod_of({}),
        "a limit": pod_of({}, volumes=_empty_dir(medium="Memory", sizeLimit="16Gi")),
        "on the disk": pod_of({}, volumes=_empty_dir()),
    },
    bad={
        "in memory": pod_of({}, volumes=_empty_dir(medium="Memory"), at=AT),
        "in huge pages": pod_of({}, volumes=_empty_dir(medium="HugePages-2Mi"), at=AT),
    },
)

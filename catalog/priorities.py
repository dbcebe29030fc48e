"""PriorityClasses: which pods go first when there is no room, and which make room for others.

A pod that preempts makes others end, also those with `karpenter.sh/do-not-disrupt`, and one lost pod ends a gang. So
only what serves people preempts; training waits. Kubernetes' own system classes begin at 2 000 000 000, and values of
users end at 1 000 000 000. Source: Kubernetes 1.35, "Pod Priority and Preemption"; read 2026-11.
"""

from dataclasses import dataclass
from typing import Literal

Name = Literal["production-inference", "agents", "training", "experiments"]
Preemption = Literal["PreemptLowerPriority", "Never"]


@dataclass(frozen=True)
class Priority:
    """One class. name: of the PriorityClass, and in the stack file. value: the higher one goes first."""

    name: Name
    value: int
    preemption: Preemption
    description: str


# From high to low. Value and preemption of a class cannot change: a change replaces it.
PRIORITIES = (
    Priority("production-inference", 1_000_000, "PreemptLowerPriority", "models that serve people"),
    Priority("agents", 800_000, "PreemptLowerPriority", "agents that people wait for"),
    Priority("training", 500_000, "Never", "training: waits for room, and is ended by what serves"),
    Priority("experiments", 100_000, "Never", "notebooks and trials: the first to make room"),
)
NAMES = tuple(priority.name for priority in PRIORITIES)
SYSTEM = ("system-cluster-critical", "system-node-critical")


def up_to(highest: Name) -> tuple[Name, ...]:
    """Returns the classes that a team may use whose highest one is given."""
    return NAMES[NAMES.index(highest) :]

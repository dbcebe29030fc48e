"""The PriorityClasses of a cluster: every cluster has them, so that pods keep theirs when the last team leaves.

None is the global default. It would also hold for pods of add-ons that name none: they would be experiments, which
preempt nobody and are the first to make room. Without one, pods that name none have 0, and come after experiments.
Source: Kubernetes 1.35, "Pod Priority and Preemption"; read 2026-11.
"""

import pulumi
import pulumi_kubernetes as kubernetes

from catalog.priorities import PRIORITIES


def register(name: str, opts: pulumi.ResourceOptions) -> None:
    """Registers the classes. name: what the names of the resources begin with."""
    for each in PRIORITIES:
        kubernetes.scheduling.v1.PriorityClass(
            f"{name}-{each.name}",
            metadata={"name": each.name},
            value=each.value,
            preemption_policy=each.preemption,
            description=each.description,
            # The API server changes neither, and two classes cannot have one name. Pods that start meanwhile are
            # refused; those that are up keep the old value.
            opts=pulumi.ResourceOptions.merge(
                opts,
                pulumi.ResourceOptions(replace_on_changes=["value", "preemptionPolicy"], delete_before_replace=True),
            ),
        )

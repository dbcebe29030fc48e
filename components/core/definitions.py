"""Custom resource definitions that no chart brings: the platform is their only owner in a cluster."""

import pulumi
import pulumi_kubernetes as kubernetes

from catalog.crds import made_by_us


def custom_resource_definitions(
    name: str, group: str, opts: pulumi.ResourceOptions
) -> list[kubernetes.apiextensions.v1.CustomResourceDefinition]:
    """Registers the definitions of a folder of catalog/crd_files.

    They stay in the cluster when nothing needs them any more: with a definition all objects of its kind go, those of
    users too.
    """
    keep = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(retain_on_delete=True))
    return [
        kubernetes.apiextensions.v1.CustomResourceDefinition(
            f"{name}-{definition['spec']['names']['plural']}",
            metadata=definition["metadata"],
            spec=definition["spec"],
            opts=keep,
        )
        for definition in made_by_us(group).values()
    ]

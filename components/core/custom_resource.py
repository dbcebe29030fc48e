"""Registers custom resources, and waits until their controller marks them ready."""

import pulumi
import pulumi_kubernetes as kubernetes

from components.core.untyped import Manifest

# By itself the provider waits for no custom resource, so an EC2NodeClass whose role or subnets do not exist would be a
# success. With the annotation it waits ten minutes for the condition.
# Source: pulumi/pulumi-kubernetes, provider/pkg/metadata/overrides.go, 4.34 line, read 2026-11.


def custom_resource(
    name: str, manifest: Manifest, opts: pulumi.ResourceOptions, condition: str | None = "Ready"
) -> kubernetes.apiextensions.CustomResource:
    """Registers one custom resource. condition: what its controller sets; None for a kind that has no condition."""
    metadata = manifest["metadata"]
    waits = {"pulumi.com/waitFor": f"condition={condition}"} if condition else {}
    annotations = {**waits, **metadata.get("annotations", {})}
    return kubernetes.apiextensions.CustomResource(
        name,
        api_version=manifest["apiVersion"],
        kind=manifest["kind"],
        metadata={**metadata, **({"annotations": annotations} if annotations else {})},
        spec=manifest["spec"],
        opts=opts,
    )

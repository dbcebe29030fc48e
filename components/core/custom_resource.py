"""Registers custom resources, and waits until their controller marks them ready."""

import pulumi
import pulumi_kubernetes as kubernetes

from components.core.untyped import Manifest

# By itself the provider waits for no custom resource, so an EC2NodeClass whose role or subnets do not exist would be a
# success. With this annotation it waits ten minutes for the condition; a manifest of a kind without the condition
# `Ready` overrides it. Source: pulumi/pulumi-kubernetes, provider/pkg/metadata/overrides.go, 4.34 line, read 2026-11.
WAITS = {"pulumi.com/waitFor": "condition=Ready"}


def custom_resource(
    name: str, manifest: Manifest, opts: pulumi.ResourceOptions, *, awaited: bool = True
) -> kubernetes.apiextensions.CustomResource:
    """Registers one custom resource.

    awaited: whether its controller sets the condition `Ready`, and `pulumi up` waits for it.
    """
    metadata = dict(manifest["metadata"])
    if annotations := (WAITS if awaited else {}) | metadata.get("annotations", {}):  # the server drops an empty one
        metadata["annotations"] = annotations
    return kubernetes.apiextensions.CustomResource(
        name,
        api_version=manifest["apiVersion"],
        kind=manifest["kind"],
        metadata=metadata,
        spec=manifest["spec"],
        opts=opts,
    )

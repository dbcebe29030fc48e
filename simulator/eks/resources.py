"""Registers AWS resources without the AWS SDK: the engine only needs type token, inputs and the SDK's version.

Importing pulumi_aws for a dozen types would take longer than everything else that the simulator does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pulumi
from pulumi.runtime import invoke_output
from pulumi.runtime.rpc import ResourceModule, get_resource_module, register_resource_module
from semver import VersionInfo

AWS_SDK = "7.48.0"  # the versions that pulumi-eks 4.4.0 uses; the engine starts a default provider for each version
KUBERNETES_SDK = "4.34.2"


class AwsResource(pulumi.CustomResource):
    """Any AWS resource. outputs: the computed outputs that are read from it as attributes."""

    def __init__(
        self,
        token: str,
        name: str,
        inputs: Mapping[str, Any],
        opts: pulumi.ResourceOptions,
        outputs: Iterable[str] = (),
    ) -> None:
        options = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(version=AWS_SDK))
        super().__init__(token, name, dict.fromkeys(outputs) | dict(inputs), options)

    def output(self, name: str) -> pulumi.Output[Any]:
        """Returns one of the inputs or outputs that the constructor was given."""
        value: pulumi.Output[Any] = getattr(self, name)
        return value


def aws_invoke(token: str, arguments: Mapping[str, Any], parent: pulumi.Resource) -> pulumi.Output[Any]:
    """Calls a function of the AWS provider that the parent uses."""
    return invoke_output(token, dict(arguments), pulumi.InvokeOptions(parent=parent, version=AWS_SDK))


class _ReferencedResources(ResourceModule):
    """Turns references to the program's resources into resources, with the outputs that are read here."""

    def __init__(self, outputs: tuple[str, ...]) -> None:
        self._outputs = outputs

    def version(self) -> VersionInfo | None:
        return None

    def construct(self, name: str, typ: str, urn: str) -> pulumi.Resource:
        options = pulumi.ResourceOptions(urn=urn)
        return AwsResource(typ, name, {}, options, self._outputs)


def accept_references() -> None:
    """Accepts roles and security groups as inputs; without this, a reference to a resource becomes its id."""
    for module, outputs in {"iam/role": ("arn", "name"), "ec2/securityGroup": ("arn",)}.items():
        if get_resource_module("aws", module, "") is None:
            register_resource_module("aws", module, _ReferencedResources(outputs))

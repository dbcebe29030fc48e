"""Resources without an SDK: the engine needs a type token, inputs and the version of the SDK that would have spoken.

Importing pulumi_aws for a dozen types would cost the simulator more time than everything else that it does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pulumi
from pulumi.runtime import invoke_output
from pulumi.runtime.rpc import ResourceModule, get_resource_module, register_resource_module
from semver import VersionInfo

AWS_SDK = "7.48.0"  # the versions that pulumi-eks 4.4.0 brings; engines start a default provider for each
KUBERNETES_SDK = "4.34.2"


class AwsResource(pulumi.CustomResource):
    """Any AWS resource. outputs: the computed outputs that somebody reads from it as attributes."""

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
        """One of the inputs or outputs named when it was made."""
        value: pulumi.Output[Any] = getattr(self, name)
        return value


def aws_invoke(token: str, arguments: Mapping[str, Any], parent: pulumi.Resource) -> pulumi.Output[Any]:
    """Calls a function of the AWS provider that the parent uses."""
    return invoke_output(token, dict(arguments), pulumi.InvokeOptions(parent=parent, version=AWS_SDK))


class _Given(ResourceModule):
    """Turns references to resources that the program made into resources again, with the outputs read here."""

    def __init__(self, outputs: tuple[str, ...]) -> None:
        self._outputs = outputs

    def version(self) -> VersionInfo | None:
        return None

    def construct(self, name: str, typ: str, urn: str) -> pulumi.Resource:
        options = pulumi.ResourceOptions(urn=urn)
        return AwsResource(typ, name, {}, options, self._outputs)


def accept_references() -> None:
    """Lets roles and security groups be passed in; without it a reference becomes the bare id."""
    for module, outputs in {"iam/role": ("arn", "name"), "ec2/securityGroup": ("arn",)}.items():
        if get_resource_module("aws", module, "") is None:
            register_resource_module("aws", module, _Given(outputs))

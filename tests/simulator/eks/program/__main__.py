"""Registers a VPC, two subnets, a key, and one eks.Cluster for each entry of CLUSTERS, without provider SDKs."""

import json
import os
from typing import Any

import pulumi

AWS = pulumi.ResourceOptions(version="7.51.1")
OUTPUTS = (
    *("autoModeNodeRoleName", "clusterIngressRuleId", "clusterSecurityGroup", "clusterSecurityGroupId", "core"),
    *("eksCluster", "kubeconfig", "kubeconfigJson", "nodeSecurityGroupId", "oidcIssuer", "oidcProviderArn"),
)


def resource(token: str, name: str, **inputs: Any) -> pulumi.CustomResource:
    return pulumi.CustomResource(token, name, inputs, AWS)


vpc = resource("aws:ec2/vpc:Vpc", "vpc")
made: dict[str, Any] = {  # keys are names in the record; `arn` makes the output readable
    "aws:ec2/vpc:Vpc::vpc": vpc,
    "aws:kms/key:Key::key": resource("aws:kms/key:Key", "key", arn=None),
    "aws:iam/role:Role::service": resource("aws:iam/role:Role", "service", arn=None),
}
for zone in ("us-west-2a", "us-west-2b"):
    made[f"aws:ec2/subnet:Subnet::private-{zone}"] = resource("aws:ec2/subnet:Subnet", f"private-{zone}", vpcId=vpc.id)


def filled(value: Any) -> Any:
    """Replaces recorded outputs in the recorded inputs by outputs of this program's resources."""
    if isinstance(value, dict) and "$output" in value:
        source = made[value["dependencies"][0]]
        return source.arn if "Key" in value["dependencies"][0] else source.id
    if isinstance(value, dict) and "$resource" in value:
        return made[value["$resource"]]
    if isinstance(value, dict):
        return {key: filled(item) for key, item in value.items()}
    return [filled(item) for item in value] if isinstance(value, list) else value


class Cluster(pulumi.ComponentResource):
    """Registers the component as the SDK's own class does."""

    def __init__(self, name: str, inputs: dict[str, Any], opts: pulumi.ResourceOptions) -> None:
        super().__init__("eks:index:Cluster", name, dict.fromkeys(OUTPUTS) | inputs, opts, remote=True)


provider = pulumi.ProviderResource("aws", "p", {"region": "us-west-2"}, AWS)
for configuration, inputs in json.loads(os.environ["CLUSTERS"]).items():
    options = pulumi.ResourceOptions(version="4.4.0")
    if configuration == "explicit_provider":
        options = pulumi.ResourceOptions(version="4.4.0", protect=True, providers=[provider])
    cluster = Cluster(configuration, filled(inputs), options)
    if configuration == "skip_security_groups":
        arguments = {"__self__": cluster, "profileName": "ci"}
        answer = pulumi.runtime.call("eks:index:Cluster/getKubeconfig", arguments, cluster)
        pulumi.export("kubeconfig", answer.apply(lambda outputs: outputs["result"]))

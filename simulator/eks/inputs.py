"""Checks the inputs of a simulated eks.Cluster, as the real component does before it registers anything.

Source: pulumi-eks 4.4, nodejs/eks/cluster/cluster.ts and authenticationMode.ts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi

from simulator.provider import Refusal

KNOWN = frozenset(
    {
        "accessEntries",
        "authenticationMode",
        "bootstrapSelfManagedAddons",
        "clusterSecurityGroup",
        "clusterSecurityGroupTags",
        "clusterTags",
        "corednsAddonOptions",
        "createInstanceRole",
        "createOidcProvider",
        "deletionProtection",
        "enableConfigMapMutable",
        "enabledClusterLogTypes",
        "encryptionConfigKeyArn",
        "endpointPrivateAccess",
        "endpointPublicAccess",
        "instanceRoles",
        "ipFamily",
        "kubeProxyAddonOptions",
        "kubernetesServiceIpAddressRange",
        "name",
        "nodeSecurityGroupTags",
        "privateSubnetIds",
        "providerCredentialOpts",
        "publicAccessCidrs",
        "publicSubnetIds",
        "serviceRole",
        "skipDefaultNodeGroup",
        "skipDefaultSecurityGroups",
        "subnetIds",
        "tags",
        "upgradePolicy",
        "useDefaultVpcCni",
        "version",
        "vpcCniOptions",
        "vpcId",
    }
)
_ADD = "Add it to KNOWN in simulator/eks/inputs.py, and its effect to simulator/eks/cluster.py"
_MODES = ("CONFIG_MAP", "API_AND_CONFIG_MAP", "API")


def plain(inputs: Mapping[str, Any], key: str, default: Any = None) -> Any:
    """Returns an input that decides which resources are created, and so must be known when the component is built.

    Raises Refusal for an output: the real component treats every output as true, whatever its value.
    """
    value = inputs.get(key)
    if isinstance(value, pulumi.Output):
        raise Refusal(
            f"eks.Cluster input {key} is an output, but it decides which resources are created: "
            "the real component treats every output as true. Give it a plain value."
        )
    return default if value is None else value


def validate(inputs: Mapping[str, Any]) -> None:
    """Raises Refusal for inputs that the real component refuses, in its words, and for those that are not simulated."""
    unknown = sorted(inputs.keys() - KNOWN)
    if unknown:
        raise Refusal(f"eks.Cluster input {', '.join(unknown)} is not simulated. {_ADD}.")
    _validate_authentication(inputs)
    _validate_subnets(inputs)
    if not plain(inputs, "skipDefaultNodeGroup", False):
        raise Refusal(
            "eks.Cluster without skipDefaultNodeGroup creates a default node group, which is not simulated. Set "
            "skip_default_node_group=True and create node groups yourself, or add it to simulator/eks/cluster.py."
        )
    if plain(inputs, "createInstanceRole", False) or plain(inputs, "instanceRoles", ()):
        raise Refusal(f"eks.Cluster with createInstanceRole or instanceRoles is not simulated. {_ADD}.")


def _validate_authentication(inputs: Mapping[str, Any]) -> None:
    mode = plain(inputs, "authenticationMode")
    if mode and mode not in _MODES:
        raise Refusal(f"Invalid value for authenticationMode: {mode}. Allowed values are: {', '.join(_MODES)}.")
    if mode == "API" and plain(inputs, "instanceRoles", ()):
        raise Refusal(
            "The 'instanceRoles' property does not support non-empty values when 'authenticationMode' is set to 'API'."
        )
    if mode not in ("API", "API_AND_CONFIG_MAP") and inputs.get("accessEntries"):
        setting = f"set to '{mode}'" if mode else "not set"
        raise Refusal(f"The 'accessEntries' property is not supported when 'authenticationMode' is {setting}.")
    if mode != "API":
        raise Refusal(
            f"eks.Cluster with authenticationMode {mode or 'not set'} writes the aws-auth ConfigMap, which is not "
            "simulated. Set authentication_mode to API, or add it to simulator/eks/cluster.py."
        )


def _validate_subnets(inputs: Mapping[str, Any]) -> None:
    by_kind = inputs.get("publicSubnetIds") or inputs.get("privateSubnetIds")
    if inputs.get("subnetIds") and by_kind:
        raise Refusal(
            "subnetIds, and the use of publicSubnetIds and/or privateSubnetIds are mutually exclusive. "
            "Choose a single approach."
        )
    if not inputs.get("vpcId"):
        raise Refusal("eks.Cluster without vpcId uses the account's default VPC, which is not simulated. Give vpc_id.")
    if inputs.get("publicAccessCidrs") and inputs.get("endpointPublicAccess") is False:
        raise Refusal("`publicAccessCidrs` can only be set when `endpointPublicAccess` is true")

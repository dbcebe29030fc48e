"""Derives the configuration of the vpc-cni add-on from the options of pulumi-eks.

Source: pulumi-eks 4.4, nodejs/eks/addons/cni-addon.ts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simulator.provider import Refusal

_ALWAYS = {  # option -> variable and its default value
    "warmEniTarget": ("WARM_ENI_TARGET", "1"),
    "logLevel": ("AWS_VPC_K8S_CNI_LOGLEVEL", "DEBUG"),
    "logFile": ("AWS_VPC_K8S_CNI_LOG_FILE", "/host/var/log/aws-routed-eni/ipamd.log"),
    "vethPrefix": ("AWS_VPC_K8S_CNI_VETHPREFIX", "eni"),
    "eniMtu": ("AWS_VPC_ENI_MTU", "9001"),
    "pluginLogLevel": ("AWS_VPC_K8S_PLUGIN_LOG_LEVEL", "DEBUG"),
    "pluginLogFile": ("AWS_VPC_K8S_PLUGIN_LOG_FILE", "/var/log/aws-routed-eni/plugin.log"),
    "enablePodEni": ("ENABLE_POD_ENI", "false"),
    "cniCustomNetworkCfg": ("AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG", "false"),
    "cniExternalSnat": ("AWS_VPC_K8S_CNI_EXTERNALSNAT", "false"),
}
_WHEN_GIVEN = {
    "nodePortSupport": "AWS_VPC_CNI_NODE_PORT_SUPPORT",
    "warmIpTarget": "WARM_IP_TARGET",
    "warmPrefixTarget": "WARM_PREFIX_TARGET",
    "enablePrefixDelegation": "ENABLE_PREFIX_DELEGATION",
    "eniConfigLabelDef": "ENI_CONFIG_LABEL_DEF",
    "cniConfigureRpfilter": "AWS_VPC_K8S_CNI_CONFIGURE_RPFILTER",
}
_SYNONYMS = {"externalSnat": "cniExternalSnat"}
_INIT_OPTION = "disableTcpEarlyDemux"
_ADDON_OPTIONS = {
    "addonVersion",
    "configurationValues",
    "enableNetworkPolicy",
    "resolveConflictsOnCreate",
    "resolveConflictsOnUpdate",
    "serviceAccountRoleArn",
}


def refuse_unknown(options: Mapping[str, Any]) -> None:
    """Raises Refusal for options that are not simulated, such as securityContextPrivileged (a DaemonSetPatch)."""
    known = {*_ALWAYS, *_WHEN_GIVEN, *_SYNONYMS, _INIT_OPTION, *_ADDON_OPTIONS}
    if options.get("customNetworkConfig"):
        raise Refusal(
            "eks.Cluster input vpcCniOptions.customNetworkConfig has no effect: the real component overwrites it with "
            "false. Set cni_custom_network_cfg instead."
        )
    unknown = sorted(options.keys() - known)
    if unknown:
        raise Refusal(
            f"eks.Cluster input vpcCniOptions.{unknown[0]} is not simulated. Add it to simulator/eks/vpc_cni.py."
        )
    if options.get("cniExternalSnat") and options.get("externalSnat"):
        raise Refusal("Please specify one of `cniExternalSnat` or `externalSnat` in your VpcCniOptions")


def configuration(options: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the add-on's configurationValues. Values that the options give under that name replace derived ones."""
    set_options = {_SYNONYMS.get(key, key): value for key, value in options.items() if value or key == "warmEniTarget"}
    variables = {variable: _text(set_options.get(option, default)) for option, (variable, default) in _ALWAYS.items()}
    variables |= {
        variable: _text(set_options[option]) for option, variable in _WHEN_GIVEN.items() if option in set_options
    }
    init = {"DISABLE_TCP_EARLY_DEMUX": _text(set_options.get(_INIT_OPTION, False))}
    result = dict(options.get("configurationValues") or {})
    if options.get("enableNetworkPolicy") is not None:
        result.setdefault("enableNetworkPolicy", _text(options["enableNetworkPolicy"]))
    result["env"] = variables | dict(result.get("env") or {})
    given_init = dict(result.get("init") or {})
    result["init"] = given_init | {"env": init | dict(given_init.get("env") or {})}
    return result


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)

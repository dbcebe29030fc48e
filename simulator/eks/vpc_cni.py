"""The vpc-cni add-on's configuration, as pulumi-eks derives it from its options.

Source: pulumi-eks 4.4, nodejs/eks/addons/cni-addon.ts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simulator.provider import Refusal

_ALWAYS = {  # option -> variable and the value when nothing is said
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
_WHEN_SAID = {
    "nodePortSupport": "AWS_VPC_CNI_NODE_PORT_SUPPORT",
    "warmIpTarget": "WARM_IP_TARGET",
    "warmPrefixTarget": "WARM_PREFIX_TARGET",
    "enablePrefixDelegation": "ENABLE_PREFIX_DELEGATION",
    "eniConfigLabelDef": "ENI_CONFIG_LABEL_DEF",
    "cniConfigureRpfilter": "AWS_VPC_K8S_CNI_CONFIGURE_RPFILTER",
}
_SYNONYMS = {"externalSnat": "cniExternalSnat"}
_INIT = "disableTcpEarlyDemux"
_OF_THE_ADDON = {
    "addonVersion",
    "configurationValues",
    "enableNetworkPolicy",
    "resolveConflictsOnCreate",
    "resolveConflictsOnUpdate",
    "serviceAccountRoleArn",
}


def refuse_unknown(options: Mapping[str, Any]) -> None:
    """Raises Refusal for an option that is not simulated, securityContextPrivileged (a DaemonSetPatch) for one."""
    known = {*_ALWAYS, *_WHEN_SAID, *_SYNONYMS, _INIT, *_OF_THE_ADDON}
    if options.get("customNetworkConfig"):
        raise Refusal(
            "eks.Cluster input vpcCniOptions.customNetworkConfig has no effect: the real component writes false over "
            "it. Set cni_custom_network_cfg instead."
        )
    unknown = sorted(options.keys() - known)
    if unknown:
        raise Refusal(
            f"eks.Cluster input vpcCniOptions.{unknown[0]} is not simulated. Add it to simulator/eks/vpc_cni.py."
        )
    if options.get("cniExternalSnat") and options.get("externalSnat"):
        raise Refusal("Please specify one of `cniExternalSnat` or `externalSnat` in your VpcCniOptions")


def configuration(options: Mapping[str, Any]) -> dict[str, Any]:
    """The add-on's configurationValues; what the options say under that name wins over what is derived."""
    said = {_SYNONYMS.get(key, key): value for key, value in options.items() if value or key == "warmEniTarget"}
    variables = {variable: _text(said.get(option, default)) for option, (variable, default) in _ALWAYS.items()}
    variables |= {variable: _text(said[option]) for option, variable in _WHEN_SAID.items() if option in said}
    init = {"DISABLE_TCP_EARLY_DEMUX": _text(said.get(_INIT, False))}
    own = dict(options.get("configurationValues") or {})
    if options.get("enableNetworkPolicy") is not None:
        own.setdefault("enableNetworkPolicy", _text(options["enableNetworkPolicy"]))
    own["env"] = variables | dict(own.get("env") or {})
    own_init = dict(own.get("init") or {})
    own["init"] = own_init | {"env": init | dict(own_init.get("env") or {})}
    return own


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)

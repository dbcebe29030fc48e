"""Linkerd's injector: the pod that it makes of a pod, so that Pod Security, limits and quotas judge what really starts.

Left out: what only tunes a proxy or an iptables command (most environment variables and arguments, tracing), IPv6, the
mount of the service account's own token, labels with the owner's name, the hash of the anchors, and annotations other
than those below.
Sources: linkerd/linkerd2 edge-26.8.3, pkg/inject, pkg/healthcheck/sidecar.go, charts/patch, charts/partials,
charts/linkerd-control-plane/values.yaml; read 2026-11.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from catalog.chart_facts import merged
from catalog.charts import CHARTS
from common.quantities import parsed
from common.values import opened
from simulator.kubernetes.meaning.node import Node
from simulator.kubernetes.meaning.selectors import matches
from simulator.kubernetes.pod_security import Pod
from simulator.values import UNKNOWN, Props, has_unknown

CHART, PROXY = "linkerd-control-plane", "linkerd-proxy"
SERVER = ("policy.linkerd.io/v1beta3", "Server")
INJECT, _CONFIG = "linkerd.io/inject", "config.linkerd.io/"
_ENABLED = ("enabled", "ingress")
_SIDECAR_IMAGES = ("cr.l5d.io/linkerd/proxy:", "gcr.io/istio-release/proxyv2:")
_SIDECAR_NAMES = (PROXY, "istio-proxy")
_INIT_IMAGES = ("cr.l5d.io/linkerd/proxy-init:", "gcr.io/istio-release/proxy_init:")
_INIT_NAMES = ("linkerd-init", "istio-init")
_NOBODY = 65534
_NONE = {name: {"limit": "", "request": ""} for name in ("cpu", "memory", "ephemeral-storage")}
_UNPRIVILEGED: Props = {
    "readOnlyRootFilesystem": True,
    "runAsNonRoot": True,
    "seccompProfile": {"type": "RuntimeDefault"},
}
_DEFAULTS: Props = {
    "cniEnabled": False,
    "clusterDomain": "cluster.local",
    "clusterNetworks": "10.0.0.0/8,100.64.0.0/10,172.16.0.0/12,192.168.0.0/16,fd00::/8",
    "debugContainer": {"image": {"name": "cr.l5d.io/linkerd/debug", "version": ""}},
    "identity": {"serviceAccountTokenProjection": True},
    "identityTrustDomain": "",
    "imagePullPolicy": "IfNotPresent",
    "linkerdVersion": CHARTS[CHART].app_version,
    "networkValidator": {
        "enableSecurityContext": True,
        "securityContext": {
            **_UNPRIVILEGED,
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "runAsGroup": _NOBODY,
            "runAsUser": _NOBODY,
        },
    },
    "proxy": {
        "await": True,
        "capabilities": None,
        "defaultInboundPolicy": "all-unauthenticated",
        "gid": -1,
        "image": {"name": "cr.l5d.io/linkerd/proxy", "version": "", "pullPolicy": ""},
        "nativeSidecar": True,
        "ports": {"admin": 4191, "inbound": 4143},
        "resources": _NONE,
        "securityContext": {},
        "uid": 2102,
    },
    "proxyInit": {
        "closeWaitTimeoutSecs": 0,
        "privileged": False,
        "runAsGroup": _NOBODY,
        "runAsRoot": False,
        "runAsUser": _NOBODY,
        "xtMountPath": {"mountPath": "/run", "name": "linkerd-proxy-init-xtables-lock"},
    },
}
_TEXTS = {  # annotation -> value of the proxy
    "default-inbound-policy": ("defaultInboundPolicy",),
    "image-pull-policy": ("image", "pullPolicy"),
    "proxy-image": ("image", "name"),
    "proxy-version": ("image", "version"),
}
_BOOLEANS = {
    **dict.fromkeys(("true", "True", "TRUE", "t", "T", "1"), True),
    **dict.fromkeys(("false", "False", "FALSE", "f", "F", "0"), False),
}
_SWITCHES = {
    "proxy-await": ("await", {"enabled": True, "disabled": False}),
    "proxy-enable-native-sidecar": ("nativeSidecar", _BOOLEANS),
}
_POLICIES = (
    "all-authenticated",
    "all-unauthenticated",
    "audit",
    "cluster-authenticated",
    "cluster-unauthenticated",
    "deny",
)
_REFUSING = ("all-authenticated", "cluster-authenticated", "deny")
_DEFAULT_POLICY = "LINKERD2_PROXY_INBOUND_DEFAULT_POLICY"


def why_left(pod: Pod, namespace: Mapping[str, Any], release: Mapping[str, Any]) -> str:
    """Returns why the injector leaves a pod as it is, in its words; "" when it adds the proxy, or when it may.

    namespace: the metadata of the pod's namespace. release: the inputs of the release of the control plane.
    """
    return ", ".join(_reasons(Node(pod), Node(namespace), _values(release)))


def _reasons(pod: Node, namespace: Node, values: Props) -> Iterator[str]:
    spec, of_pod, of_namespace = pod["spec"], _annotation(pod["metadata"], INJECT), _annotation(namespace, INJECT)
    if spec["hostNetwork"].value is True:
        yield "hostNetwork is enabled"
    both = [*spec["initContainers"].items, *spec["containers"].items]
    if any(_is(each, _SIDECAR_IMAGES, _SIDECAR_NAMES) for each in both) or any(
        _is(each, _INIT_IMAGES, _INIT_NAMES) for each in spec["initContainers"].items
    ):
        yield "pod has a sidecar injected already"
    for text, where in ((of_namespace, "namespace"), (of_pod, "workload")):
        if text not in ("", "disabled", *_ENABLED):
            yield f'invalid value for annotation "{INJECT}" at {where}'
            break
    else:
        if of_namespace in _ENABLED and of_pod == "disabled":
            yield f'pod has the annotation "{INJECT}:disabled"'
        elif of_namespace not in _ENABLED and of_pod not in _ENABLED:
            yield f'neither the namespace nor the pod have the annotation "{INJECT}:enabled"'
    if not values["identity"]["serviceAccountTokenProjection"] and spec["automountServiceAccountToken"].value is False:
        yield (
            'automountServiceAccountToken set to "false", with Values.identity.serviceAccountTokenProjection set to '
            '"false"'
        )


def injected(pod: Pod, namespace: Mapping[str, Any], release: Mapping[str, Any]) -> Pod:
    """Returns the pod with the proxy; the pod as it is where the injector leaves it, and where too little is known."""
    values = _values(release)
    spec: Any = pod["spec"]
    lists = [spec.get(key) for key in ("containers", "initContainers", "volumes")]
    unknown = UNKNOWN in lists or has_unknown([values, namespace.get("annotations"), pod.get("metadata")])
    if unknown or not spec.get("containers") or why_left(pod, namespace, release):
        return pod
    metadata: Any = pod.get("metadata") or {}
    annotations = {**_inherited(namespace), **(metadata.get("annotations") or {})}
    _override(values["proxy"], annotations)
    containers, first_ones, volumes = ([*(each or ())] for each in lists)
    of_first = Node(containers[0]).at("securityContext", "capabilities")  # which the namespace allows
    capabilities = of_first if of_first.is_set else Node(values["proxy"]["capabilities"])
    proxy = _proxy(values, release["namespace"], capabilities)
    if values["cniEnabled"]:
        first = _network_validator(values)
    else:
        first = _proxy_init(values, capabilities)
        volumes.append({"name": values["proxyInit"]["xtMountPath"]["name"], "emptyDir": {}})
    native = values["proxy"]["nativeSidecar"]
    if _BOOLEANS.get(_annotation(Node(metadata), f"{_CONFIG}enable-debug-sidecar")):
        containers.append({"name": "linkerd-debug", **_image(values, values["debugContainer"]["image"])})
    volumes.append({"name": "linkerd-identity-end-entity", "emptyDir": {"medium": "Memory"}})
    if values["identity"]["serviceAccountTokenProjection"]:
        token = {"audience": "identity.l5d.io", "expirationSeconds": 86400, "path": "linkerd-identity-token"}
        volumes.append({"name": "linkerd-identity-token", "projected": {"sources": [{"serviceAccountToken": token}]}})
    first_ones = [first, proxy, *first_ones] if native else [*first_ones, first]
    if not native:
        containers.insert(0 if values["proxy"]["await"] else len(containers), proxy)
    labels = {
        **(metadata.get("labels") or {}),
        "linkerd.io/control-plane-ns": release["namespace"],
        "linkerd.io/workload-ns": namespace["name"],
    }
    version = values["proxy"]["image"]["version"] or values["linkerdVersion"]
    annotations |= {
        "linkerd.io/created-by": f"linkerd/proxy-injector {values['linkerdVersion']}",
        "linkerd.io/proxy-version": version,
    }
    return {
        **pod,
        "metadata": {**metadata, "labels": labels, "annotations": annotations},
        "spec": {**spec, "containers": containers, "initContainers": first_ones, "volumes": volumes},
    }


def refused_probes(pod: Pod, servers: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Yields the probes by gRPC that a pod's proxy refuses. It knows those of kind httpGet, and lets them in.

    pod: with its proxy, if it has one. servers: of its namespace.
    Source: linkerd2 edge-26.8.3, policy-controller/k8s/index/src/inbound/workload.rs (pod_http_probes); read 2026-11.
    """
    spec, given = Node(pod)["spec"], Node(pod).at("metadata", "labels").value
    labels = given if isinstance(given, Mapping) else {}
    found = [*spec["initContainers"].items, *spec["containers"].items]
    environment = [each for one in found if one["name"].value == PROXY for each in one["env"].items]
    default = next((each["value"].text for each in environment if each["name"].text == _DEFAULT_POLICY), "")
    for container in spec["containers"].items:
        for kind in ("startupProbe", "readinessProbe", "livenessProbe"):
            port, policy = container.at(kind, "grpc", "port").value, default
            for server in map(Node, servers):
                if server.at("spec", "port").value == port and matches(server.at("spec", "podSelector"), labels):
                    policy = server.at("spec", "accessPolicy").text or "deny"
            if default and port is not None and policy in _REFUSING:
                yield f"{container['name'].text}.{kind} by gRPC on port {port}, where the policy is {policy}"


def _values(release: Mapping[str, Any]) -> Props:
    given: Any = opened(release.get("values")) or {}
    made: Props = merged(_DEFAULTS, {key: given[key] for key in _DEFAULTS if key in given})
    return copy.deepcopy(made)  # annotations change it


def _annotation(metadata: Node, name: str) -> str:
    return metadata["annotations"][name].text or ""


def _is(container: Node, images: tuple[str, ...], names: tuple[str, ...]) -> bool:
    return (container["image"].text or "").startswith(images) or container["name"].value in names


def _inherited(namespace: Mapping[str, Any]) -> dict[str, str]:
    """Returns the annotations that a pod has from its namespace, where it has none of its own."""
    return {
        key: value
        for key, value in (namespace.get("annotations") or {}).items()
        if key == INJECT or (key.startswith(_CONFIG) and not key.endswith("/enable-debug-sidecar"))
    }


def _override(proxy: Props, annotations: Mapping[str, str]) -> None:
    """Writes what the annotations say into the values. The injector logs a value that it cannot read, and goes on."""
    given = {key.removeprefix(_CONFIG): value for key, value in annotations.items() if key.startswith(_CONFIG)}
    for name, path in _TEXTS.items():
        if name in given and (name != "default-inbound-policy" or given[name] in _POLICIES):
            *parents, last = path
            (proxy[parents[0]] if parents else proxy)[last] = given[name]
    for name, (key, meanings) in _SWITCHES.items():
        proxy[key] = meanings.get(given.get(name, ""), proxy[key])
    for name in ("uid", "gid"):
        if given.get(f"proxy-{name}", "").lstrip("-").isdigit():
            proxy[name] = int(given[f"proxy-{name}"])
    for resource in _NONE:
        for section in ("limit", "request"):
            amount = given.get(f"proxy-{resource}-{section}")
            if parsed(amount) is not None:
                proxy["resources"][resource][section] = amount


def _image(values: Props, image: Mapping[str, str]) -> Props:
    return {
        "image": f"{image['name']}:{image['version'] or values['linkerdVersion']}",
        "imagePullPolicy": image.get("pullPolicy") or values["imagePullPolicy"],
        "terminationMessagePolicy": "FallbackToLogsOnError",
    }


def _resources(values: Props) -> Props:
    """Returns the resources of the proxy, which both init containers have as well."""
    amounts = {
        f"{section}s": {
            name: str(each[section]) for name, each in values["proxy"]["resources"].items() if each[section]
        }
        for section in ("limit", "request")
    }
    return {"resources": {section: named for section, named in amounts.items() if named}}


def _proxy(values: Props, control_plane: str, capabilities: Node) -> Props:
    """Returns the proxy: a sidecar that starts before all others, or a container beside them."""
    proxy, admin = values["proxy"], values["proxy"]["ports"]["admin"]
    context = proxy["securityContext"] or {
        **_UNPRIVILEGED,
        "allowPrivilegeEscalation": False,
        "runAsUser": proxy["uid"],
        **({"runAsGroup": proxy["gid"]} if proxy["gid"] >= 0 else {}),
        **({"capabilities": copy.deepcopy(capabilities.value)} if capabilities.is_set else {}),
    }
    mounts = {"linkerd-identity-end-entity": "/var/run/linkerd/identity/end-entity"}
    if values["identity"]["serviceAccountTokenProjection"]:
        mounts["linkerd-identity-token"] = "/var/run/secrets/tokens"
    ready = {"httpGet": {"path": "/ready", "port": admin}}
    started = {"startupProbe": {**ready, "periodSeconds": 1, "failureThreshold": 120}}
    command = ["/usr/lib/linkerd/linkerd-await", "--timeout=2m", f"--port={admin}"]
    waits = {"lifecycle": {"postStart": {"exec": {"command": command}}}}
    return {
        "name": PROXY,
        **_image(values, proxy["image"]),
        "env": list(_environment(values, control_plane)),
        "ports": [
            {"name": "linkerd-proxy", "containerPort": proxy["ports"]["inbound"]},
            {"name": "linkerd-admin", "containerPort": admin},
        ],
        "livenessProbe": {"httpGet": {"path": "/live", "port": admin}, "initialDelaySeconds": 10},
        "readinessProbe": {**ready, "initialDelaySeconds": 2},
        **_resources(values),
        "securityContext": context,
        "volumeMounts": [{"name": name, "mountPath": path} for name, path in mounts.items()],
        **({"restartPolicy": "Always"} if proxy["nativeSidecar"] else {}),
        **((started if proxy["nativeSidecar"] else waits) if proxy["await"] else {}),
    }


def _environment(values: Props, control_plane: str) -> Iterator[Props]:
    """Yields what says who the pod is, and whom it lets in."""
    for name, path in {
        "_pod_name": "metadata.name",
        "_pod_ns": "metadata.namespace",
        "_pod_nodeName": "spec.nodeName",
        "_pod_sa": "spec.serviceAccountName",
    }.items():
        yield {"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}}
    domain = values["identityTrustDomain"] or values["clusterDomain"]
    identity = f"$(_pod_sa).$(_pod_ns).serviceaccount.identity.{control_plane}.{domain}"
    for name, value in {
        "LINKERD2_PROXY_DESTINATION_PROFILE_NETWORKS": values["clusterNetworks"],
        _DEFAULT_POLICY: values["proxy"]["defaultInboundPolicy"],
        "LINKERD2_PROXY_IDENTITY_LOCAL_NAME": identity,
    }.items():
        yield {"name": name, "value": value}


def _network_validator(values: Props) -> Props:
    """Returns the init container that ends the pod when the CNI plugin has not redirected its traffic."""
    settings = values["networkValidator"]
    context = settings["securityContext"] if settings["enableSecurityContext"] else None
    return {
        "name": "linkerd-network-validator",
        **_image(values, values["proxy"]["image"]),
        "command": ["/usr/lib/linkerd/linkerd2-network-validator"],
        **_resources(values),
        **({"securityContext": context} if context else {}),
    }


def _proxy_init(values: Props, capabilities: Node) -> Props:
    """Returns the init container that redirects the traffic by itself, for which it needs capabilities."""
    settings = values["proxyInit"]
    added, dropped = ([each.value for each in capabilities[verb].items] for verb in ("add", "drop"))
    dropped = [each for each in dropped if each not in ("NET_ADMIN", "NET_RAW")]
    privileged = bool(settings["closeWaitTimeoutSecs"] or settings["privileged"])
    who = (
        {"runAsNonRoot": False, "runAsUser": 0, "runAsGroup": 0}
        if settings["runAsRoot"]
        else {name: settings[name] or _NOBODY for name in ("runAsUser", "runAsGroup")}
    )
    return {
        "name": "linkerd-init",
        **_image(values, values["proxy"]["image"]),
        "command": ["/usr/lib/linkerd/linkerd2-proxy-init"],
        **_resources(values),
        "securityContext": {
            **_UNPRIVILEGED,
            "allowPrivilegeEscalation": privileged,
            "privileged": privileged,
            "capabilities": {
                "add": ["NET_ADMIN", "NET_RAW", *added],
                **({"drop": dropped} if dropped else {}),
            },
            **who,
        },
        "volumeMounts": [settings["xtMountPath"]],
    }

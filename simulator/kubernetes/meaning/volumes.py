"""Volumes of a pod, and how its containers mount them.

Source: pkg/apis/core/validation/validation.go of Kubernetes 1.35.4, read in November 2026.
"""

from __future__ import annotations

import re

from common.quantities import parsed
from simulator.kubernetes.meaning import formats
from simulator.kubernetes.meaning.claims import claim_findings
from simulator.kubernetes.meaning.node import Findings, Node
from simulator.kubernetes.meaning.quantities import form_findings

FIELDS_IN_ENVIRONMENT = (
    *("metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName"),
    *("status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs"),
)
_FIELDS_IN_VOLUMES = (
    *("metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid"),
)
_KNOWN_FIELDS = frozenset({*FIELDS_IN_ENVIRONMENT, *_FIELDS_IN_VOLUMES, "spec.restartPolicy", "spec.schedulerName"})
_RESOURCES = tuple(
    f"{kind}.{name}" for kind in ("limits", "requests") for name in ("cpu", "ephemeral-storage", "memory")
)
_CPU_DIVISORS = ("1m", "1")
_SOURCES = (  # in the order in which the API server looks at them
    *("emptyDir", "hostPath", "gitRepo", "gcePersistentDisk", "awsElasticBlockStore", "secret", "nfs", "iscsi"),
    *("glusterfs", "flocker", "persistentVolumeClaim", "rbd", "cinder", "cephfs", "quobyte", "downwardAPI", "fc"),
    *("azureFile", "configMap", "vsphereVolume", "azureDisk", "photonPersistentDisk", "portworxVolume", "scaleIO"),
    *("projected", "storageos", "csi", "ephemeral", "image"),
)
_HOST_PATH_TYPES = (
    *("", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"),
)
_LEAST_TOKEN_SECONDS, _MOST_TOKEN_SECONDS = 600, 2**32


def volume_findings(spec: Node, pod_name: str = "") -> Findings:
    """Yields the mistakes in the volumes of a pod. pod_name: its name, if it is not a template."""
    yield from spec["volumes"].must_be_unique("name")
    for volume in spec["volumes"].items:
        name = volume["name"]
        yield from name.must_be_set()
        yield from name.must_match(formats.label)
        for other in volume.has(*_SOURCES)[1:]:
            yield other.forbidden("may not specify more than 1 volume type")
        if volume["ephemeral"].is_set and pod_name and name.text:
            claim = f"{pod_name}-{name.text}"
            for why in formats.subdomain(claim):
                yield name.invalid(f'PVC name "{claim}": {why}')
        yield from _source_findings(volume)


def _source_findings(volume: Node) -> Findings:
    size = volume["emptyDir"]["sizeLimit"]
    yield from form_findings(size)
    if (parsed(size.value) or 0) < 0:
        yield size.forbidden("SizeLimit field must be a valid resource quantity")
    if volume["persistentVolumeClaim"].is_set:
        yield from volume["persistentVolumeClaim"]["claimName"].must_be_set()
    for kind, name in (("configMap", "name"), ("secret", "secretName")):
        source = volume[kind]
        if source.is_set:
            yield from source[name].must_be_set()
            yield from _files_findings(source)
    yield from host_path_findings(volume["hostPath"])
    yield from nfs_findings(volume["nfs"])
    if volume["csi"].is_set:
        yield from volume["csi"]["driver"].must_be_set()
        yield from volume["csi"]["driver"].must_match(formats.at_most(63), formats.subdomain)
    if volume["image"].is_set:
        yield from volume["image"]["pullPolicy"].must_be("Always", "IfNotPresent", "Never")
    yield from _downward_findings(volume["downwardAPI"])
    if volume["projected"].is_set:
        yield from _projected_findings(volume["projected"])
    if volume["ephemeral"].is_set:
        template = volume["ephemeral"]["volumeClaimTemplate"]
        yield from template.must_be_set()
        if template.is_set:
            yield from claim_findings(template["spec"])


def host_path_findings(source: Node) -> Findings:
    """Yields the mistakes in a path of the node."""
    if source.is_set:
        yield from source["path"].must_be_set()
        yield from source["path"].must_match(formats.without_two_dots)
        yield from source["type"].must_be(*_HOST_PATH_TYPES)


def nfs_findings(source: Node) -> Findings:
    """Yields the mistakes in an NFS share."""
    if source.is_set:
        yield from source["server"].must_be_set()
        yield from source["path"].must_be_set()
        yield from source["path"].must_match(formats.absolute_path)


def _files_findings(source: Node) -> Findings:
    yield from _mode_findings(source["defaultMode"])
    for item in source["items"].items:
        yield from item["key"].must_be_set()
        yield from item["path"].must_be_set()
        yield from item["path"].must_match(formats.relative_path)
        yield from _mode_findings(item["mode"])


def _mode_findings(mode: Node) -> Findings:
    if mode.number is not None and not 0 <= mode.number <= 0o777:
        yield mode.invalid("must be a number between 0 and 0777 (octal), both inclusive")


def _downward_findings(source: Node) -> Findings:
    yield from _mode_findings(source["defaultMode"])
    for item in source["items"].items:
        # The API server leaves the place of the item out of the path.
        plain = Node(item.value, source.path)
        yield from plain["path"].must_be_set()
        yield from plain["path"].must_match(formats.relative_path)
        yield from field_findings(plain["fieldRef"], _FIELDS_IN_VOLUMES)
        if plain["fieldRef"].is_set and plain["resourceFieldRef"].is_set:
            yield source.invalid("fieldRef and resourceFieldRef can not be specified simultaneously", "resource")
        elif not item.has("fieldRef", "resourceFieldRef"):
            yield plain["fieldRef"].required("one of fieldRef and resourceFieldRef is required")
        else:
            yield from resource_findings(plain["resourceFieldRef"], in_volume=True)


def _projected_findings(projected: Node) -> Findings:
    yield from _mode_findings(projected["defaultMode"])
    paths: set[str] = set()
    for source in projected["sources"].items:
        kinds = source.has(
            "secret", "configMap", "downwardAPI", "serviceAccountToken", "clusterTrustBundle", "podCertificate"
        )
        if len(kinds) > 1:
            yield source.forbidden("may not specify more than 1 volume type per source")
        token = source["serviceAccountToken"]
        if token.is_set:
            yield from Node(token["path"].value, f"{projected.path}.path").must_be_set()
            yield from token_seconds_findings(token["expirationSeconds"])
        yield from _downward_findings(source["downwardAPI"])
        for kind in ("secret", "configMap", "downwardAPI"):
            named = source[kind]
            if kind != "downwardAPI" and named.is_set:
                yield from named["name"].must_be_set()
                yield from _files_findings(named)
            for path in sorted(named["items"].texts("path") or ()):
                if path in paths:
                    yield projected.invalid("conflicting duplicate paths", named["name"].value)
                paths.add(path)


def token_seconds_findings(seconds: Node) -> Findings:
    """Yields a finding when a token of a service account lives too short or too long."""
    if seconds.number is not None and seconds.number < _LEAST_TOKEN_SECONDS:
        yield seconds.invalid("may not specify a duration less than 10 minutes")
    if seconds.number is not None and seconds.number > _MOST_TOKEN_SECONDS:
        yield seconds.invalid("may not specify a duration larger than 2^32 seconds")


def field_findings(reference: Node, supported: tuple[str, ...]) -> Findings:
    """Yields the mistakes in a reference to a field of the pod."""
    path = reference["fieldPath"]
    if not reference.is_set:
        return
    yield from path.must_be_set()
    if not path.text:
        return
    subscript = re.fullmatch(r"(metadata\.(?:labels|annotations))\['(.*)'\]", path.text)
    if subscript:
        for why in formats.qualified_name(subscript[2].lower()):
            yield path.invalid(why, subscript[2])
    elif path.text not in _KNOWN_FIELDS:
        yield path.invalid(f"error converting fieldPath: field label not supported: {path.text}")
    else:
        yield from path.must_be(*supported)


def resource_findings(reference: Node, *, in_volume: bool) -> Findings:
    """Yields the mistakes in a reference to a request or limit of a container."""
    if not reference.is_set:
        return
    if in_volume:
        yield from reference["containerName"].must_be_set()
    resource, divisor = reference["resource"], reference["divisor"]
    yield from resource.must_be_set()
    if resource.text and not re.fullmatch(r"(limits|requests)\.hugepages-.*", resource.text):
        yield from resource.must_be(*_RESOURCES)
    amount = parsed(divisor.value)
    if (resource.text or "").endswith(".cpu") and amount and amount not in map(parsed, _CPU_DIVISORS):
        listed = " and ".join(_CPU_DIVISORS)
        yield divisor.invalid(f"only divisor's values {listed} are supported with the cpu resource", resource.text)


def mount_findings(container: Node, spec: Node) -> Findings:
    """Yields the mistakes in mounts and devices of a container."""
    mounts, devices = container["volumeMounts"], container["volumeDevices"]
    volumes = _volumes(spec)
    mounted, raw = mounts.texts("name") or set(), devices.texts("name") or set()
    paths: set[str] = set()
    for each in mounts.items:
        name, path = each["name"], each["mountPath"]
        short = Node(each.value, mounts.path)  # the API server leaves the place of the mount out of these paths
        yield from name.must_be_set()
        if name.text and volumes is not None and name.text not in volumes:
            yield name.not_found()
        if name.text and name.text in raw:
            yield name.invalid("must not already exist in volumeDevices")
        yield from path.must_be_set()
        if path.text and path.text in paths:
            yield path.invalid("must be unique")
        paths.add(path.text or "")
        yield from short["subPath"].must_match(formats.relative_path)
        yield from short["subPathExpr"].must_match(formats.relative_path)
        if each["subPath"].text and each["subPathExpr"].text:
            yield each["subPathExpr"].invalid("subPathExpr and subPath are mutually exclusive")
        yield from short["mountPropagation"].must_be("Bidirectional", "HostToContainer", "None")
        privileged = container["securityContext"]["privileged"]
        if short["mountPropagation"].text == "Bidirectional" and privileged.value in (None, False):
            yield short["mountPropagation"].forbidden(
                "Bidirectional mount propagation is available only to privileged containers"
            )
        recursive = short["recursiveReadOnly"]
        yield from recursive.must_be("Disabled", "Enabled", "IfPossible")
        if recursive.text in ("Enabled", "IfPossible") and each["readOnly"].value in (None, False):
            yield recursive.forbidden("may only be specified when readOnly is true")
    for each in devices.items:
        name, path = each["name"], each["devicePath"]
        yield from name.must_be_set()
        if name.text and volumes is not None:
            if name.text not in volumes:
                yield name.not_found()
            elif name.text in mounted:
                yield name.invalid("must not already exist in volumeMounts")
            elif not volumes[name.text].has("persistentVolumeClaim", "ephemeral"):
                yield name.invalid(
                    "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode"
                )
        yield from path.must_be_set()
        yield from path.must_match(formats.without_two_dots)


def _volumes(spec: Node) -> dict[str, Node] | None:
    """Returns the volumes by name; None when some are not known, so that a mount may belong to one of them."""
    volumes = spec["volumes"]
    if volumes.texts("name") is None:
        return None
    return {each["name"].text or "": each for each in volumes.items}

"""Volumes, claims, and the classes and drivers behind them.

Source: pkg/apis/core/validation and pkg/apis/storage/validation of Kubernetes 1.35.4, read in November 2026.
"""

from __future__ import annotations

from common.quantities import parsed
from simulator.kubernetes.meaning import formats
from simulator.kubernetes.meaning.claims import VOLUME_MODES, access_findings, claim_findings
from simulator.kubernetes.meaning.node import Findings, Node
from simulator.kubernetes.meaning.quantities import form_findings, shown
from simulator.kubernetes.meaning.scheduling import node_selector_findings
from simulator.kubernetes.meaning.volumes import host_path_findings, nfs_findings, token_seconds_findings

_SOURCES = (  # in the order in which the API server looks at them
    *("hostPath", "gcePersistentDisk", "awsElasticBlockStore", "glusterfs", "flocker", "nfs", "rbd", "quobyte"),
    *("cephfs", "iscsi", "cinder", "fc", "flexVolume", "azureFile", "vsphereVolume", "photonPersistentDisk"),
    *("azureDisk", "portworxVolume", "scaleIO", "local", "storageos", "csi"),
)


def persistent_volume_claim_findings(claim: Node) -> Findings:
    """Yields the mistakes in a PersistentVolumeClaim."""
    yield from claim_findings(claim["spec"])


def persistent_volume_findings(volume: Node) -> Findings:
    """Yields the mistakes in a PersistentVolume."""
    spec = volume["spec"]
    capacity, policy, modes = spec["capacity"], spec["persistentVolumeReclaimPolicy"], spec["accessModes"]
    yield from modes.must_be_set()
    yield from access_findings(modes)
    yield from capacity.must_be_set()
    for _, amount in capacity.entries:
        yield from form_findings(amount)
        number = parsed(amount.value)
        if number is not None and number <= 0:
            yield amount.invalid("must be greater than zero", shown(amount.value))
    if not capacity.is_empty and not capacity.is_unknown and set(dict(capacity.entries)) != {"storage"}:
        yield capacity.unsupported(("storage",))
    yield from policy.must_be("Delete", "Recycle", "Retain")
    yield from spec["volumeMode"].must_be(*VOLUME_MODES)
    yield from spec["storageClassName"].must_match(formats.subdomain)
    sources = [] if spec.is_unknown else spec.has(*_SOURCES)
    if not sources and not spec.is_unknown:
        yield spec.required("must specify a volume type")
    for other in sources[1:]:
        yield other.forbidden("may not specify more than 1 volume type")
    if policy.text == "Recycle" and spec["hostPath"]["path"].text == "/":
        yield policy.forbidden("may not be 'recycle' for a hostPath mount of '/'")
    yield from host_path_findings(spec["hostPath"])
    yield from nfs_findings(spec["nfs"])
    if spec["csi"].is_set:
        yield from spec["csi"]["driver"].must_be_set()
        yield from spec["csi"]["driver"].must_match(formats.at_most(63), formats.subdomain)
        yield from spec["csi"]["volumeHandle"].must_be_set()
    required = spec.at("nodeAffinity", "required")
    if spec["local"].is_set:
        yield from spec["local"]["path"].must_be_set()
        yield from spec["nodeAffinity"].must_be_set("Local volume requires node affinity")
    if required.is_set:
        yield from node_selector_findings(required)


def storage_class_findings(storage_class: Node) -> Findings:
    """Yields the mistakes in a StorageClass."""
    provisioner, parameters = storage_class["provisioner"], storage_class["parameters"]
    yield from provisioner.must_be_set()
    yield from provisioner.must_match(lambda name: formats.qualified_name(name.lower()))
    yield from storage_class["reclaimPolicy"].must_be("Delete", "Retain")
    yield from storage_class["volumeBindingMode"].must_be("Immediate", "WaitForFirstConsumer")
    if any(key == "" for key, _ in parameters.entries):
        yield parameters.invalid("field can not be empty.", "")
    for term in storage_class["allowedTopologies"].items:
        for each in term["matchLabelExpressions"].items:
            yield from each["key"].must_match(formats.qualified_name)
            yield from each["values"].must_be_set()
            yield from each["values"].must_be_unique()


def volume_attributes_class_findings(attributes: Node) -> Findings:
    """Yields the mistakes in a VolumeAttributesClass."""
    yield from attributes["driverName"].must_be_set()
    yield from attributes["parameters"].must_be_set("must contain at least one key/value pair")


def csi_driver_findings(driver: Node) -> Findings:
    """Yields the mistakes in a CSIDriver."""
    spec = driver["spec"]
    modes, tokens = spec["volumeLifecycleModes"], spec["tokenRequests"]
    for each in modes.items:
        if each.text not in ("Persistent", "Ephemeral"):
            yield modes.unsupported(("Persistent", "Ephemeral"), each.value)
    yield from spec["fsGroupPolicy"].must_be("File", "None", "ReadWriteOnceWithFSType")
    yield from tokens.must_be_unique("audience")
    for each in tokens.items:
        yield from token_seconds_findings(each["expirationSeconds"])

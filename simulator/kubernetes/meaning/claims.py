"""The spec of a PersistentVolumeClaim, which ephemeral volumes and StatefulSets have as well."""

from __future__ import annotations

from common.quantities import parsed
from simulator.kubernetes.meaning import formats
from simulator.kubernetes.meaning.node import Findings, Node
from simulator.kubernetes.meaning.quantities import form_findings, shown
from simulator.kubernetes.meaning.selectors import selector_findings

ACCESS_MODES = ("ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod")
VOLUME_MODES = ("Block", "Filesystem")


def access_findings(modes: Node) -> Findings:
    """Yields the mistakes in access modes."""
    for each in modes.items:
        if each.text and each.text not in ACCESS_MODES:
            yield modes.unsupported(ACCESS_MODES, each.text)
    if len(modes.items) > 1 and any(each.text == "ReadWriteOncePod" for each in modes.items):
        yield modes.forbidden("may not use ReadWriteOncePod with other access modes")


def claim_findings(spec: Node) -> Findings:
    """Yields the mistakes in the spec of a claim."""
    modes, resources = spec["accessModes"], spec["resources"]
    yield from modes.must_be_set("at least 1 access mode is required")
    yield from access_findings(modes)
    storage = resources["requests"]["storage"]
    yield from form_findings(storage)
    shortened = Node(storage.value, f"{resources.path}[storage]")  # as the API server writes it
    yield from shortened.must_be_set()
    amount = parsed(storage.value)
    if amount is not None and amount <= 0:
        yield shortened.invalid("must be greater than zero", shown(storage.value))
    yield from spec["volumeMode"].must_be(*VOLUME_MODES)
    yield from spec["storageClassName"].must_match(formats.subdomain)
    yield from spec["volumeAttributesClassName"].must_match(formats.subdomain)
    yield from selector_findings(spec["selector"])
    source, reference = spec["dataSource"], spec["dataSourceRef"]
    if isinstance(source.value, dict) and isinstance(reference.value, dict):
        for name in ("apiGroup", "kind", "name"):
            if source[name].value != reference[name].value and not (
                source[name].is_unknown or reference[name].is_unknown
            ):
                yield spec.invalid("must match dataSourceRef", {})
                break

"""Finds the component of the project that a resource belongs to."""

from collections.abc import Mapping

from common.urns import name_of, type_of

COMPONENT_PREFIX = "mlplatform:"
ROOT_TYPE = "pulumi:pulumi:Stack"


def component_of(urn: str, parents: Mapping[str, str]) -> str:
    """Returns the component of the project that is the resource or its nearest ancestor, e.g. `Cluster main`.

    Without one, returns the topmost ancestor below the stack, or `stack` when there is none.
    """
    topmost = ""
    seen: set[str] = set()
    while urn and urn not in seen:
        seen.add(urn)
        kind = type_of(urn)
        if kind.startswith(COMPONENT_PREFIX):
            return title(urn)
        if kind != ROOT_TYPE:
            topmost = urn
        urn = parents.get(urn, "")
    return title(topmost) if len(seen) > 2 and topmost else "stack"


def title(urn: str) -> str:
    """Returns the last part of the type and the name, e.g. `NodePool main-system`; only the type if both are equal."""
    kind, name = type_of(urn).rpartition(":")[2], name_of(urn)
    return kind if kind.lower() == name else f"{kind} {name}"

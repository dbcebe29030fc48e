"""Where a resource stands: the component of the project that it is part of."""

from collections.abc import Mapping

from common.urns import name_of, type_of

OURS = "mlplatform:"
ROOT_TYPE = "pulumi:pulumi:Stack"


def component_of(urn: str, parents: Mapping[str, str]) -> str:
    """The nearest component of the project at or above a resource, e.g. `Cluster main`.

    Where there is none, the topmost parent below the stack; `stack` for what has no parent at all.
    """
    above = ""
    seen: set[str] = set()
    while urn and urn not in seen:
        seen.add(urn)
        kind = type_of(urn)
        if kind.startswith(OURS):
            return title(urn)
        if kind != ROOT_TYPE:
            above = urn
        urn = parents.get(urn, "")
    return title(above) if len(seen) > 2 and above else "stack"


def title(urn: str) -> str:
    """The last part of the type and the name, e.g. `NodePool main-system`; said once where both are the same."""
    kind, name = type_of(urn).rpartition(":")[2], name_of(urn)
    return kind if kind.lower() == name else f"{kind} {name}"

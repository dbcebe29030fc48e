"""All simulated resource types, by token."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from common.spelling import nearest
from simulator.aws import services
from simulator.aws.inputs import fields
from simulator.aws.model import ResourceType
from simulator.provider import Refusal


@cache
def kinds() -> dict[str, ResourceType]:
    """Returns every entry of the modules in `services/`, by token. Raises ValueError for a type with two entries."""
    found: dict[str, ResourceType] = {}
    for name in sorted(module.name for module in iter_modules(services.__path__)):
        module = import_module(f"{services.__name__}.{name}")
        for kind in getattr(module, "TYPES", ()):  # some modules have rules alone
            if found.setdefault(kind.type, kind) is not kind:
                raise ValueError(f"simulator/aws/services/{name}.py: {kind.type} has another entry. Keep one of them.")
    return found


def kind_of(token: str) -> ResourceType:
    """Returns the entry of a type. Raises Refusal for a type that the simulator does not know."""
    kind = kinds().get(token)
    if kind is None:
        service = token.split(":")[1].split("/")[0] if token.count(":") == 2 else "service"
        near = nearest(token, kinds(), cutoff=0.8)  # the first halves of tokens of one service are always similar
        hint = f" The most similar type that it knows is {near}." if near else ""
        raise Refusal(
            f"The simulated AWS does not know the resource type {token}.{hint} "
            f"The real provider may know it. Add an entry for it to simulator/aws/services/{service}.py."
        )
    if fields(token) is None:
        raise Refusal(f"The simulated AWS does not know the inputs of {token} yet. Run make generate.")
    return kind

"""All resource types, by token."""

from __future__ import annotations

from functools import cache

from common.spelling import nearest
from simulator.aws.model import ResourceType
from simulator.provider import Refusal


@cache
def kinds() -> dict[str, ResourceType]:
    """Every entry of `services/`."""
    from simulator.aws.services import TYPES  # late: the services import the model

    return {kind.type: kind for kind in TYPES}


def kind_of(token: str) -> ResourceType:
    """The entry of a type. Raises Refusal for one that the simulator does not know."""
    kind = kinds().get(token)
    if kind is None:
        service = token.split(":")[1].split("/")[0] if token.count(":") == 2 else "service"
        near = nearest(token, kinds(), cutoff=0.8)  # tokens of one service are alike by their first half
        hint = f" The nearest one that it knows is {near}." if near else ""
        raise Refusal(
            f"The simulated AWS does not know the resource type {token}.{hint} "
            f"Add an entry for it to simulator/aws/services/{service}.py; the real provider may well know it."
        )
    return kind

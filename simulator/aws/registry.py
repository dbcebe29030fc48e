"""All simulated resource types, by token."""

from __future__ import annotations

from functools import cache

from common.spelling import nearest
from simulator.aws.model import ResourceType
from simulator.provider import Refusal


@cache
def kinds() -> dict[str, ResourceType]:
    """Returns every entry of `services/`, by token."""
    from simulator.aws.services import TYPES  # imported here, since the services import the model

    return {kind.type: kind for kind in TYPES}


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
    return kind

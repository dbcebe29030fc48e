"""Finds inputs of a resource that the service models of AWS do not allow: unknown names, missing members, values."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

from simulator.aws.registry import kinds
from simulator.values import UNKNOWN
from tests.simulator.aws.service_models import WRAPPED, Member, inside, is_own, member_of, model

NUMBERS = ("integer", "long", "float", "double")
# Type -> members that the provider adds by itself.
ADDED: Mapping[str, set[str]] = {
    "aws:budgets/budget:Budget": {"AccountId"},
    "aws:ec2/flowLog:FlowLog": {"ResourceType"},
    "aws:fsx/lustreFileSystem:LustreFileSystem": {"FileSystemType"},
    "aws:route53/record:Record": {"Action"},
    "aws:sns/topicPolicy:TopicPolicy": {"AttributeName"},
    "aws:sqs/queuePolicy:QueuePolicy": {"Attributes"},
}


def problems(type_: str, inputs: Mapping[str, Any]) -> Iterator[str]:
    """Yields one line per problem, with the path of the input or the name of the missing member."""
    kind = kinds()[type_]
    members: list[Member] = []
    for name, value in inputs.items():
        if value is None or is_own(type_, name) or name.startswith("__"):
            continue
        member = member_of(type_, name)
        if member is None:
            yield f"{name}: the API has no such member"
            continue
        members += [member] if member.operation == kind.creates else []
        if isinstance(value, dict) and ".".join(member.names) == WRAPPED.get(
            type_
        ):  # it is the wrapped structure itself
            members += [below for key in value if (below := member_of(type_, f"{name}.{key}"))]
        yield from _value_problems(type_, name, value, member)
    shape = model(kind.service.id).operation_model(kind.creates).input_shape
    for above, name in enumerate(["", *filter(None, WRAPPED.get(type_, "").split("."))]):
        shape = inside(shape.members[name]) if name else shape
        assert isinstance(shape, StructureShape), "inputs are members of structures"
        covered = {member.names[above] for member in members if len(member.names) > above}
        generated = {name for name, inner in shape.members.items() if inner.metadata.get("idempotencyToken")}
        for missing in set(shape.required_members) - covered - generated - ADDED.get(type_, set()):
            yield f"{missing}: {kind.creates} needs it"


def _value_problems(type_: str, path: str, value: Any, member: Member) -> Iterator[str]:
    if value is None or value is UNKNOWN:
        return
    shape = member.shape
    if isinstance(value, list):
        yield from _outside(path, shape, len(value), "elements")
        for item in value:
            element = shape.member if isinstance(shape, ListShape) else shape
            yield from _value_problems(type_, f"{path}[*]", item, member._replace(shape=element))
        return
    shape = inside(shape)
    pair = _key_and_value(shape)
    if isinstance(value, dict) and pair:
        for name, text in value.items():
            yield from scalar(f"{path}.{name}", pair[0], name)
            yield from scalar(f"{path}.{name}", pair[1], text)
    elif isinstance(value, dict) and isinstance(shape, StructureShape):
        yield from _structure_problems(type_, path, value, member, shape)
    else:
        yield from scalar(path, shape, value)


def _key_and_value(shape: Shape) -> tuple[Shape, Shape] | None:
    """Returns the shapes of key and value, of a map or of the pairs that some services have instead; else None."""
    if isinstance(shape, MapShape):
        return shape.key, shape.value
    if not isinstance(shape, StructureShape):
        return None
    for key, value in ("Key", "Value"), ("Name", "Value"):
        if set(shape.members) == {key, value}:
            return shape.members[key], shape.members[value]
    return None


def _structure_problems(
    type_: str, path: str, value: Mapping[str, Any], member: Member, shape: StructureShape
) -> Iterator[str]:
    covered = set()
    for key, inner in value.items():
        below = member_of(type_, f"{path}.{key}")
        if key.startswith("__") or inner is None:
            continue
        if below is None:
            yield f"{path}.{key}: the API has no such member"
            continue
        covered |= set(below.names[len(member.names) : len(member.names) + 1])
        yield from _value_problems(type_, f"{path}.{key}", inner, below)
    for missing in set(shape.required_members) - covered:
        yield f"{path}: {shape.name} needs {missing}"


def scalar(path: str, shape: Shape, value: Any) -> Iterator[str]:
    """Yields the problems of a scalar. The provider also accepts numbers and booleans as text, and text as numbers."""
    if value is UNKNOWN or value is None:
        return
    if shape.type_name in NUMBERS:
        try:
            yield from _outside(path, shape, float(value), "")
        except (TypeError, ValueError):
            yield f"{path}: {value!r} is not a number"
    elif shape.type_name == "boolean":
        if value not in (True, False, "true", "false"):
            yield f"{path}: {value!r} is neither true nor false"
    elif shape.type_name == "string":
        text = str(value)
        if shape.metadata.get("enum") and text not in shape.metadata["enum"]:
            yield f"{path}: {text} is not one of {', '.join(shape.metadata['enum'])}"
        pattern = _pattern(shape.metadata.get("pattern", ""))
        if pattern is not None and not pattern.search(text):
            yield f"{path}: {text} does not match {pattern.pattern}"
        yield from _outside(path, shape, len(text), "characters")
    elif shape.type_name in ("structure", "map", "list"):
        yield f"{path}: {value!r} is not a {shape.type_name}"


def _outside(path: str, shape: Shape, size: float, unit: str) -> Iterator[str]:
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if (low is not None and size < low) or (high is not None and size > high):
        yield f"{path}: {size:g} {unit}".rstrip() + f", but {low} to {high} are allowed"


@cache
def _pattern(text: str) -> re.Pattern[str] | None:
    """Compiles a pattern of a model. Models write patterns for Java; Unicode classes are replaced by similar ones."""
    if not text:
        return None
    for java, python in (
        *(("\\p{L}", "^\\W\\d_"), ("\\p{Z}", "\\s"), ("\\p{N}", "\\d"), ("\\p{ASCII}", "\\x00-\\x7f")),
        ("\\uD800\\uDC00-\\uDBFF\\uDFFF", "\\U00010000-\\U0010FFFF"),  # pairs of surrogates
        ("|(?i)", "|"),  # of one alternative
    ):
        text = text.replace(java, python)
    return re.compile(text if text.startswith("^") else f"^(?:{text})$")

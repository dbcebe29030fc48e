"""Check: automatic names, defaults, tags, and everything that the provider refuses without calling AWS.

Source: pulumi-terraform-bridge (defaults and names), pulumi-aws provider/tags.go (tags); read 2026-11.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from common.spelling import nearest
from simulator.aws import paths, templates
from simulator.aws.inputs import converted, input_errors
from simulator.aws.model import Autoname, ResourceType
from simulator.aws.operation_context import region_of, setting
from simulator.cloud import Cloud
from simulator.provider import Call, CheckFailure, CheckResult
from simulator.values import UNKNOWN, Props, has_unknown

DEFAULTS = "__defaults"


def check(kind: ResourceType, cloud: Cloud, call: Call, old: Props, new: Props) -> CheckResult:
    """Returns the inputs as the provider completes them, and what is wrong with them."""
    given = {key: value for key, value in new.items() if value is not None and key != DEFAULTS}
    inputs = converted(given, kind.type)
    defaulted: list[str] = []
    if kind.regional and "region" not in inputs:
        inputs["region"] = region_of(call.config)
        defaulted.append("region")
    problems = list(_input_errors(kind, inputs))
    paths_with_problems = {path for path, _ in problems}
    if kind.autoname:
        problems += _name(kind, kind.autoname, cloud, call, old, inputs, defaulted)
    for path, value in kind.defaults.items():
        _default(inputs, path, value, defaulted)
    if kind.taggable:
        inputs["tagsAll"] = _all_tags(call.config, None if "tags" in paths_with_problems else inputs.get("tags"))
    inputs[DEFAULTS] = sorted(defaulted)
    problems += _missing(kind, inputs)
    problems += _failed_constraints(kind, inputs, paths_with_problems)
    return CheckResult(
        inputs,
        tuple(
            CheckFailure("", f"{text}. Examine values at '{_property_path(call, path)}'.") for path, text in problems
        ),
    )


def without_default_lists(inputs: Props) -> Props:
    """Returns the inputs without the lists that name the inputs which are defaults."""
    return {key: _without_lists(value) for key, value in inputs.items() if key != DEFAULTS}


def _without_lists(value: Any) -> Any:
    return without_default_lists(value) if isinstance(value, dict) else value


def _property_path(call: Call, path: str) -> str:
    return f"{call.name}.{path}" if path else call.name


def _input_errors(kind: ResourceType, inputs: Props) -> Iterator[tuple[str, str]]:
    for path, known, expected, got in input_errors(kind.type, inputs):
        if expected:
            yield path, f"expected {expected} type, got {got} type"
        elif path != "tagsAll" or not kind.taggable:  # an output that the provider keeps among the inputs
            near = nearest(path.rsplit(".", 1)[-1], known)
            hint = f"; did you mean {near}?" if near else ""
            yield path, f"{kind.type} has no argument {path}{hint}"


def _name(
    kind: ResourceType, autoname: Autoname, cloud: Cloud, call: Call, old: Props, inputs: Props, defaulted: list[str]
) -> list[tuple[str, str]]:
    if autoname.property in inputs or (autoname.given_prefix and autoname.given_prefix in inputs):
        return []
    defaulted.append(autoname.property)
    if autoname.property in old.get(DEFAULTS, ()) and autoname.property in old:
        inputs[autoname.property] = old[autoname.property]
        return []
    base = call.name.lower() if autoname.lower else call.name
    ending = autoname.suffix(inputs) if autoname.suffix else ""
    if len(autoname.prefix) + len(base) + 8 + len(ending) > autoname.max_length:
        text = f"name '{base}-' plus 7 random chars is longer than maximum length {autoname.max_length}"
        return [(autoname.property, text)]
    names_in_use = {row.state.get(autoname.property) for row in cloud.of_type(kind.type)}
    attempt = cloud.times_gone(kind.type, call.urn)
    while True:
        random_part = templates.pseudo_random("hex", 7, f"{call.urn}|name|{attempt}")
        name = f"{autoname.prefix}{base}-{random_part}{ending}"
        if name not in names_in_use:
            inputs[autoname.property] = name
            return []
        attempt += 1


def _default(inputs: Props, path: str, value: Any, defaulted: list[str]) -> None:
    """Fills in a default. A default inside a block is filled in only when the block is given."""
    *parents, last = path.split(".")
    target = inputs
    for key in parents:
        inner = target.get(key)
        if not isinstance(inner, dict):
            return
        target[key] = inner = dict(inner)
        target = inner
    if target.get(last) is None:
        target[last] = value
        if parents:
            target[DEFAULTS] = sorted([*target.get(DEFAULTS, []), last])
        else:
            defaulted.append(last)


def _all_tags(config: Mapping[str, Any], tags: Any) -> Any:
    default = setting(config, "defaultTags")
    common = default.get("tags") if isinstance(default, dict) else default
    if common is UNKNOWN or tags is UNKNOWN or has_unknown(common) or has_unknown(tags):
        return UNKNOWN
    return {**(common or {}), **(tags or {})}


def _missing(kind: ResourceType, inputs: Props) -> Iterator[tuple[str, str]]:
    for name in kind.required.split():
        if inputs.get(name) is None:
            argument = paths.snake(name)
            yield (
                name,
                f'Missing required argument. The argument "{argument}" is required, but no definition was found.',
            )
    for group in kind.one_of:
        names = group.split()
        set_names = [paths.snake(name) for name in names if inputs.get(name) is not None]
        listed = ",".join(paths.snake(name) for name in names)
        if not set_names:
            yield names[0], f"Missing required argument. one of `{listed}` must be specified"
        elif all(inputs.get(name) in (None, "") for name in names):  # the provider sends nothing, and AWS says so
            yield names[0], f"Missing required argument. one of `{listed}` must be specified, with a value"
        elif len(set_names) > 1:
            text = f"only one of `{listed}` can be specified, but `{','.join(set_names)}` were specified."
            yield names[0], f"Invalid combination of arguments. {text}"
    for group in kind.conflicts:
        set_names = [name for name in group.split() if inputs.get(name) not in (None, "")]
        if len(set_names) > 1:
            first, second = (paths.snake(name) for name in set_names[:2])
            yield set_names[0], f'Conflicting configuration arguments. "{first}": conflicts with {second}'
    for pair in kind.needs:
        needy, needed = pair.split()
        if inputs.get(needy) not in (None, "") and inputs.get(needed) in (None, ""):
            listed = f"{paths.snake(needy)},{paths.snake(needed)}"
            yield needy, f'Missing required argument. "{paths.snake(needy)}": all of `{listed}` must be specified'


def _failed_constraints(kind: ResourceType, inputs: Props, wrong: Collection[str]) -> Iterator[tuple[str, str]]:
    """Yields what constraints refuse. wrong: the paths of values of a wrong form, which no constraint can read."""
    for path, constraint in kind.checks:
        for concrete_path, value in paths.find(inputs, path):
            within = (f"{concrete_path}.", f"{concrete_path}[")
            if has_unknown(value) or any(each == concrete_path or each.startswith(within) for each in wrong):
                continue
            if text := constraint(paths.argument(path), value):
                yield concrete_path, text

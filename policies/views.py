"""How a rule reads a resource: by path, with known, unknown, absent and mistyped values told apart.

A `View` is a value inside a resource together with where it stands. The accessors below take a view and a path such as
`vpcConfig.publicAccessCidrs` or `blockDeviceMappings[0].ebs`; a key that holds dots is given as a tuple of keys.

- absent (or null): the accessor's default;
- not known before the update: raises `NotKnownError`, and the rule's `on_unknown` says what that means;
- of another type than the rule can read: raises `WrongTypeError`, which is a finding of its own;
- a secret: opened, and remembered, so that no finding of that check repeats a value.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property, lru_cache
from typing import Any, Literal, TypeVar

from common.urns import name_of
from common.values import UNKNOWN, Secret

Path = str | tuple[str | int, ...]
Finding = TypeVar("Finding")
Item = TypeVar("Item")
Environment = Literal["dev", "staging", "prod"]
ENVIRONMENTS: tuple[Environment, ...] = ("dev", "staging", "prod")


@dataclass(frozen=True)
class Setting:
    """Under which circumstances a stack is judged."""

    environment: Environment
    today: date


@dataclass
class Reads:
    """What a check has touched so far. Shared by all resources of one evaluation."""

    secret: bool = False


class View:
    """A value and where it stands: the whole of a resource, or an item of a list in it."""

    def __init__(self, resource: "Resource", value: Any, path: str) -> None:
        self.resource, self._value, self.path = resource, value, path

    @property
    def value(self) -> Any:
        """The value as decoded; may hold unknowns and secrets, so rules read through the accessors."""
        return self._value

    def under(self, path: Path) -> str:
        """`path`, seen from the resource."""
        shown = show(path)
        return f"{self.path}.{shown}" if self.path and shown else self.path or shown


class Resource(View):
    """One resource, as the engine shows it: inputs in a resource rule, outputs in a stack rule."""

    def __init__(
        self,
        *,
        urn: str,
        kind: str,
        read: Callable[[], Mapping[str, Any]],
        setting: Setting,
        reads: Reads,
        protect: bool = False,
        parent: str = "",
        read_provider: Callable[[], Mapping[str, Any]] = dict,
    ) -> None:
        super().__init__(self, None, "")
        self.urn, self.type, self.name, self.protect = urn, kind, name_of(urn), protect
        self.setting, self.reads, self.parent = setting, reads, parent
        self._read, self._read_provider = read, read_provider
        self.links: Mapping[str, Sequence[Resource]] = {}

    @cached_property
    def _properties(self) -> Mapping[str, Any]:
        return self._read()

    @property
    def value(self) -> Any:
        """The properties, decoded when they are first asked for."""
        return self._properties

    @property
    def id(self) -> str:
        """The provider's id, as the outputs that a stack rule sees have it; "" before it is known."""
        found = self.value.get("id")
        return found if isinstance(found, str) else ""

    @cached_property
    def provider(self) -> View:
        """The settings of the provider that makes the resource."""
        return View(self, self._read_provider(), "provider")


@dataclass
class Stack:
    """Every resource of the stack that a stack rule named in `applies_to`."""

    urn: str
    setting: Setting
    resources: Sequence[Resource]
    _by_type: dict[str, list[Resource]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for resource in self.resources:
            self._by_type.setdefault(resource.type, []).append(resource)

    def of(self, *types: str) -> list[Resource]:
        """The resources of these types, in the order of `types`."""
        return [resource for kind in types for resource in self._by_type.get(kind, ())]

    @property
    def region(self) -> str:
        """Where the stack's AWS resources are, by the settings of their provider; us-east-1 where nothing says it."""
        for resource in self.resources:
            if resource.type.startswith("aws:"):
                region = at(resource.provider, "region")
                if isinstance(region, str):
                    return region
        return "us-east-1"

    def linked(self, source: Resource, key: str, types: Iterable[str]) -> list[Resource]:
        """What the property `key` of `source` was computed from, or, in an imported stack, names by its id.

        Ids of new resources are unknown at preview, so the engine's record of dependencies comes first. Several are
        returned where the property was computed from several.
        """
        wanted = tuple(types)
        found = [target for target in source.links.get(key, ()) if target.type in wanted]
        if found:
            return found
        try:
            named = at(source, key)
        except NotKnownError:
            return []
        if isinstance(named, Mapping):  # a launch template is named as {"id": ..., "version": ...}
            named = list(named.values())
        names = {str(item) for item in (named if isinstance(named, list) else [named]) if item}
        return [target for target in self.of(*wanted) if target.id in names]


class NotKnownError(Exception):
    """A value that only the update can tell."""

    def __init__(self, resource: Resource, path: str) -> None:
        super().__init__(f"{path} is not known yet")
        self.resource, self.path = resource, path


class WrongTypeError(Exception):
    """A value of a type that the property does not have."""

    def __init__(self, resource: Resource, path: str, expected: str, found: Any) -> None:
        super().__init__(f"{path} is {_type_name(found)}, not {expected}")
        self.resource, self.path, self.problem = resource, path, f"is {_type_name(found)}, where {expected} belongs"


def _type_name(value: Any) -> str:
    if isinstance(value, bool):
        return "a boolean"
    for types, name in (((int, float), "a number"), (str, "a text"), (list, "a list"), (Mapping, "a map")):
        if isinstance(value, types):
            return name
    return "nothing" if value is None else "something else"


@lru_cache(maxsize=4096)
def _steps(path: Path) -> tuple[str | int, ...]:
    if isinstance(path, tuple):
        return path
    return tuple(int(name) if name.isdigit() else name for name in re.findall(r"[^.\[\]]+", path))


def show(path: Path) -> str:
    """The path as people write it: `a.b[0]["c.d"]`."""
    if isinstance(path, str):
        return path
    shown = ""
    for step in path:
        if isinstance(step, int):
            shown += f"[{step}]"
        elif "." in step or "/" in step:
            shown += f'["{step}"]'
        else:
            shown += f".{step}" if shown else step
    return shown


def _walk(view: View, path: Path) -> Any:
    """The value at `path`, not resolved; None where absent."""
    value, reads, resource = view.value, view.resource.reads, view.resource
    done: list[str | int] = []
    for step in _steps(path):
        if isinstance(value, Secret):
            reads.secret, value = True, value.value
        if value is None:
            return None
        if value is UNKNOWN:
            raise NotKnownError(resource, view.under(tuple(done)))
        if isinstance(step, int) and isinstance(value, list):
            value = value[step] if step < len(value) else None
        elif isinstance(step, str) and isinstance(value, Mapping):
            value = value.get(step)
        else:
            raise WrongTypeError(
                resource, view.under(tuple(done)), "a list" if isinstance(step, int) else "a map", value
            )
        done.append(step)
    if isinstance(value, Secret):
        reads.secret, value = True, value.value
    return value


def _resolved(view: View, value: Any, path: tuple[str | int, ...]) -> Any:
    if isinstance(value, Secret):
        view.resource.reads.secret, value = True, value.value
    if value is UNKNOWN:
        raise NotKnownError(view.resource, view.under(path))
    if isinstance(value, Mapping):
        return {key: _resolved(view, item, (*path, key)) for key, item in value.items()}
    if isinstance(value, list):
        return [_resolved(view, item, (*path, index)) for index, item in enumerate(value)]
    return value


def at(view: View, path: Path, default: Any = None) -> Any:
    """The value at `path` with everything in it known; `default` where absent. Raises NotKnownError, WrongTypeError."""
    value = _walk(view, path)
    return default if value is None else _resolved(view, value, _steps(path))


def at_if_known(view: View, path: Path) -> Any:
    """The value at `path`, None also where it is not known yet: for what hardly ever concerns the rule that looks.

    Nothing is lost: the update, where it is known, asks the rule again.
    """
    try:
        return at(view, path)
    except NotKnownError:
        return None


def present(view: View, path: Path) -> bool:
    """Whether anything is said at `path`. An unknown value is: somebody set it, and only its content is open."""
    value = _walk(view, path)
    return value is UNKNOWN or (value is not None and value not in ("", [], {}))


def text(view: View, path: Path, default: str = "") -> str:
    """The text at `path`; a number or boolean as its text. Raises NotKnownError, WrongTypeError."""
    value = at(view, path, default)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str | int | float):
        return str(value)
    raise WrongTypeError(view.resource, view.under(path), "a text", value)


def texts(view: View, path: Path, default: Iterable[str] = ()) -> list[str]:
    """The list of texts at `path`. Raises NotKnownError, WrongTypeError."""
    value = at(view, path)
    if value is None:
        return list(default)
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return value
    raise WrongTypeError(view.resource, view.under(path), "a list of texts", value)


def keys(view: View, path: Path) -> list[str]:
    """The keys of the map at `path`, whatever its values; none where absent. Raises NotKnownError, WrongTypeError."""
    value = _walk(view, path)
    if value is UNKNOWN:
        raise NotKnownError(view.resource, view.under(path))
    if value is None or isinstance(value, Mapping):
        return [str(key) for key in value or ()]
    raise WrongTypeError(view.resource, view.under(path), "a map", value)


def number(view: View, path: Path, default: float | None = None) -> float | None:
    """The number at `path`, also where it is written as text. Raises NotKnownError, WrongTypeError."""
    value = at(view, path, default)
    if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
        return value
    try:
        return float(value) if isinstance(value, str) else _no_number(view, path, value)
    except ValueError:
        return _no_number(view, path, value)


def _no_number(view: View, path: Path, value: Any) -> float:
    raise WrongTypeError(view.resource, view.under(path), "a number", value)


def flag(view: View, path: Path, default: bool = False) -> bool:
    """The boolean at `path`, also where the provider keeps it as the text "true" or "false" (launch templates do)."""
    value = at(view, path, default)
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    if isinstance(value, bool):
        return value
    raise WrongTypeError(view.resource, view.under(path), "a boolean", value)


def each(view: View, path: Path) -> Iterator[View]:
    """A view on each item of the list at `path`; none where absent. Raises NotKnownError, WrongTypeError."""
    value = _walk(view, path)
    if value is None:
        return
    if value is UNKNOWN:
        raise NotKnownError(view.resource, view.under(path))
    if not isinstance(value, list):
        raise WrongTypeError(view.resource, view.under(path), "a list", value)
    for index, item in enumerate(value):
        yield View(view.resource, item, f"{view.under(path)}[{index}]")


def every(view: View, path: Path, check: Callable[[View], Iterable[Finding]]) -> Iterator[Finding]:
    """What `check` finds in each item of the list at `path`. An item not known yet does not hide the ones after it."""
    return separately(each(view, path), check)


def separately(items: Iterable[Item], check: Callable[[Item], Iterable[Finding]]) -> Iterator[Finding]:
    """What `check` finds in each of the items. One that is not known yet does not hide the ones after it."""
    postponed: NotKnownError | None = None
    for item in items:
        try:
            yield from check(item)
        except NotKnownError as reason:
            postponed = postponed or reason
    if postponed:
        raise postponed

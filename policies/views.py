"""How a rule reads the properties of a resource: by path, through the accessors below.

A `View` is a value inside a resource, with its path. The accessors take a view and a path such as
`vpcConfig.publicAccessCidrs` or `blockDeviceMappings[0].ebs`. Give a key that contains dots as a tuple of keys.

- An absent value, or null: the accessor returns its default.
- An unknown value (it exists only after the update): raises `NotKnownError`; the rule's `on_unknown` decides.
- A value of a type that the rule cannot read: raises `WrongTypeError`, which becomes a finding.
- A secret: the accessor returns the plain value, and no finding of this check repeats any value.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property, lru_cache
from typing import Any, Literal, TypeVar, cast

from common.tag_keys import means
from common.urns import name_of
from common.values import UNKNOWN, Secret

Derived = TypeVar("Derived")
Path = str | tuple[str | int, ...]
_INDEX, _SEPARATOR = re.compile(r"\[\d+\]"), re.compile("[:/]")
Environment = Literal["dev", "staging", "prod"]
PLACEHOLDERS = frozenset({"", "todo", "tbd", "fixme", "xx", "xxx", "n/a", "na", "none", "null", "unknown", "changeme"})
ENVIRONMENTS: tuple[Environment, ...] = ("dev", "staging", "prod")


OF_PROVIDER = ("allowedAccountIds", "assumeRole", "assumeRoles", "assumeRoleWithWebIdentity")
"""Inputs of the AWS provider that name the account in which it works."""

_OF_AN_ARN = 5
"""Colons in an ARN, before what it is the name of."""


@dataclass(frozen=True)
class EvaluationContext:
    """The environment and the date that a stack is checked for."""

    environment: Environment
    today: date


@dataclass
class Reads:
    """Records whether a check has read a secret, and what it goes on without. All resources of one evaluation share it.

    left_out: resource and path of each value that is unknown, or of a wrong type, and that was read as absent. wrong:
    those of a wrong type, each with what is wrong.
    """

    secret: bool = False
    left_out: "dict[tuple[Resource, str], None]" = field(default_factory=dict)
    _unknown: set[str] = field(default_factory=set)
    wrong: "dict[tuple[Resource, str], str]" = field(default_factory=dict)
    _wrong: set[str] = field(default_factory=set)

    def begin(self) -> None:
        """Forgets what was left out."""
        for each in (self.left_out, self._unknown, self.wrong, self._wrong):
            each.clear()

    def leave_out(self, stopped: "NotKnownError | WrongTypeError") -> bool:
        """Reads a value as absent from now on, at every resource and item. Returns False if it was read so before."""
        place = (stopped.resource, stopped.path)
        known = place in self.left_out
        self.left_out[place] = None
        if isinstance(stopped, WrongTypeError):
            self._wrong.add(_INDEX.sub("", stopped.path))
            self.wrong[place] = stopped.problem
        else:
            self._unknown.add(_INDEX.sub("", stopped.path))
        return not known

    def is_absent(self, resource: "Resource", path: str) -> bool:
        """Tells whether the check goes on without an unknown value, which then counts as one that it met."""
        if left_out := _INDEX.sub("", path) in self._unknown:
            self.left_out[resource, path] = None
        return left_out

    def refuse(self, stopped: "WrongTypeError") -> None:
        """Reads a value of a wrong type as absent where another item of its list was met; else raises the error."""
        if _INDEX.sub("", stopped.path) not in self._wrong:
            raise stopped
        self.left_out[stopped.resource, stopped.path] = None
        self.wrong[stopped.resource, stopped.path] = stopped.problem


class View:
    """A value with its path: all properties of a resource, or one item of a list in them."""

    def __init__(self, resource: "Resource", value: Any, path: str) -> None:
        self.resource, self._value, self.path = resource, value, path

    @property
    def value(self) -> Any:
        """The decoded value. It may contain unknown values and secrets, so rules use the accessors instead."""
        return self._value

    def under(self, path: Path) -> str:
        """Returns `path`, which starts at this view, as a path that starts at the resource."""
        shown = show(path)
        return f"{self.path}.{shown}" if self.path and shown else self.path or shown


class Resource(View):
    """One resource as the engine sends it. A resource rule sees its inputs, a stack rule its outputs."""

    def __init__(
        self,
        *,
        urn: str,
        kind: str,
        read: Callable[[], Mapping[str, Any]],
        context: EvaluationContext,
        reads: Reads,
        protect: bool = False,
        parent: str = "",
        read_provider: Callable[[], Mapping[str, Any]] = dict,
        provider_urn: str = "",
    ) -> None:
        super().__init__(self, None, "")
        self.urn, self.type, self.name, self.protect = urn, kind, name_of(urn), protect
        self.context, self.reads, self.parent = context, reads, parent
        self.provider_urn = provider_urn  # of a Kubernetes object: that of its cluster
        self._read, self._read_provider = read, read_provider
        self.inputs_of: Resource = self
        """The resource as its own rules saw it."""
        self._derived: dict[Callable[[Resource], Any], Any] = {}
        self.links: Mapping[str, Sequence[Resource]] = {}

    @cached_property
    def _properties(self) -> Mapping[str, Any]:
        return self._read()

    @property
    def value(self) -> Any:
        """The properties. They are decoded on first use."""
        return self._properties

    @property
    def inputs(self) -> Mapping[str, Any]:
        """What the program says of the resource, which a preview knows where it does not know the outputs."""
        given: Mapping[str, Any] = self.inputs_of.value
        return given

    def once(self, derive: Callable[["Resource"], Derived]) -> Derived:
        """Returns `derive(self)`, which is worked out for the first rule that asks. It must not depend on the rule."""
        if derive not in self._derived:
            self._derived[derive] = derive(self)
        return cast(Derived, self._derived[derive])

    @property
    def id(self) -> str:
        """The id that the provider gave the resource, "" while it is unknown. Only stack rules see it."""
        provider_id = self.value.get("id")
        return provider_id if isinstance(provider_id, str) else ""

    @property
    def names(self) -> set[str]:
        """What other resources call it: its id, and the name that AWS knows it by, which a program may have chosen."""
        return {each for key in ("id", "name", "bucket") if isinstance(each := self.value.get(key), str) and each}

    @cached_property
    def place(self) -> tuple[str, list[str]]:
        """The region, or "", and what names the account."""
        given = self.provider.value
        regions = (each for each in (self.value.get("region"), given.get("region")) if isinstance(each, str))
        return next(filter(None, regions), ""), [str(given.get(key)) for key in (*OF_PROVIDER, "profile")]

    def is_beside(self, source: "Resource") -> bool:
        """Tells whether a plain name that `source` gives may be that of this resource: in one region of one account.

        IAM is one in all regions, and names of buckets are one in all accounts. Where no provider is recorded, as in a
        list of objects, and of another kind of provider, nobody can say.
        """
        if not source.provider_urn or self.provider_urn == source.provider_urn or self.type.startswith("aws:s3/bucket"):
            return self._in_region(source.place[0])
        if not all(each.type.startswith("aws:") for each in (self, source)):
            return self.type.partition(":")[0] != source.type.partition(":")[0]
        return self.place[1] == source.place[1] and self._in_region(source.place[0])

    def may_be(self, arn: str) -> bool:
        """Tells whether this resource is in the region and the account of an ARN, as far as they are known."""
        own, parts = self.value.get("arn"), [*arn.split(":"), "", ""]
        if isinstance(own, str) and own.count(":") >= _OF_AN_ARN:
            return own.split(":")[3:5] == parts[3:5]
        return self._in_region(parts[3])

    def _in_region(self, region: str) -> bool:
        own = self.place[0]
        return not (own and region) or own == region or self.type.startswith(("aws:iam/", "aws:s3/bucket"))

    @cached_property
    def provider(self) -> View:
        """The properties of the provider that creates the resource."""
        return View(self, self._read_provider(), "provider")


@dataclass
class Stack:
    """The resources of a stack whose types a stack rule names in `applies_to`.

    seen: the types that rules about access name.
    """

    urn: str
    context: EvaluationContext
    resources: Sequence[Resource]
    seen: Collection[str] = ()
    _by_type: dict[str, list[Resource]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for resource in self.resources:
            self._by_type.setdefault(resource.type, []).append(resource)

    def of(self, *types: str) -> list[Resource]:
        """Returns the resources of these types, in the order of `types`."""
        return [resource for kind in types for resource in self._by_type.get(kind, ())]

    @property
    def region(self) -> str:
        """The region of the stack's AWS provider, or us-east-1 when no provider sets one."""
        for resource in self.resources:
            if resource.type.startswith("aws:"):
                region = at(resource.provider, "region")
                if isinstance(region, str):
                    return region
        return "us-east-1"

    def left_out(self, targets: Iterable[str], sources: Iterable[str], key: str) -> list[Resource]:
        """Returns the resources of the types `targets` that no resource of the types `sources` refers to by `key`."""
        reached = {target.urn for source in self.of(*sources) for target in self.linked(source, key, targets)}
        return [target for target in self.of(*targets) if target.urn not in reached]

    def linked(self, source: Resource, key: str, types: Iterable[str]) -> list[Resource]:
        """Returns the resources of these types that the property `key` of `source` refers to.

        The engine's record of dependencies comes first, because ids of new resources are unknown at preview. Where
        there is none, as for a literal name or in an imported stack, the property has the id, the name or the ARN.
        """
        target_types = tuple(types)
        dependencies = [target for target in source.links.get(key, ()) if target.type in target_types]
        if dependencies:
            return dependencies
        try:
            value = at(source, key)
        except NotKnownError:
            return []
        if isinstance(value, Mapping):  # a launch template is given as {"id": ..., "version": ...}
            value = list(value.values())
        called = {str(item) for item in (value if isinstance(value, list) else [value]) if item}
        arns = {each for each in called if each.startswith("arn:")}
        return [
            target
            for target in self.of(*target_types)
            if (target.names & (called - arns) and target.is_beside(source))
            or any(
                name in (arn, _SEPARATOR.split(arn)[-1]) for arn in arns if target.may_be(arn) for name in target.names
            )
        ]


class NotKnownError(Exception):
    """A rule read a value that is unknown before the update."""

    def __init__(self, resource: Resource, path: str) -> None:
        super().__init__(f"{path} is not known yet")
        self.resource, self.path = resource, path


class WrongTypeError(Exception):
    """A rule read a value whose type the property cannot have. problem: the text of the finding."""

    def __init__(self, resource: Resource, path: str, expected: str, actual: Any) -> None:
        super().__init__(f"{path} is {_type_name(actual)}, not {expected}")
        self.resource, self.path, self.problem = resource, path, f"is {_type_name(actual)}, but must be {expected}"


def _type_name(value: Any) -> str:
    if isinstance(value, bool):
        return "a boolean"
    for types, name in (((int, float), "a number"), (str, "a string"), (list, "a list"), (Mapping, "a map")):
        if isinstance(value, types):
            return name
    return "null" if value is None else "of another type"


@lru_cache(maxsize=4096)
def _steps(path: Path) -> tuple[str | int, ...]:
    if isinstance(path, tuple):
        return path
    return tuple(int(name) if name.isdigit() else name for name in re.findall(r"[^.\[\]]+", path))


def show(path: Path) -> str:
    """Returns the path as people write it: `a.b[0]["c.d"]`."""
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
    """Returns the value at `path` as it is, which may contain unknown values; None where absent."""
    value, reads, resource = view.value, view.resource.reads, view.resource
    walked: list[str | int] = []
    for step in _steps(path):
        if isinstance(value, Secret):
            reads.secret, value = True, value.value
        if value is None or (reads.wrong and (resource, view.under(tuple(walked))) in reads.wrong):
            return None
        if value is UNKNOWN:
            return _absent(resource, view.under(tuple(walked)))
        if isinstance(step, int) and isinstance(value, list):
            value = value[step] if step < len(value) else None
        elif isinstance(step, str) and isinstance(value, Mapping):
            value = value.get(step)
        else:
            expected = "a list" if isinstance(step, int) else "a map"
            reads.refuse(WrongTypeError(resource, view.under(tuple(walked)), expected, value))
            return None
        walked.append(step)
    if reads.wrong and (resource, view.under(tuple(walked))) in reads.wrong:
        return None
    if isinstance(value, Secret):
        reads.secret, value = True, value.value
    return value


def _absent(resource: Resource, path: str) -> Any:
    """Returns None for an unknown value that is left out. Raises NotKnownError for another."""
    if not resource.reads.is_absent(resource, path):
        raise NotKnownError(resource, path)
    return None


def _resolved(view: View, value: Any, path: tuple[str | int, ...]) -> Any:
    """Returns the value without secrets' wrappers, and without what is left out.

    Raises NotKnownError when any other part of it is unknown. What has nothing but unknown parts counts as one.
    """
    if isinstance(value, Secret):
        view.resource.reads.secret, value = True, value.value
    if value is UNKNOWN:
        return _absent(view.resource, view.under(path))
    items: Iterable[tuple[Any, Any]]
    if isinstance(value, Mapping):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    else:
        return value
    known = {key: item for key, item in items if item is not UNKNOWN or _raised(view, (*path, key))}
    if value and not known:
        return _absent(view.resource, view.under(path))
    resolved = {key: _resolved(view, item, (*path, key)) for key, item in known.items()}
    return resolved if isinstance(value, Mapping) else list(resolved.values())


def _raised(view: View, path: tuple[str | int, ...]) -> bool:
    """Returns False for an unknown value that is left out. Raises NotKnownError for another."""
    _absent(view.resource, view.under(path))
    return False


def at(view: View, path: Path, default: Any = None) -> Any:
    """Returns the value at `path`, or `default` where absent.

    Raises NotKnownError when any part of it is unknown, and WrongTypeError.
    """
    value = _resolved(view, _walk(view, path), _steps(path))
    return default if value is None else value


def at_if_known(view: View, path: Path) -> Any:
    """Returns the value at `path`, or None where it is absent or unknown.

    For values that rarely matter to the rule. Nothing is missed: the engine runs the rule again in the update, when
    the value is known.
    """
    try:
        return at(view, path)
    except NotKnownError:
        return None


def present(view: View, path: Path) -> bool:
    """Tells whether `path` is set and not empty. An unknown value counts as set: only its content is open."""
    value = _walk(view, path)
    return value is UNKNOWN or (value is not None and value not in ("", [], {}))


def text(view: View, path: Path, default: str = "") -> str:
    """Returns the string at `path`; a number or a boolean as a string. Raises NotKnownError, WrongTypeError."""
    value = at(view, path, default)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str | int | float):
        return str(value)
    _refuse(view, path, "a string", value)
    return default


def texts(view: View, path: Path, default: Iterable[str] = ()) -> list[str]:
    """Returns the list of strings at `path`. Raises NotKnownError, WrongTypeError."""
    value = at(view, path)
    if value is None:
        return list(default)
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return value
    _refuse(view, path, "a list of strings", value)
    return list(default)


def keys(view: View, path: Path) -> list[str]:
    """Returns the keys of the map at `path`, even when its values are unknown; an empty list where absent.

    Raises NotKnownError, WrongTypeError.
    """
    value = _walk(view, path)
    if value is UNKNOWN:
        value = _absent(view.resource, view.under(path))
    if value is None or isinstance(value, Mapping):
        return [str(key) for key in value or ()]
    _refuse(view, path, "a map", value)
    return []


def without_tag(view: View, path: Path, names: Iterable[str]) -> list[str]:
    """Returns the names of tags that the map at `path` lacks, or has without a value, in any spelling of a company.

    A placeholder such as TODO is no value.

    Raises NotKnownError, WrongTypeError.
    """
    steps = _steps(path)
    present_keys = keys(view, steps)
    spelt = {name: [key for key in present_keys if means(key, name)] for name in names}
    return [name for name, known in spelt.items() if all(_says_nothing(text(view, (*steps, key))) for key in known)]


def _says_nothing(value: str) -> bool:
    return value.strip().casefold() in PLACEHOLDERS or len(value.strip()) == 1


def number(view: View, path: Path, default: float | None = None) -> float | None:
    """Returns the number at `path`, also when it is written as a string. Raises NotKnownError, WrongTypeError."""
    value = at(view, path, default)
    if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
        return value
    try:
        if isinstance(value, str):
            return float(value)
    except ValueError:
        pass
    _refuse(view, path, "a number", value)
    return default


def _refuse(view: View, path: Path, expected: str, value: Any) -> None:
    """Raises WrongTypeError, but not where one was raised for another item of the same list."""
    view.resource.reads.refuse(WrongTypeError(view.resource, view.under(path), expected, value))


def flag(view: View, path: Path, default: bool = False) -> bool:
    """Returns the boolean at `path`, also when it is the string "true" or "false", as in launch templates.

    Raises NotKnownError, WrongTypeError.
    """
    value = at(view, path, default)
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    if isinstance(value, bool):
        return value
    _refuse(view, path, "a boolean", value)
    return default


def each(view: View, path: Path) -> Iterator[View]:
    """Yields a view of each item of the list at `path`; none where absent. Raises NotKnownError, WrongTypeError."""
    value = _walk(view, path)
    if value is UNKNOWN:
        value = _absent(view.resource, view.under(path))
    if value is None:
        return
    if not isinstance(value, list):
        _refuse(view, path, "a list", value)
        return
    for index, item in enumerate(value):
        yield View(view.resource, item, f"{view.under(path)}[{index}]")

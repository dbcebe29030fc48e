"""Explains every setting in force: its value, and where the value comes from."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from settings.compute.presets import with_presets
from settings.core.problems import PathPart, has, join_path
from settings.core.stack_file import NAMESPACE, as_text, settings_of
from settings.stack import loader
from settings.stack.profiles import with_profile

Origin = Literal["stack file", "preset", "profile", "default"]
ABSENT = object()


@dataclass(frozen=True)
class Explained:
    """One setting in force: its path, such as `clusters.main.pools[0].max_per_zone`, its value, and its origin."""

    path: str
    value: Any
    origin: Origin


def explain(
    raw: Mapping[str, Any], source: str, add_ons: loader.AddOns, today: date | None = None
) -> tuple[Explained, ...]:
    """Returns every setting in force. raw: the result of `loader.read_file`, or the `config` of a stack file unchanged.

    Raises SettingsError when the settings are wrong, since then none is in force.
    """
    if any(key.startswith(f"{NAMESPACE}:") for key in raw):
        raw = settings_of({key: as_text(value) for key, value in raw.items()}, loader.TEXT_KEYS)
    settings = loader.load(raw, source, add_ons, today).model_dump(mode="json", by_alias=True)
    preset = with_presets(raw)
    layers: tuple[tuple[Origin, Any], ...] = (
        ("stack file", raw),
        ("preset", preset),
        ("profile", with_profile(preset)),
    )
    return tuple(Explained(join_path(path), value, _origin(path, layers)) for path, value in _leaves(settings, ()))


def _leaves(value: Any, path: tuple[PathPart, ...]) -> Iterator[tuple[tuple[PathPart, ...], Any]]:
    """Yields single values, empty maps, and lists of single values: what a person would change as one thing."""
    if isinstance(value, Mapping) and value:
        for key, item in value.items():
            yield from _leaves(item, (*path, str(key)))
    elif isinstance(value, list) and any(isinstance(item, Mapping) for item in value):
        for index, item in enumerate(value):
            yield from _leaves(item, (*path, index))
    else:
        yield path, value


def _origin(path: tuple[PathPart, ...], layers: tuple[tuple[Origin, Any], ...]) -> Origin:
    """Returns the first layer that has the setting."""
    return next((origin for origin, values in layers if _value_at(values, path) is not ABSENT), "default")


def _value_at(value: Any, path: tuple[PathPart, ...]) -> Any:
    for part in path:
        if not has(value, part):
            return ABSENT
        value = value[part]
    return value

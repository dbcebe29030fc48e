"""From what a stack file says to `StackSettings`, or to the list of everything that is wrong with it."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path as FilePath
from typing import Any

from pydantic import ValidationError

from settings.cluster.addon_rules import AddOnRules
from settings.core import wording
from settings.core.problems import Mistake, Problem, SettingsError, join_path, nearest_place
from settings.core.secret_values import secret_mistakes
from settings.core.stack_file import StackFile, read_stack_file, settings_of
from settings.stack import comparisons
from settings.stack.parts import parts_of
from settings.stack.profiles import with_defaults
from settings.stack.stack import StackSettings

__all__ = ["Problem", "SettingsError", "load", "load_file", "load_pulumi_config", "read_file"]

TEXT_KEYS = frozenset({"environment", "region", "account_id", "name", "owner", "cost_center"})


AddOns = Mapping[str, AddOnRules]


def load_pulumi_config(
    config: Mapping[str, str], path: FilePath, add_ons: AddOns, today: date | None = None
) -> StackSettings:
    """Settings out of the config that Pulumi hands to a program: full keys (`ml-platform:network`) -> text.

    path: the stack file, which is read strictly as well, since Pulumi lets pass what nobody can have meant. Where it is
    not there, the config came from elsewhere. add_ons: every Helm add-on there is, by name.
    today: the day on which versions have to be supported.
    Raises SettingsError with every mistake.
    """
    file, raw = StackFile(path.name, config, {}, ()), settings_of(config, TEXT_KEYS)
    if path.exists():
        file = read_stack_file(path)
        if raw != settings_of(file.config, TEXT_KEYS):  # `pulumi preview --config` says something else than the file
            file = replace(file, places={})
    return _load(raw, file, add_ons, today)


def load_file(path: FilePath, add_ons: AddOns, today: date | None = None) -> StackSettings:
    """Settings out of a `Pulumi.<stack>.yaml`. Raises SettingsError with every mistake."""
    file = read_stack_file(path)
    return _load(settings_of(file.config, TEXT_KEYS), file, add_ons, today)


def load(raw: Mapping[str, Any], source: str, add_ons: AddOns, today: date | None = None) -> StackSettings:
    """Settings out of plain values, without the namespace. source: the file to name in messages.

    Raises SettingsError with every mistake.
    """
    return _load(raw, StackFile(source, {}, {}, ()), add_ons, today)


def read_file(path: FilePath) -> dict[str, Any]:
    """What a stack file says, as plain values and without the namespace; the values themselves are not checked.

    Raises SettingsError when it cannot be read at all.
    """
    return settings_of(read_stack_file(path).config, TEXT_KEYS)


def _load(raw: Mapping[str, Any], file: StackFile, add_ons: AddOns, today: date | None) -> StackSettings:
    """Lays presets and the profile of the environment under the values, and checks all of it.

    Mistakes are those of the file, those of single values, and those that show only when parts are compared.
    """
    merged = with_defaults(raw)
    found: list[Mistake] = []
    settings: StackSettings | None = None
    try:  # as JSON, because strict mode takes a JSON array for a tuple; strict, because "3" for 3 hides a mistake
        settings = StackSettings.model_validate_json(json.dumps(merged), strict=True)
    except ValidationError as error:
        found = wording.mistakes(StackSettings, merged, error.errors(include_url=False))
    found = _without_those_told(found, file.mistakes)
    found += secret_mistakes(raw, ())
    parts = parts_of(merged, [path for path, _ in (*file.mistakes, *found)])
    found += comparisons.cross_mistakes(parts, add_ons, today or datetime.now(UTC).date())
    found = [*file.mistakes, *found]
    if found or settings is None:
        raise SettingsError(
            [
                Problem(file.source, join_path(path), sentence, nearest_place(file.places, path))
                for path, sentence in sorted(found, key=lambda mistake: _order(file, mistake))
            ]
        )
    return settings


def _order(file: StackFile, mistake: Mistake) -> tuple[int, int]:
    """As the reader of the file meets them; where there is no file, as they were found."""
    return nearest_place(file.places, mistake[0]) or (0, 0)


def _without_those_told(found: Iterable[Mistake], told: Iterable[Mistake]) -> list[Mistake]:
    """What the models say of a value that the file has written wrongly follows from that."""
    places = {path for path, _ in told}
    return [(path, sentence) for path, sentence in found if not any(path[: len(place)] == place for place in places)]

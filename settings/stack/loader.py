"""From what a stack file says to `StackSettings`, or to the list of everything that is wrong with it."""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from settings.cluster.addon_rules import AddOnRules
from settings.core import wording
from settings.core.problems import Mistake, Problem, SettingsError, join_path
from settings.core.stack_file import read_config, settings_of
from settings.stack import comparisons
from settings.stack.parts import parts_of
from settings.stack.profiles import with_defaults
from settings.stack.stack import StackSettings

__all__ = ["Problem", "SettingsError", "load", "load_file", "load_pulumi_config", "read_file", "read_pulumi_config"]

TEXT_KEYS = frozenset({"environment", "region", "account_id", "name", "owner", "cost_center"})


AddOns = Mapping[str, AddOnRules]


def load_pulumi_config(
    config: Mapping[str, str], source: str, add_ons: AddOns, today: date | None = None
) -> StackSettings:
    """Settings out of a Pulumi config: full keys (`ml-platform:network`) -> text, structures as JSON.

    source: the file to name in messages. add_ons: every Helm add-on there is, by name.
    today: the day on which versions have to be supported.
    Raises SettingsError with every mistake.
    """
    return load(read_pulumi_config(config), source, add_ons, today)


def load_file(path: Path, add_ons: AddOns, today: date | None = None) -> StackSettings:
    """Settings out of a `Pulumi.<stack>.yaml`. Raises SettingsError with every mistake."""
    return load(read_file(path), Path(path).name, add_ons, today)


def read_pulumi_config(config: Mapping[str, str]) -> dict[str, Any]:
    """What the stack file says, as plain values and without the namespace; nothing of it checked yet."""
    return settings_of(config, TEXT_KEYS)


def read_file(path: Path) -> dict[str, Any]:
    """As `read_pulumi_config`, from the file. Raises SettingsError when it cannot be read at all."""
    return read_pulumi_config(read_config(Path(path)))


def load(raw: Mapping[str, Any], source: str, add_ons: AddOns, today: date | None = None) -> StackSettings:
    """Settings out of plain values, with presets and the profile of their environment under them.

    Raises SettingsError with every mistake: those of single values, and those that show only when parts are compared.
    """
    merged = with_defaults(raw)
    found: list[Mistake] = []
    settings: StackSettings | None = None
    try:  # as JSON, because strict mode takes a JSON array for a tuple; strict, because "3" for 3 hides a mistake
        settings = StackSettings.model_validate_json(json.dumps(merged), strict=True)
    except ValidationError as error:
        found = wording.mistakes(StackSettings, merged, error.errors(include_url=False))
    parts = parts_of(merged, [path for path, _ in found])
    found += comparisons.cross_mistakes(parts, add_ons, today or datetime.now(UTC).date())
    if found or settings is None:
        raise SettingsError([Problem(source, join_path(path), sentence) for path, sentence in found])
    return settings

"""Loads a stack file: returns `StackSettings`, or raises the list of everything that is wrong with the file."""

import json
from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path as FilePath
from typing import Any

from pydantic import ValidationError

from settings.cluster.addon_rules import AddOnRules
from settings.cluster.helm_values import value_mistakes
from settings.compute.presets import with_presets
from settings.core import wording
from settings.core.problems import Mistake, Path, Problem, SettingsError, has, join_path, nearest_position
from settings.core.secret_values import HIDDEN, secret_mistakes, shown_path, without_secrets
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
    """Loads settings from the config that Pulumi hands to a program: full keys (`ml-platform:network`) -> text.

    path: the stack file, which is also read strictly, since Pulumi accepts obvious mistakes. If there is no such file,
    the config came from elsewhere. add_ons: every Helm add-on, by name.
    today: the date on which versions must be supported.
    Raises SettingsError with every mistake.
    """
    file, raw = StackFile(path.name, config, {}, ()), settings_of(config, TEXT_KEYS)
    if path.exists():
        file = read_stack_file(path)
        if raw != settings_of(file.config, TEXT_KEYS):  # `pulumi preview --config` overrides the file
            file = replace(file, positions={})
    return _load(raw, file, add_ons, today)


def load_file(path: FilePath, add_ons: AddOns, today: date | None = None) -> StackSettings:
    """Loads settings from a `Pulumi.<stack>.yaml`. Raises SettingsError with every mistake."""
    file = read_stack_file(path)
    return _load(settings_of(file.config, TEXT_KEYS), file, add_ons, today)


def load(raw: Mapping[str, Any], source: str, add_ons: AddOns, today: date | None = None) -> StackSettings:
    """Loads settings from plain values, without the namespace. source: the file to name in messages.

    Raises SettingsError with every mistake.
    """
    return _load(raw, StackFile(source, {}, {}, ()), add_ons, today)


def read_file(path: FilePath) -> dict[str, Any]:
    """Returns the values of a stack file, without the namespace and without checking them.

    Raises SettingsError when the file cannot be read.
    """
    return settings_of(read_stack_file(path).config, TEXT_KEYS)


def _load(raw: Mapping[str, Any], file: StackFile, add_ons: AddOns, today: date | None) -> StackSettings:
    """Checks the values. Leaves out mistakes that are gone once a misspelt key has the name that was meant."""
    today = today or datetime.now(UTC).date()
    secrets = {path for path, _ in secret_mistakes(raw, ())}  # these are told without their values
    in_file = [each for each in file.mistakes if each[0] not in secrets and not _is_a_number_as_text(raw, each[0])]
    file = replace(file, mistakes=in_file)
    checked = _checked(raw, file, add_ons, today)
    mistakes = checked.mistakes
    if checked.meant_names or file.meant:
        meant = _with_meant_names({**settings_of(file.meant, TEXT_KEYS), **raw}, checked.meant_names)
        remaining = _checked(meant, file, add_ons, today).mistakes
        mistakes = [
            (path, sentence)
            for path, sentence in mistakes
            if (path, sentence) in remaining or any(path[: len(at)] == at for at in checked.meant_names)
        ]
    mistakes = [*file.mistakes, *mistakes]
    if mistakes or checked.settings is None:
        raise SettingsError(
            [
                Problem(
                    file.source,
                    join_path(shown_path(path)),
                    sentence + _set_by_default(raw, path),
                    nearest_position(file.positions, path),
                )
                for path, sentence in sorted(mistakes, key=lambda mistake: _order(file, mistake))
            ]
        )
    return checked.settings


@dataclass(frozen=True)
class _Checked:
    """The result of a check. settings: None where a value is wrong. meant_names: see `wording.meant_names`."""

    settings: StackSettings | None
    mistakes: list[Mistake]
    meant_names: Mapping[Path, str]


def _checked(raw: Mapping[str, Any], file: StackFile, add_ons: AddOns, today: date) -> _Checked:
    """Adds the defaults of presets and of the environment's profile to the values, and checks the result.

    Mistakes are in single values, and between parts that are compared.
    """
    merged = with_defaults(without_secrets(raw))
    mistakes: list[Mistake] = []
    settings: StackSettings | None = None
    meant_names: Mapping[Path, str] = {}
    try:  # as JSON, because strict mode then accepts an array as a tuple; strict, because "3" for 3 hides a mistake
        settings = StackSettings.model_validate_json(json.dumps(merged), strict=True)
    except ValidationError as error:
        errors = error.errors(include_url=False)
        mistakes = wording.mistakes(StackSettings, merged, errors)
        names = wording.meant_names(StackSettings, merged, errors)
        meant_names = {path: name for path, name in names.items() if HIDDEN not in path}
    mistakes = _without_consequences(mistakes, file.mistakes)
    secrets = dict(secret_mistakes(raw, ()))
    mistakes = [each for each in mistakes if each[0] not in secrets or each[1].startswith("is not a setting")]
    mistakes += secrets.items()
    parts = parts_of(merged, [path for path, _ in (*file.mistakes, *mistakes)])
    mistakes += comparisons.cross_mistakes(parts, add_ons, today)
    known = {path for path, _ in mistakes}
    mistakes += [mistake for mistake in value_mistakes(merged, add_ons) if mistake[0] not in known]
    mistakes += [each for each in wording.bare_keys(StackSettings, file.bare) if each[0] not in known]
    return _Checked(settings, mistakes, meant_names)


def _with_meant_names(raw: Mapping[str, Any], names: Mapping[Path, str]) -> dict[str, Any]:
    """Returns the values with every misspelt key renamed, unless the right one is there too."""
    renamed: dict[str, Any] = deepcopy(dict(raw))
    for path, name in names.items():
        parent: Any = renamed
        for part in path[:-1]:
            parent = parent[part]
        if name not in parent:
            parent[name] = parent.pop(path[-1])
    return renamed


def _set_by_default(raw: Mapping[str, Any], path: Path) -> str:
    """Returns where a value comes from that is not in the file, which its author would look for in vain."""
    if _contains(raw, path):
        return ""
    if _contains(with_presets(raw), path):
        pool = raw["clusters"][path[1]]["pools"][path[3]]
        return f" The value is that of preset {pool['preset']}: write your own here, or drop the preset."
    if _contains(with_defaults(raw), path):
        return f" The value is that of profile {raw['environment']}: write your own here."
    return ""


def _is_a_number_as_text(raw: Any, path: Path) -> bool:
    """Returns whether a number is written as YAML does not read it, as 012: in quotes the model would refuse it."""
    value = raw
    for part in path:
        value = value[part] if has(value, part) else None
    return isinstance(value, str) and wording.wants_number(StackSettings, path)


def _contains(value: Any, path: Path) -> bool:
    for part in path:
        if not has(value, part):
            return False
        value = value[part]
    return True


def _order(file: StackFile, mistake: Mistake) -> tuple[int, int]:
    """Returns a sort key: the order in the file or, without a file, the order found."""
    return nearest_position(file.positions, mistake[0]) or (0, 0)


def _without_consequences(mistakes: Iterable[Mistake], file_mistakes: Iterable[Mistake]) -> list[Mistake]:
    """Removes the models' mistakes about values that are already reported as written wrongly in the file."""
    reported = {path for path, _ in file_mistakes}
    return [(path, sentence) for path, sentence in mistakes if not any(path[: len(at)] == at for at in reported)]

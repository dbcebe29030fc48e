"""Reads a stack file with the add-ons of this platform. The program and every command use this reader.

It loads no SDK, so that a wrong file is reported immediately.
"""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from components.core.addon_spec import every_add_on
from settings.stack import explain as explanation
from settings.stack import loader
from settings.stack.explain import Explained
from settings.stack.loader import Problem, SettingsError, read_file
from settings.stack.stack import StackSettings

__all__ = ["Problem", "SettingsError", "explain", "load", "load_file", "load_pulumi_config", "read_file"]


def load(raw: Mapping[str, Any], source: str, today: date | None = None) -> StackSettings:
    """Loads settings from plain values. source: the file to name in messages.

    Raises SettingsError with every mistake.
    """
    return loader.load(raw, source, every_add_on(), today)


def load_file(path: Path, today: date | None = None) -> StackSettings:
    """Loads settings from a `Pulumi.<stack>.yaml`. Raises SettingsError with every mistake."""
    return loader.load_file(path, every_add_on(), today)


def load_pulumi_config(config: Mapping[str, str], path: Path, today: date | None = None) -> StackSettings:
    """Loads settings from the config that Pulumi hands to the program. path: the stack file, also read strictly.

    Raises SettingsError with every mistake.
    """
    return loader.load_pulumi_config(config, path, every_add_on(), today)


def explain(raw: Mapping[str, Any], source: str, today: date | None = None) -> tuple[Explained, ...]:
    """Returns every setting in force with its origin. Raises SettingsError when the settings are wrong."""
    return explanation.explain(raw, source, every_add_on(), today)

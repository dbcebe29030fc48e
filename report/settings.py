"""The settings in force, and where each one came from."""

import json
from pathlib import Path

from report.tables import markdown
from settings import loader
from settings.explain import explain
from settings.loader import SettingsError


def as_markdown(path: Path, stack: str) -> str:
    """Every setting of a stack file as a table: path, value, origin; the list of mistakes for a wrong file."""
    try:
        found = explain(loader.read_file(path), path.name)
    except SettingsError as error:
        return f"# No settings are in force in {stack}\n\n```text\n{error}\n```\n"
    rows = [(f"`{each.path}`", f"`{json.dumps(each.value)}`", each.origin) for each in found]
    header = ("Setting", "Value", "From")
    return "\n".join([f"# Settings in force in {stack}", "", *markdown(header, rows), ""])

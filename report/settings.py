"""The settings in force, and where each one came from."""

import json
from pathlib import Path

from components.stack.stack_file import SettingsError, explain, read_file
from report.tables import markdown


def as_markdown(path: Path, stack: str) -> str:
    """Every setting of a stack file as a table: path, value, origin; the list of mistakes for a wrong file."""
    try:
        found = explain(read_file(path), path.name)
    except SettingsError as error:
        return f"# No settings are in force in {stack}\n\n```text\n{error}\n```\n"
    rows = [(f"`{each.path}`", f"`{json.dumps(each.value)}`", each.origin) for each in found]
    header = ("Setting", "Value", "From")
    return "\n".join([f"# Settings in force in {stack}", "", *markdown(header, rows), ""])

"""The settings in force, and where each one came from."""

import json
from pathlib import Path

from components.stack.stack_file import explain, read_file
from report.tables import markdown


def as_markdown(path: Path, stack: str) -> str:
    """Every setting of a stack file as a table: path, value, origin. Raises SettingsError for a wrong file."""
    settings = explain(read_file(path), path.name)
    rows = [(f"`{each.path}`", f"`{json.dumps(each.value)}`", each.origin) for each in settings]
    header = ("Setting", "Value", "From")
    return "\n".join([f"# Settings in force in {stack}", "", *markdown(header, rows), ""])

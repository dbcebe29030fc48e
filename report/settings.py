"""The settings page: every setting of a stack, its value and its origin."""

import json
from pathlib import Path

from components.stack.stack_file import explain, read_file
from report.tables import markdown


def as_markdown(path: Path, stack: str) -> str:
    """Returns a table of every setting: path, value, origin. Raises SettingsError for a file with mistakes."""
    settings = explain(read_file(path), path.name)
    rows = [(f"`{setting.path}`", f"`{json.dumps(setting.value)}`", setting.origin) for setting in settings]
    header = ("Setting", "Value", "Origin")
    return "\n".join([f"# Settings of {stack}", "", *markdown(header, rows), ""])

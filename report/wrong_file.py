"""Checks the stack file before the engine starts, so that mistakes are reported at once instead of after seconds."""

import sys
from pathlib import Path

from components.stack.stack_file import SettingsError, load_file
from report.simulated import ROOT, shown

BUILD = ROOT / "build" / "report"


def refused(command: str, stack: str) -> bool:
    """Tells whether the stack file has mistakes. Prints them to stderr, and for `write` also to the summary."""
    path = ROOT / f"Pulumi.{stack}.yaml"
    try:
        load_file(path)
    except SettingsError as error:
        print(error, file=sys.stderr)
        if command == "write":
            print(f"{shown(_write_page(stack, error))} says so too; there is no other report.")
        return True
    return False


def _write_page(stack: str, error: SettingsError) -> Path:
    """Writes the page that a pull request shows instead of the summary."""
    page = BUILD / stack / "summary.md"
    page.parent.mkdir(parents=True, exist_ok=True)
    for old in page.parent.iterdir():  # pages of an earlier run would look like pages of this one
        old.unlink()
    page.write_text(
        f"## Stack `{stack}`\n\n**The stack file has mistakes, so there is no preview:** changes, cost and policies "
        f"were not checked.\n\n```text\n{error}\n```\n"
    )
    return page

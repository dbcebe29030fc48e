"""A stack file that is wrong is told at once: the engine, which would take seconds to say the same, is not started."""

import sys
from pathlib import Path

from components.stack.stack_file import SettingsError, load_file
from report.simulated import ROOT, shown

BUILD = ROOT / "build" / "report"


def refused(command: str, stack: str) -> bool:
    """Whether the stack file is wrong; every mistake then stands on stderr, and of `write` in the summary as well."""
    path = ROOT / f"Pulumi.{stack}.yaml"
    try:
        load_file(path)
    except SettingsError as error:
        print(error, file=sys.stderr)
        if command == "write":
            print(shown(_page(stack, error)))
        return True
    return False


def _page(stack: str, error: SettingsError) -> Path:
    """The page that a pull request shows in place of a summary."""
    page = BUILD / stack / "summary.md"
    page.parent.mkdir(parents=True, exist_ok=True)
    for old in page.parent.iterdir():  # pages of a run before this one would be read as of this one
        old.unlink()
    page.write_text(
        f"## Stack `{stack}`\n\n**The stack file is wrong, so nothing was previewed:** neither what it would change, "
        f"nor its cost, nor its policies were looked at.\n\n```text\n{error}\n```\n"
    )
    return page

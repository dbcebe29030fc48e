"""Prints the notes of a release, from CHANGELOG.md: `python -m report.release v0.2.0`."""

import re
import sys
from collections.abc import Sequence

from common.version import VERSION
from report.simulated import ROOT, ReportError


def notes(tag: str, changelog: str, version: str = VERSION) -> str:
    """Returns the changes of the tag's version. Raises ReportError for another version, and when there are no notes."""
    if tag != f"v{version}":
        raise ReportError(
            f"the tag is {tag}, but common/version.py has {version}. Tag v{version}, or change the version."
        )
    section = re.search(rf"^## {re.escape(version)}\b[^\n]*\n(.*?)(?=^## |\Z)", changelog, re.MULTILINE | re.DOTALL)
    if section is None or not section[1].strip():
        raise ReportError(f"CHANGELOG.md has no notes on {version}. Write `## {version} - <date>` under Unreleased.")
    return section[1].strip() + "\n"


def main(arguments: Sequence[str]) -> int:
    """Prints the notes. Returns 1 and prints the reason when the tag cannot be released."""
    if len(arguments) != 1:
        print("usage: python -m report.release TAG", file=sys.stderr)
        return 2
    try:
        print(notes(arguments[0], (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")), end="")
    except ReportError as error:
        print(f"release: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

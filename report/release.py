"""The notes of a release: `python -m report.release v0.2.0`. It prints the section of that version in CHANGELOG.md."""

import re
import sys
from collections.abc import Sequence

from common.version import VERSION
from report.simulated import ROOT, ReportError


def notes(tag: str, changelog: str, version: str = VERSION) -> str:
    """What changed in the version of the tag. Raises ReportError for another version, and where nothing is written."""
    if tag != f"v{version}":
        raise ReportError(
            f"the tag is {tag}, and common/version.py says {version}. Tag v{version}, or change the version."
        )
    section = re.search(rf"^## {re.escape(version)}\b[^\n]*\n(.*?)(?=^## |\Z)", changelog, re.MULTILINE | re.DOTALL)
    if section is None or not section[1].strip():
        raise ReportError(f"CHANGELOG.md says nothing of {version}. Write `## {version} - <date>` under Unreleased.")
    return section[1].strip() + "\n"


def main(arguments: Sequence[str]) -> int:
    """Prints the notes; returns 1, and says why, when the tag cannot be released."""
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

"""Writes committed pages that are made from the code, or checks with `--check` that they are up to date."""

import argparse
import sys
from collections.abc import Mapping, Sequence

from report.simulated import ROOT


def run(module: str, pages: Mapping[str, str], arguments: Sequence[str]) -> int:
    """Writes the pages. With --check, writes nothing, names the outdated pages and returns 1 when there are some.

    pages: path in the project -> the whole text.
    """
    parser = argparse.ArgumentParser(prog=f"python -m {module}")
    parser.add_argument("--check", action="store_true", help="change nothing; fail when a page is out of date")
    check = parser.parse_args(arguments).check
    stale = [name for name, text in pages.items() if not _is_up_to_date(name, text)]
    for name in stale:
        if check:
            print(f"{name} is out of date. Run: python -m {module}", file=sys.stderr)
        else:
            path = ROOT / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(pages[name], encoding="utf-8")
    return 1 if check and stale else 0


def _is_up_to_date(name: str, text: str) -> bool:
    path = ROOT / name
    return path.exists() and path.read_text(encoding="utf-8") == text

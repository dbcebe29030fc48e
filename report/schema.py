"""Writes `docs/stack-file.schema.json` from the settings: `python -m report.schema [--check]`."""

import argparse
import json
import sys

from components.core.addon_spec import every_add_on
from report.simulated import ROOT
from settings.stack.schema import stack_file_schema

TARGET = ROOT / "docs" / "stack-file.schema.json"


def _text() -> str:
    return json.dumps(stack_file_schema(every_add_on()), indent=2, ensure_ascii=False) + "\n"


def main() -> int:
    """Writes the schema. With --check, writes nothing and returns 1 when the schema is out of date."""
    parser = argparse.ArgumentParser(prog="python -m report.schema", description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; fail when the file is not up to date")
    if not parser.parse_args().check:
        TARGET.parent.mkdir(exist_ok=True)
        TARGET.write_text(_text(), encoding="utf-8")
        return 0
    if TARGET.exists() and TARGET.read_text(encoding="utf-8") == _text():
        return 0
    print(
        f"docs/{TARGET.name} is out of date. Run `python -m report.schema` and commit it.",
        file=sys.stderr,
    )
    return 1


if __name__ == "__main__":
    sys.exit(main())

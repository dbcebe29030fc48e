"""Writes `docs/presets.md` from the presets: `python -m settings.compute.preset_page [--check]`."""

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from settings.compute.presets import PRESETS, Preset, preset_values

PAGE = Path(__file__).parents[2] / "docs" / "presets.md"
HEAD = """# Presets of pools

<!-- Made by `python -m settings.compute.preset_page` from settings/compute/presets.py. Edit that. -->

`- preset: h100` under `pools` is a whole pool. What the stack file says beside it holds over the preset, and the preset
over the profile of the environment: lists are replaced (`taints: []` leaves a pool without), labels, disk and other
maps are joined key by key. In `sharing`, a new `profile` or `layout` takes the place of the old one, and a new
`strategy` that of all of `sharing`. Two pools of one preset need a `name` each. `make report` shows every setting in
force and where it comes from. Cost, memory and slices of each GPU: [gpus.md](gpus.md).

```yaml
pools:
  - preset: h100
  - preset: a100-mig
    name: agents
    sharing: {profile: 1g.10gb} # seven slices on each GPU
    max_per_zone: 2
```
"""


def page() -> str:
    """The whole page."""
    return "\n".join([HEAD, *(line for name, preset in PRESETS.items() for line in _section(name, preset))])


def _section(name: str, preset: Preset) -> Iterator[str]:
    yield from (f"## {name}", "", preset.about, "", "```yaml")
    for key, value in preset_values(name).items():
        yield f"{key}: {_yaml(value)}"
    yield from ("```", "")


def _yaml(value: Any) -> str:
    """In one line, as a person would write it."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_yaml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_yaml, value)) + "]"
    return json.dumps(value) if not isinstance(value, str) or value in ("true", "false") else value


def main() -> int:
    """Write the page, or with --check say whether the written one is up to date."""
    parser = argparse.ArgumentParser(prog="python -m settings.compute.preset_page", description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; fail when the file is not up to date")
    if not parser.parse_args().check:
        PAGE.write_text(page(), encoding="utf-8")
        return 0
    if PAGE.exists() and PAGE.read_text(encoding="utf-8") == page():
        return 0
    print(
        f"docs/{PAGE.name} is not what the presets say. Run `python -m settings.compute.preset_page` and commit it.",
        file=sys.stderr,
    )
    return 1


if __name__ == "__main__":
    sys.exit(main())

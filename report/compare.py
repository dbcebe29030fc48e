"""`python -m report compare BEFORE AFTER`: whether two previews of a stack would build the same.

For changes of the code that are to change nothing that is built: modules that move, names that are mended. Each file is
the output of `pulumi preview --json`, made before and after the change.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from report.simulated import ReportError

# Where in the program a resource was registered, which moves with the code.
IGNORED = frozenset({"sourcePosition", "stackTrace", "created", "modified"})
# Lists of URNs, in the order in which the program happened to name them.
UNORDERED = frozenset({"dependencies", "propertyDependencies", "replaceWith"})
SHOWN = 40

State = Mapping[str, Any]


def compare(before: str, after: str) -> int:
    """Prints every difference; returns 0 where there is none, and 1 otherwise.

    Raises ReportError for a file that is no preview.
    """
    old, new = _states(before), _states(after)
    lines = list(differences(old, new))
    for line in lines[:SHOWN]:
        print(line)
    if len(lines) > SHOWN:
        print(f"... and {len(lines) - SHOWN} more")
    print(f"{len(old)} and {len(new)} resources, " + (f"{len(lines)} differences" if lines else "no difference"))
    return 1 if lines else 0


def differences(old: Mapping[str, State], new: Mapping[str, State]) -> Iterator[str]:
    """A line for each difference between the resources of two previews, by URN: what is gone, added, or changed."""
    for urn in sorted({*old, *new}):
        if urn not in new:
            yield f"- {urn}"
        elif urn not in old:
            yield f"+ {urn}"
        else:
            for path, was, is_now in _changes("", old[urn], new[urn]):
                yield f"~ {urn}\n    {path}: {_shown(was)} -> {_shown(is_now)}"


def _states(file: str) -> dict[str, State]:
    """URN -> what the preview would make of it, with the operation that does it."""
    try:
        document = json.loads(Path(file).read_text())
    except (OSError, ValueError) as error:
        raise ReportError(f"{file} cannot be read: {error}. Give the output of `pulumi preview --json`.") from None
    steps = document.get("steps") if isinstance(document, Mapping) else None
    if not isinstance(steps, list):
        raise ReportError(f"{file} is no preview: it has no steps. Give the output of `pulumi preview --json`.")
    found: dict[str, State] = {}
    for step in steps:
        state = step.get("newState") or step.get("oldState") or {}
        kept = {key: _sorted(value) if key in UNORDERED else value for key, value in state.items()}
        operations = [*found.get(step["urn"], {}).get("op", []), step["op"]]  # a replacement takes three steps
        found[step["urn"]] = {**{key: value for key, value in kept.items() if key not in IGNORED}, "op": operations}
    return found


def _sorted(value: Any) -> Any:
    """Lists of URNs in one order; of `propertyDependencies`, the list of each property."""
    if isinstance(value, Mapping):
        return {key: _sorted(item) for key, item in value.items()}
    return sorted(value) if isinstance(value, list) else value


def _changes(path: str, old: Any, new: Any) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in sorted({*old, *new}):
            yield from _changes(f"{path}.{key}" if path else key, old.get(key), new.get(key))
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for index, (was, is_now) in enumerate(zip(old, new, strict=True)):
            yield from _changes(f"{path}[{index}]", was, is_now)
    elif old != new:
        yield path, old, new


def _shown(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 200 else f"{text[:197]}..."

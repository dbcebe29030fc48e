"""`python -m report compare BEFORE AFTER`: tells whether two previews of a stack would build the same.

For changes of the code that must not change what is built, such as moved modules or new names. The files are outputs of
`pulumi preview --json` before and after the change.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from report.simulated import ReportError

# The place in the program that registers a resource; it changes when code moves.
IGNORED = frozenset({"sourcePosition", "stackTrace", "created", "modified"})
# Lists of URNs whose order has no meaning.
UNORDERED = frozenset({"dependencies", "propertyDependencies", "replaceWith"})
SHOWN = 40

State = Mapping[str, Any]


def compare(before: str, after: str) -> int:
    """Prints the differences. Returns 0 when there are none, else 1.

    Raises ReportError for a file that is not a preview.
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
    """Yields one text for each removed, added or changed resource, sorted by URN."""
    for urn in sorted({*old, *new}):
        if urn not in new:
            yield f"- {urn}"
        elif urn not in old:
            yield f"+ {urn}"
        else:
            for path, old_value, new_value in _changes("", old[urn], new[urn]):
                yield f"~ {urn}\n    {path}: {_shown(old_value)} -> {_shown(new_value)}"


def _states(file: str) -> dict[str, State]:
    """Returns URN -> the state after the preview's operation, with the names of its operations."""
    try:
        document = json.loads(Path(file).read_text())
    except (OSError, ValueError) as error:
        raise ReportError(f"{file} cannot be read: {error}. Give the output of `pulumi preview --json`.") from None
    steps = document.get("steps") if isinstance(document, Mapping) else None
    if not isinstance(steps, list):
        raise ReportError(f"{file} is not a preview: it has no steps. Give the output of `pulumi preview --json`.")
    states: dict[str, State] = {}
    for step in steps:
        state = step.get("newState") or step.get("oldState") or {}
        properties = {
            key: _sorted(value) if key in UNORDERED else value for key, value in state.items() if key not in IGNORED
        }
        operations = [*states.get(step["urn"], {}).get("op", []), step["op"]]  # a replacement has three steps
        states[step["urn"]] = {**properties, "op": operations}
    return states


def _sorted(value: Any) -> Any:
    """Returns lists of URNs sorted; for a map such as `propertyDependencies`, the list of each property."""
    if isinstance(value, Mapping):
        return {key: _sorted(item) for key, item in value.items()}
    return sorted(value) if isinstance(value, list) else value


def _changes(path: str, old: Any, new: Any) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in sorted({*old, *new}):
            yield from _changes(f"{path}.{key}" if path else key, old.get(key), new.get(key))
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for index, (old_item, new_item) in enumerate(zip(old, new, strict=True)):
            yield from _changes(f"{path}[{index}]", old_item, new_item)
    elif old != new:
        yield path, old, new


def _shown(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 200 else f"{text[:197]}..."

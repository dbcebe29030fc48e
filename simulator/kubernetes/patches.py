"""...Patch resources: fields of an object that exists already, such as the ServiceAccount `default` of a namespace.

The provider applies them on the server. It makes an object that is missing, and a delete takes only its own fields
away. A field that somebody else has set to another value is a conflict, unless the annotation pulumi.com/patchForce is
"true". The preview asks nobody, and shows the inputs.
Sources: pulumi-kubernetes, provider/pkg/await/await.go, provider/pkg/ssa/actions.go, provider/pkg/provider/provider.go;
read 2026-11.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from simulator.provider import Refusal
from simulator.values import Props

FORCE = "pulumi.com/patchForce"
OWNERS = "__patches"
"""URN of a patch -> its inputs. A field that several have set stays until the last one takes it away."""
_IDENTITY = ("apiVersion", "kind")
_OTHER = "pulumi-kubernetes"  # the other manager, whose name is not simulated
_HELP = (
    "https://www.pulumi.com/registry/packages/kubernetes/how-to-guides/managing-resources-with-server-side-apply/"
    "#handle-field-conflicts-on-existing-resources"
)


def is_patch(type_: str, kind: Any) -> bool:
    """Returns whether a type token is that of patches of a kind."""
    name = type_.rsplit(":", 1)[-1]
    return name.endswith("Patch") and name != kind


def merged(live: Any, old: Any, new: Any) -> Any:
    """Merges like server-side apply: fields removed from the inputs are deleted, and fields that others set stay."""
    if not (isinstance(live, Mapping) and isinstance(new, Mapping)):
        return new
    before = old if isinstance(old, Mapping) else {}
    remaining = {key: value for key, value in live.items() if key not in before or key in new}
    return remaining | {
        key: merged(live[key], before.get(key), value) if key in live else value for key, value in new.items()
    }


def identity(inputs: Mapping[str, Any]) -> Props:
    """Returns what an apply without fields consists of."""
    metadata = {key: value for key, value in inputs["metadata"].items() if key in ("name", "namespace")}
    return {**{key: inputs[key] for key in _IDENTITY}, "metadata": metadata}


def without_owners(state: Props) -> Props:
    """Returns an object as the API server shows it."""
    return {key: value for key, value in state.items() if key != OWNERS}


def refuse_conflicts(live: Mapping[str, Any], old: Mapping[str, Any], new: Mapping[str, Any], manager: str) -> None:
    """Raises Refusal when somebody else has set a field of the patch. old: the patch as it was applied before."""
    fields = list(_conflicts(live, old, new, ""))
    if not fields or (new["metadata"].get("annotations") or {}).get(FORCE) == "true":
        return
    some = f'1 conflict: conflict with "{_OTHER}": {fields[0]}'
    if len(fields) > 1:
        some = f'{len(fields)} conflicts: conflicts with "{_OTHER}":' + "".join(f"\n- {each}" for each in fields)
    raise Refusal(
        f"server-side apply field conflict detected, see {_HELP} for troubleshooting help\n"
        f'The resource managed by field manager "{manager}" had an apply conflict: Apply failed with {some}'
    )


def _conflicts(live: Any, old: Any, new: Any, path: str) -> Iterator[str]:
    if isinstance(live, Mapping) and isinstance(new, Mapping):
        before = old if isinstance(old, Mapping) else {}
        for key, value in new.items():
            if key in live and value is not None:
                yield from _conflicts(live[key], before.get(key), value, f"{path}.{key}")
    elif new not in (live, old):
        yield path

"""Writes the facts of a chart from its folder: what it reads, what it makes, and its hooks, in our own form.

    helm pull REPOSITORY --version VERSION --untar                  # oci://…
    helm pull CHART --repo REPOSITORY --version VERSION --untar     # https://…
    python -m catalog.renew.chart_facts CHART VERSION "owner/repository/path at tag" 2026-11

writes catalog/data/charts/facts/NAME.json, by the name in Chart.yaml. The folder needs Chart.yaml and values.yaml. It
may have a schema of the values, and templates: without templates the facts say only what values.yaml has. The charts
that it brings have files of their own. What the fields mean stands in catalog/chart_facts.py.
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from catalog.chart_facts import FOLDER, merged
from catalog.renew.go_templates import ITEM, Document, Templates, Uses
from catalog.rows import laid_out

TYPES = {bool: "boolean", int: "number", float: "number", str: "string", list: "list", type(None): "any"}
SCHEMA_WORDS = {
    *("type", "const", "enum", "pattern", "minimum", "maximum", "properties", "patternProperties"),
    *("additionalProperties", "items", "anyOf", "oneOf", "allOf", "not"),
}
OF_ONE_VALUE = {"type", "const", "enum", "pattern"}
LONG = 80
"""The least length of a part of a schema that is worth a name."""
EITHER = re.compile(r"(maxUnavailable|minAvailable|maxSurge|cpu|memory|ephemeral-storage|.*[pP]ort|.*[tT]imeout)$")
"""Kubernetes takes a number or a text here: `1` and `50%`, `2` and `500m`, a port and its name."""
LISTS = re.compile(r".*(tolerations|volumes|mounts|env|args|secrets|constraints|containers)$", re.IGNORECASE)
"""Lists for which some charts have an empty map."""
FREE = re.compile(
    r".*(labels|annotations|selector|affinity|securitycontext|resources|limits|requests|probe|strategy|args|env|config|data)$",
    re.IGNORECASE,
)
"""Maps whose keys are the user's, by their name."""
WORKLOADS = ("Deployment", "DaemonSet", "StatefulSet", "Job", "CronJob", "Pod")


def row_of(chart: Path, version: str, source: str, read: str) -> dict[str, Any]:
    """Returns the facts of the chart in this folder."""
    described = _yaml(chart / "Chart.yaml")
    values = _yaml(chart / "values.yaml") or {}
    dependencies = [
        part
        for part in described.get("dependencies") or ()
        if not _only_names_templates(chart / "charts" / part["name"])
    ]
    brings = {part.get("alias", part["name"]): _brought(part) for part in dependencies}
    row: dict[str, Any] = {
        "about": f"What the chart {described['name']} reads and makes. Fields: catalog/chart_facts.py.",
        "source": source,
        "read": read,
        "version": version,
        "templates": any(each.is_dir() for each in (chart / "templates", *chart.glob("charts/*/templates"))),
        "brings": brings,
    }
    for name in ("values.schema.json", "values.schema.yaml"):
        if (chart / name).exists():
            row["schema"] = own_schema(_yaml(chart / name))
    if not row["templates"]:
        tree = {str(key): _by_name(value, str(key)) for key, value in values.items()}
        for more in sorted(chart.glob("values-*.yaml")):
            tree = merged({str(key): _by_name(value, str(key)) for key, value in _yaml(more).items()}, tree)
        return {**row, "values": tree}
    templates = Templates(
        {**_texts(chart), **dict(_texts_in(values))},
        [text for part in (chart / "charts").glob("*") for text in _texts(part).values()],
    )
    if templates.unknown:
        print(f"templates that are not here: {', '.join(sorted(templates.unknown))}", file=sys.stderr)
    uses = templates.uses
    for part in dependencies:
        uses.read |= {tuple(path.split(".")) for path in _conditions(part)}
    documents = [document for document in templates.documents if document.conditions is not None]
    hooks = [(document, hook) for document in documents if (hook := _hook(document, values))]
    in_hooks = [document for document, _ in hooks]
    return {
        **row,
        "hooks": [hook for _, hook in hooks],
        "pods": [_pod(each, values) for each in documents if _kind(each, values) in WORKLOADS and each not in in_hooks],
        "service_accounts": [
            _account(each, values)
            for each in documents
            if _kind(each, values) == "ServiceAccount" and each not in in_hooks
        ],
        "values": {
            key: tree
            for key in dict.fromkeys([*values, *sorted({path[0] for path in uses.read})])
            if key != "global"
            for tree in [_tree(values.get(key, ...), (str(key),), uses, whole=key in brings)]
        },
    }


def _only_names_templates(chart: Path) -> bool:
    """Returns whether a brought chart makes nothing itself: its parent uses its templates with its own values."""
    return chart.is_dir() and all(
        path.name.startswith("_") or path.name == "NOTES.txt" for path in (chart / "templates").rglob("*.*")
    )


def _brought(dependency: Mapping[str, Any]) -> dict[str, Any]:
    """Returns chart and version of a dependency. One in the folder of its parent is a chart of its own: chart None."""
    published = str(dependency.get("repository", "")).startswith(("https:", "oci:"))
    row = {"chart": dependency["name"] if published else None, "version": str(dependency.get("version", ""))}
    return row | ({"if": conditions} if (conditions := _conditions(dependency)) else {})


def _conditions(dependency: Mapping[str, Any]) -> list[str]:
    """Returns the values that switch on a chart that another one brings."""
    return [path.strip() for path in (dependency.get("condition") or "").split(",") if path.strip()]


def _yaml(path: Path) -> Any:
    return yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader)


def _texts(chart: Path) -> dict[str, str]:
    files = sorted(
        path for path in (chart / "templates").rglob("*") if path.suffix in (".yaml", ".yml", ".tpl", ".txt")
    )
    return {str(path): path.read_text(encoding="utf-8") for path in files if "tests" not in path.parts}


def _texts_in(values: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Yields the values that are templates themselves, such as a whole configuration. Source: Helm, function `tpl`."""
    if isinstance(values, dict):
        for key, value in values.items():
            yield from _texts_in(value, f"{name}.{key}")
    elif isinstance(values, str) and "{{" in values:
        yield name, values


def _leaf(value: Any, key: str) -> Any:
    """Returns the type of a value that is no map. Tolerations stay as they are."""
    if key.endswith("olerations") or key == "tolerateAllTaints":
        return value if value is not None else "list"
    if value == "" or (isinstance(value, str | int) and not isinstance(value, bool) and EITHER.match(key)):
        return "scalar"
    return TYPES[type(value)]


def _by_name(value: Any, key: str) -> Any:
    """Returns the tree of a value whose templates were not read: an empty map, or one with such a name, is free."""
    if not isinstance(value, dict):
        return _leaf(value, key)
    if not value or FREE.match(key):
        return "any" if not value and LISTS.match(key) else "map"
    return {str(name): _by_name(inner, str(name)) for name, inner in value.items()}


def _tree(value: Any, path: tuple[str, ...], uses: Uses, whole: bool = False) -> Any:
    """Returns the tree of one value. value: the chart's own, `...` where values.yaml does not name the key.

    whole: whether all that is in it is used, since another chart reads it too.
    """
    below = {used[len(path)] for used in uses.read | uses.whole if len(used) > len(path) and used[: len(path)] == path}
    used = bool(below) or path in uses.read or path in uses.whole
    if not used and not whole and not any(path[:end] in uses.whole for end in range(len(path))):
        return "unread"
    if not isinstance(value, dict) and (value is not ... or not below):
        return "any" if value is ... or (value in ("", None) and path in uses.whole) else _leaf(value, path[-1])
    closed = below and value and value is not ... and not FREE.match(path[-1])  # its keys are named in both places
    if (path in uses.whole and not closed) or ITEM in below or not (below or value):
        return "any" if not value and LISTS.match(path[-1]) else "map"
    if value and value is not ... and not below and not whole:
        return "map"  # only asked whether it is there
    named = {} if value is ... else value
    return {
        key: _tree(named.get(key, ...), (*path, str(key)), uses, whole)
        for key in dict.fromkeys([*named, *sorted(below)])
    }


def own_schema(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the schema without descriptions and defaults, and a long part that occurs again only once, in `$defs`.

    `required` stays only in lists: the chart's own values set the rest.
    """
    plain = _plain(schema, schema, (), False)
    occurs = Counter(map(json.dumps, _parts(plain)))
    shared: dict[str, tuple[str, Any]] = {}

    def folded(part: Any) -> Any:
        own, text = _changed(part, folded), json.dumps(part)
        if occurs[text] < 2 or len(text) < LONG:
            return own
        return {"$ref": f"#/$defs/{shared.setdefault(text, (f'p{len(shared)}', own))[0]}"}

    own: dict[str, Any] = _changed(plain, folded)
    return own | ({"$defs": dict(shared.values())} if shared else {})


def _plain(schema: Any, root: Mapping[str, Any], inside: tuple[str, ...], in_list: bool) -> Any:
    """Returns the schema with its references resolved. One that leads elsewhere, or to itself, takes anything."""
    if not isinstance(schema, Mapping):
        return schema
    if "$ref" in schema:
        reference, target = schema["$ref"], root
        if not reference.startswith("#/") or reference in inside:
            return {}
        for key in reference[2:].split("/"):
            target = target[key]
        rest = {key: value for key, value in schema.items() if key != "$ref"}
        return _plain({**rest, **target}, root, (*inside, reference), in_list)
    words = SCHEMA_WORDS | ({"required"} if in_list else set())
    own = {key: schema[key] for key in sorted(words & schema.keys())}
    if not OF_ONE_VALUE.issuperset(own.get("not", ())):
        del own["not"]  # without the chart's own values, or a word that is not kept, it would refuse what is right
    if "oneOf" in own:
        own["anyOf"] = own.pop("oneOf")  # likewise
    return _changed(own, lambda part: _plain(part, root, inside, in_list or part is own.get("items")))


def _changed(schema: Any, change: Callable[[Any], Any]) -> Any:
    """Returns the schema with each schema right below it changed."""
    if not isinstance(schema, Mapping):
        return schema
    own = dict(schema)
    for key in own.keys() & {"properties", "patternProperties"}:
        own[key] = {name: change(part) for name, part in own[key].items()}
    for key in own.keys() & {"items", "additionalProperties", "not"}:
        own[key] = change(own[key])
    for key in own.keys() & {"anyOf", "allOf"}:
        own[key] = [change(part) for part in own[key]]
    return own


def _parts(schema: Any) -> list[Any]:
    found: list[Any] = []
    _changed(schema, lambda part: found.extend([part, *_parts(part)]))
    return found


def _kind(document: Document, values: Any) -> str:
    """Returns the kind. One that is a value is the chart's own."""
    match = re.search(r"^kind: *(\w*)(.*)", document.text, re.MULTILINE)
    paths = [path for uses in document.used_by(match[2]) for path in sorted(uses.read)] if match else []
    kinds = [each for path in paths if isinstance(each := _value_at(values, path), str)]
    return match[1] or (kinds or [""])[0] if match else ""


def _dotted(paths: Iterable[tuple[str, ...]]) -> list[str]:
    return sorted(".".join(path) for path in paths if ITEM not in path)


def _named(document: Document, values: Any) -> dict[str, Any]:
    """Returns kind and name, where `*` stands for what the chart computes, and the values that switch it on."""
    match = re.search(r"^metadata:.*?^ +name: *(.*?)$", document.text, re.MULTILINE | re.DOTALL)
    name = match[1].strip("\"' ") if match else ""
    row: dict[str, Any] = {"kind": _kind(document, values), "name": re.sub("(\0\\d+\0)+", "*", name)}
    conditions = _dotted(document.conditions or ())
    return {**row, "if": conditions} if conditions else row


def _path_at(document: Document, key: str) -> str | None:
    """Returns the value that a key of the pod is made of: the first of this name below the key, or around it.

    A pod that is a template of its own has no such key here: then any value of this name that the document uses.
    """
    match = re.search(rf"((?:\0\d+\0)?\s*)^ +{key}:(.*)", document.text, re.MULTILINE | re.DOTALL)
    for part in (match[2], match[1]) if match else (document.text,):
        for uses in document.used_by(part):
            paths = _dotted(path for path in uses.whole | uses.read if path[-1] == key)
            if paths:  # one of the whole chart stands for those that have none of their own
                return next((path for path in paths if not path.startswith("global.")), paths[0])
    return None


def _value_at(values: Any, path: tuple[str, ...]) -> Any:
    for key in path:
        values = values.get(key) if isinstance(values, dict) else None
    return values


def _defaults(document: Document, values: Any) -> list[Any]:
    """Returns the chart's own values that the document takes whole."""
    return [_value_at(values, path) for uses in document.uses for path in uses.whole]


def _pod(document: Document, values: Any) -> dict[str, Any]:
    row = _named(document, values)
    for key, word in (("node_selector", "nodeSelector"), ("tolerations", "tolerations")):
        path = _path_at(document, word)
        row |= {key: path} if path else {}
    if path := _path_at(document, "hostNetwork"):
        row["host_network"] = path
    elif re.search(r"^ +hostNetwork: *true", document.text, re.MULTILINE):
        row["host_network"] = True
    text = document.text + "\n".join(
        yaml.safe_dump(each) for each in _defaults(document, values) if isinstance(each, dict | list)
    )
    if re.search(r"^ *privileged: *true", text, re.MULTILINE):
        row["privileged"] = True
    if re.search(r"^ *-? *hostPath:", text, re.MULTILINE):
        row["host_path"] = True
    if match := re.search(r"^ +priorityClassName: *\"?([\w-]+)", document.text, re.MULTILINE):
        row["priority_class"] = match[1]
    elif path := _path_at(document, "priorityClassName"):
        row["priority_class"] = f"value {path}"
    return row


def _account(document: Document, values: Any) -> dict[str, Any]:
    row = {key: value for key, value in _named(document, values).items() if key != "kind"}
    match = re.search(r"^ +name: *(.*)$", document.text, re.MULTILINE)
    paths = {path for uses in document.used_by(match[1] if match else "") for path in uses.read}
    named = [path for path in _dotted(paths) if path.lower().endswith("name") and "serviceaccount" in path.lower()]
    return {**row, "named_by": named[0]} if named and row["name"] == "*" else row


def _hook(document: Document, values: Any) -> dict[str, Any] | None:
    """Returns the facts of a hook that an operation of the release runs; None for other manifests, and for tests."""
    annotations = dict(re.findall(r"[\"']?helm\.sh/(hook[\w-]*)[\"']?: *[\"']?([^\n\"'\0]+)", document.text))
    for default in _defaults(document, values):
        if isinstance(default, dict):
            annotations |= {key[8:]: value for key, value in default.items() if str(key).startswith("helm.sh/hook")}
    events = [event.strip() for event in str(annotations.get("hook", "")).split(",") if event.strip()]
    if not events or "test" in events:
        return None
    row = _pod(document, values) if _kind(document, values) in WORKLOADS else _named(document, values)
    return {**row, "events": events, "weight": int(annotations.get("hook-weight", 0))}


def write(chart: Path, *arguments: str) -> Path:
    """Writes the facts of the chart in this folder, and returns the file. The folder may have any name."""
    target = FOLDER / f"{_yaml(chart / 'Chart.yaml')['name']}.json"
    target.write_text(laid_out(row_of(chart, *arguments)), encoding="utf-8")
    return target


if __name__ == "__main__":
    print(write(Path(sys.argv[1]), *sys.argv[2:]))

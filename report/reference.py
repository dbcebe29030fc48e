"""Writes `docs/reference/` and the list of decisions: `python -m report.reference [--check]`.

Settings come from their models, components from their source, add-ons from their specs and the catalog.
"""

import ast
import json
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from catalog.eks_addons import ADDONS
from components.cluster.managed_addons import SPECS
from components.core.addon_spec import AddOnSpec, every_add_on
from report import pages
from report.simulated import ROOT
from report.tables import markdown
from settings.cluster.addon_rules import nothing_needs_it
from settings.core.base import Settings
from settings.stack.profiles import PROFILES
from settings.stack.stack import StackSettings

DECISIONS = "docs/decisions"
MADE = "<!-- Made by `python -m report.reference` from {}. Edit those. -->"


def settings_page() -> str:
    """Every setting of a stack file, by domain and by the part of the file that it stands in."""
    schema = StackSettings.model_json_schema()
    definitions: dict[str, Any] = schema.get("$defs", {}) | {"StackSettings": schema}
    places = _places(definitions)
    domain_of = {model.__name__: model.__module__.split(".")[1] for model in models(Settings)}
    lines = [
        "# Settings",
        "",
        MADE.format("the models in `settings/`"),
        "",
        "What a stack file may say under `ml-platform:`. `<name>` stands for a name of your choice, `[]` for each",
        "entry of a list. The default is that of production; where an environment has another, it follows.",
        "`make report` shows which values a stack has, and where each of them comes from.",
    ]
    for domain in domains("settings"):
        inside = {model: paths for model, paths in places.items() if domain_of[model] == domain}
        lines += ["", f"## {domain}"] if inside else []
        for model, paths in inside.items():
            lines += ["", *_section(paths, definitions[model], definitions, places)]
    return "\n".join([*lines, ""])


def domains(room: str) -> list[str]:
    """The domains of `settings` or `components`, from the top, as import-linter holds them."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = project["tool"]["importlinter"]["contracts"]
    layers = next(contract["layers"] for contract in contracts if contract.get("containers") == [room])
    return [domain for layer in layers for domain in layer.split(" | ")]


def models(model: type[Settings]) -> Iterator[type[Settings]]:
    for below in model.__subclasses__():
        yield below
        yield from models(below)


def _places(definitions: Mapping[str, Any]) -> dict[str, list[str]]:
    """Model -> the paths of a stack file at which it stands, in the order of the file."""
    found: dict[str, list[str]] = {"StackSettings": [""]}
    for model in (waiting := ["StackSettings"]):
        for name, schema in definitions[model]["properties"].items():
            if (inner := _inner(schema)) is None:
                continue
            below, step = inner
            paths = [f"{path}{'.' if path else ''}{name}{step}" for path in found[model]]
            if below not in found:
                waiting.append(below)
            found[below] = [*found.get(below, ()), *paths]
    return found


def _inner(schema: Mapping[str, Any]) -> tuple[str, str] | None:
    """The model that a setting holds, and how an entry of it is written in a path."""
    for part in (schema, *schema.get("anyOf", ())):
        for holder, step in ((part, ""), (part.get("items"), "[]"), (part.get("additionalProperties"), ".<name>")):
            if isinstance(holder, Mapping) and "$ref" in holder:
                return holder["$ref"].rpartition("/")[2], step
    return None


def _section(
    paths: Sequence[str], model: Mapping[str, Any], definitions: Mapping[str, Any], places: Mapping[str, Sequence[str]]
) -> Iterator[str]:
    yield f"### {_heading(paths)}"
    yield ""
    if any(paths) and model.get("description"):
        yield " ".join(model["description"].split())
        yield ""
    rows = []
    for name, schema in model["properties"].items():
        kind, meaning, inner = _kind(schema), schema.get("description"), _inner(schema)
        if inner is not None:
            anchor = re.sub(r"[^\w\s-]", "", _heading(places[inner[0]])).replace(" ", "-").lower()
            kind = kind.replace("settings", f"[settings](#{anchor})")
            meaning = meaning or definitions[inner[0]].get("description")
        default = _default(f"{paths[0]}.{name}".strip("."), schema, inner is not None)
        required = name in model.get("required", ())
        rows.append((f"`{name}`", kind, "**required**" if required else default, meaning or ""))
    yield from markdown(("Setting", "Type", "Default", "Meaning"), rows)


def _heading(paths: Sequence[str]) -> str:
    return ", ".join(f"`{path}`" for path in paths) if any(paths) else "The file itself"


def _kind(schema: Mapping[str, Any]) -> str:
    """The type of a setting in words."""
    if "anyOf" in schema:
        return " or ".join(_kind(part) for part in schema["anyOf"] if part.get("type") != "null")
    if "enum" in schema or "const" in schema:
        return ", ".join(f"`{value}`" for value in schema.get("enum", [schema.get("const")]))
    if "items" in schema:
        return f"list: {_kind(schema['items'])}"
    if "additionalProperties" in schema and isinstance(schema["additionalProperties"], Mapping):
        return f"map: {_kind(schema['additionalProperties'])}"
    if "$ref" in schema:
        return "settings"
    kinds = {"string": "text", "integer": "number", "number": "number", "boolean": "`true`, `false`", "object": "map"}
    kind = kinds.get(schema.get("type", ""), "any value")
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None and high is not None:
        return f"{kind}, {low} to {high}"
    return kind if low is None else f"{kind}, {low} or more"


def _default(path: str, schema: Mapping[str, Any], holds_settings: bool) -> str:
    """The default of production, and those of the environments that have another one."""
    own = schema.get("default")
    if holds_settings and own != []:
        return ""  # the defaults stand in the section of those settings
    said = [f"`{json.dumps(own)}`"] if own not in (None, {}, []) else []
    keys = [re.sub(r"^<name>$", "*", part) for part in path.replace("[]", ".*").split(".")]
    for environment, profile in PROFILES.items():
        at: Any = profile
        for key in keys:
            at = at.get(key) if isinstance(at, Mapping) else None
        if at is not None and at != own:
            said.append(f"{environment}: `{json.dumps(at)}`")
    return ", ".join(said)


def components_page() -> str:
    """Every component resource: what it is told, and what it gives to others."""
    lines = [
        "# Components",
        "",
        MADE.format("the source in `components/`"),
        "",
        "Each takes a name, its arguments and Pulumi's resource options. The program in `examples/own_program/` uses",
        "some of them without a stack file.",
    ]
    folder = ROOT / "components"
    for domain in domains("components"):
        found = [part for path in sorted((folder / domain).rglob("*.py")) for part in _components(path)]
        lines += ["", f"## {domain}", *(line for part in found for line in ("", *part))] if found else []
    return "\n".join([*lines, ""])


def _components(path: Path) -> Iterator[list[str]]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
    for name, node in classes.items():
        if [ast.unparse(base) for base in node.bases] != ["pulumi.ComponentResource"]:
            continue
        token = next(
            text.value
            for text in ast.walk(node)
            if isinstance(text, ast.Constant) and isinstance(text.value, str) and text.value.startswith("mlplatform:")
        )
        lines = [f"### {name}", "", f"`{path.relative_to(ROOT)}`, type `{token}`", "", *_prose(node)]
        if arguments := classes.get(f"{name}Args"):
            lines += ["", f"`{name}Args`:", "", *_prose(arguments), ""]
            rows = [
                (n, kind, "**required**" if value is None else f"`{value}`") for n, kind, value in _fields(arguments)
            ]
            lines += markdown(("Argument", "Type", "Default"), rows)
        if outputs := [(n, kind) for n, kind, _ in _fields(node)]:
            lines += ["", *markdown(("Output", "Type"), outputs)]
        yield lines


def _prose(node: ast.ClassDef) -> list[str]:
    """A docstring as Markdown: `name: what it is` becomes an entry of a list."""
    text = ast.get_docstring(node) or ""
    text = re.sub(r"^([a-z_]+): ", r"- `\1`: ", text, flags=re.MULTILINE)
    text = re.sub(r"^(?! |- |\n)(.*)\n- ", r"\1\n\n- ", text, flags=re.MULTILINE)  # a list after a paragraph
    text = re.sub(r"^((?:- | ).*)\n(?! |- |\n)", r"\1\n\n", text, flags=re.MULTILINE)  # a paragraph after a list
    return text.replace("\n    ", "\n  ").splitlines()


def _fields(node: ast.ClassDef) -> Iterator[tuple[str, str, str | None]]:
    for part in node.body:
        if isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Name):
            default = None if part.value is None else ast.unparse(part.value)
            kind = ast.unparse(part.annotation).replace(" | ", " or ")  # a bar would end the cell of the table
            yield f"`{part.target.id}`", f"`{kind}`", default


def addons_page() -> str:
    """Every Helm add-on and every EKS add-on of the platform."""
    specs = every_add_on().values()
    rows = [
        (
            f"[{spec.name}](#{spec.name})",
            spec.chart.version,
            f"`{spec.chart.namespace}`",
            _when(spec),
            ", ".join(f"`{path}`" for path in spec.daemons) or "none",
            ", ".join(f"`{identity.service_account}`" for identity in spec.identities) or "none",
        )
        for spec in specs
    ]
    lines = [
        "# Add-ons",
        "",
        MADE.format("`components/<domain>/addons/` and the catalog"),
        "",
        "## Helm add-ons",
        "",
        "The column *daemons* names the places in the values that get the taints of all pools, so that the pods run on",
        "every node. The column *identities* names the service accounts that have a role in AWS. A stack file changes",
        "values under `clusters.<name>.addons.<name>.values`.",
        "",
        *markdown(("Add-on", "Chart", "Namespace", "A cluster has it", "Daemons", "Identities"), rows),
    ]
    for spec in specs:
        lines += ["", f"### {spec.name}", "", *_add_on(spec)]
    versions = sorted({version for addon in ADDONS.values() for version in addon.versions})
    table = [
        (
            f"`{name}`",
            "every cluster" if addon.every_cluster else "where it is needed or named",
            "yes" if SPECS[name].before_nodes else "",
            *(addon.versions.get(version, "") for version in versions),
        )
        for name, addon in ADDONS.items()
    ]
    header = ("Add-on", "A cluster has it", "Before nodes", *(f"Kubernetes {version}" for version in versions))
    return "\n".join([*lines, "", "## EKS add-ons", "", *markdown(header, table), ""])


def _when(spec: AddOnSpec) -> str:
    if spec.on:
        return "unless turned off"
    return "where the stack file says so" if spec.needed_by is nothing_needs_it else "where something needs it"


def _add_on(spec: AddOnSpec) -> Iterator[str]:
    yield (sys.modules[spec.values.__module__].__doc__ or "").strip()
    yield ""
    yield f"- chart `{spec.chart.repository}`, read {spec.chart.read} from {spec.chart.source}"
    yield f"- namespace with Pod Security `{spec.pod_security}`"
    if spec.after:
        yield f"- after {', '.join(f'[{name}](#{name})' for name in spec.after)}"
    for name, why in spec.conflicts.items():
        yield f"- not with [{name}](#{name}): {why}"
    if spec.instead:
        yield f"- to do without it: {spec.instead}"
    if spec.in_aws:
        keys = f", with the KMS key for {', '.join(spec.keys)}" if spec.keys else ""
        yield f"- uses more in AWS than permissions{keys}"


def decisions_page() -> str:
    """The list of decisions, with date and status."""
    rows = []
    for path in sorted((ROOT / DECISIONS).glob("[0-9]*.md")):
        title, _, date, status, *_ = path.read_text(encoding="utf-8").splitlines()
        number, _, name = title.removeprefix("# ").partition(". ")
        rows.append(
            (number, f"[{name}]({path.name})", date.removeprefix("- Date: "), status.removeprefix("- Status: "))
        )
    made = MADE.format("the heads of the pages")
    header = ("", "Decision", "Date", "Status")
    return "\n".join(["# Decisions", "", made, "", "Why things are the way they are.", "", *markdown(header, rows), ""])


if __name__ == "__main__":
    reference = {"settings": settings_page(), "components": components_page(), "addons": addons_page()}
    made = {f"docs/reference/{name}.md": text for name, text in reference.items()}
    sys.exit(pages.run("report.reference", made | {f"{DECISIONS}/README.md": decisions_page()}, sys.argv[1:]))

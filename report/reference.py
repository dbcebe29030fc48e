"""Writes `docs/reference/` and the list of decisions: `python -m report.reference [--check]`.

The pages are made from the models of settings, the source of components, and the specs and charts of add-ons.
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
    """Returns a page of every setting of a stack file, by domain and part of the file."""
    schema = StackSettings.model_json_schema()
    definitions: dict[str, Any] = schema.get("$defs", {}) | {"StackSettings": schema}
    paths_by_model = _paths_by_model(definitions)
    domain_of = {model.__name__: model.__module__.split(".")[1] for model in models(Settings)}
    lines = [
        "# Settings",
        "",
        MADE.format("the models in `settings/`"),
        "",
        "These are the settings of a stack file under `ml-platform:`. `<name>` is a name of your choice, `[]` is each",
        "entry of a list. The first default is that of production; other environments follow if theirs differ.",
        "`make report` shows the values of a stack and their origin.",
    ]
    for domain in domains("settings"):
        of_domain = {model: paths for model, paths in paths_by_model.items() if domain_of[model] == domain}
        lines += ["", f"## {domain}"] if of_domain else []
        for model, paths in of_domain.items():
            lines += ["", *_section(paths, definitions[model], definitions, paths_by_model)]
    return "\n".join([*lines, ""])


def domains(room: str) -> list[str]:
    """Returns the domains of `settings` or `components`, from the top layer down, from import-linter's contract."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = project["tool"]["importlinter"]["contracts"]
    layers = next(contract["layers"] for contract in contracts if contract.get("containers") == [room])
    return [domain for layer in layers for domain in layer.split(" | ")]


def models(model: type[Settings]) -> Iterator[type[Settings]]:
    """Yields all models of settings that derive from `model`."""
    for subclass in model.__subclasses__():
        yield subclass
        yield from models(subclass)


def _paths_by_model(definitions: Mapping[str, Any]) -> dict[str, list[str]]:
    """Returns model -> its paths in a stack file, in the order of the file."""
    paths_by_model: dict[str, list[str]] = {"StackSettings": [""]}
    for model in (queue := ["StackSettings"]):
        for name, schema in definitions[model]["properties"].items():
            if (inner := _inner_model(schema)) is None:
                continue
            inner_model, step = inner
            paths = [f"{path}{'.' if path else ''}{name}{step}" for path in paths_by_model[model]]
            if inner_model not in paths_by_model:
                queue.append(inner_model)
            paths_by_model[inner_model] = [*paths_by_model.get(inner_model, ()), *paths]
    return paths_by_model


def _inner_model(schema: Mapping[str, Any]) -> tuple[str, str] | None:
    """Returns the model of a setting's value, and the step from the setting to it in a path; None without a model."""
    for part in (schema, *schema.get("anyOf", ())):
        for holder, step in ((part, ""), (part.get("items"), "[]"), (part.get("additionalProperties"), ".<name>")):
            if isinstance(holder, Mapping) and "$ref" in holder:
                return holder["$ref"].rpartition("/")[2], step
    return None


def _section(
    paths: Sequence[str],
    model: Mapping[str, Any],
    definitions: Mapping[str, Any],
    paths_by_model: Mapping[str, Sequence[str]],
) -> Iterator[str]:
    yield f"### {_heading(paths)}"
    yield ""
    if any(paths) and model.get("description"):
        yield " ".join(model["description"].split())
        yield ""
    rows = []
    for name, schema in model["properties"].items():
        kind, meaning, inner = _kind(schema), schema.get("description"), _inner_model(schema)
        if inner is not None:
            anchor = re.sub(r"[^\w\s-]", "", _heading(paths_by_model[inner[0]])).replace(" ", "-").lower()
            kind = kind.replace("settings", f"[settings](#{anchor})")
            meaning = meaning or definitions[inner[0]].get("description")
        default = _default(f"{paths[0]}.{name}".strip("."), schema, inner is not None)
        required = name in model.get("required", ())
        rows.append((f"`{name}`", kind, "**required**" if required else default, meaning or ""))
    yield from markdown(("Setting", "Type", "Default", "Meaning"), rows)


def _heading(paths: Sequence[str]) -> str:
    return ", ".join(f"`{path}`" for path in paths) if any(paths) else "The file itself"


def _kind(schema: Mapping[str, Any]) -> str:
    """Returns the type of a setting in words."""
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
    """Returns the default of production, and the defaults of environments that differ."""
    production = schema.get("default")
    if holds_settings and production != []:
        return ""  # the section of these settings has the defaults
    defaults = [f"`{json.dumps(production)}`"] if production not in (None, {}, []) else []
    keys = [re.sub(r"^<name>$", "*", part) for part in path.replace("[]", ".*").split(".")]
    for environment, profile in PROFILES.items():
        value: Any = profile
        for key in keys:
            value = value.get(key) if isinstance(value, Mapping) else None
        if value is not None and value != production:
            defaults.append(f"{environment}: `{json.dumps(value)}`")
    return ", ".join(defaults)


def components_page() -> str:
    """Returns a page of every component resource, with its arguments and outputs."""
    lines = [
        "# Components",
        "",
        MADE.format("the source in `components/`"),
        "",
        "A component takes a name, its arguments and Pulumi's resource options. The program in `examples/own_program/`",
        "uses some components without a stack file.",
    ]
    folder = ROOT / "components"
    for domain in domains("components"):
        sections = [section for path in sorted((folder / domain).rglob("*.py")) for section in _components(path)]
        if sections:
            lines += ["", f"## {domain}", *(line for section in sections for line in ("", *section))]
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
    """Returns a docstring as Markdown. A line `name: what it is` becomes an entry of a list."""
    text = ast.get_docstring(node) or ""
    text = re.sub(r"^([a-z_]+): ", r"- `\1`: ", text, flags=re.MULTILINE)
    text = re.sub(r"^(?! |- |\n)(.*)\n- ", r"\1\n\n- ", text, flags=re.MULTILINE)  # a list after a paragraph
    text = re.sub(r"^((?:- | ).*)\n(?! |- |\n)", r"\1\n\n", text, flags=re.MULTILINE)  # a paragraph after a list
    return text.replace("\n    ", "\n  ").splitlines()


def _fields(node: ast.ClassDef) -> Iterator[tuple[str, str, str | None]]:
    for part in node.body:
        if isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Name):
            default = None if part.value is None else ast.unparse(part.value)
            kind = ast.unparse(part.annotation).replace(" | ", " or ")  # a bar would end the table cell
            yield f"`{part.target.id}`", f"`{kind}`", default


def addons_page() -> str:
    """Returns a page of every Helm add-on and every EKS add-on of the platform."""
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
        "The column *Daemons* has the paths in the values that get tolerations of all taints, so that the pods run on",
        "every node. The column *Identities* has the service accounts with an IAM role. A stack file can change values",
        "in `clusters.<name>.addons.<name>.values`: [how](../guides/cluster/change-helm-values.md).",
        "",
        *markdown(("Add-on", "Chart", "Namespace", "Installed", "Daemons", "Identities"), rows),
    ]
    for spec in specs:
        lines += ["", f"### {spec.name}", "", *_add_on(spec)]
    versions = sorted({version for addon in ADDONS.values() for version in addon.versions})
    table = [
        (
            f"`{name}`",
            "in every cluster" if addon.every_cluster else "when a setting needs or names it",
            "yes" if SPECS[name].before_nodes else "",
            *(addon.versions.get(version, "") for version in versions),
        )
        for name, addon in ADDONS.items()
    ]
    header = ("Add-on", "Installed", "Before nodes", *(f"Kubernetes {version}" for version in versions))
    return "\n".join([*lines, "", "## EKS add-ons", "", *markdown(header, table), ""])


def _when(spec: AddOnSpec) -> str:
    if spec.on:
        return "unless turned off"
    return "when the stack file adds it" if spec.needed_by is nothing_needs_it else "when a setting needs it"


def _add_on(spec: AddOnSpec) -> Iterator[str]:
    yield (sys.modules[spec.values.__module__].__doc__ or "").strip()
    yield ""
    yield f"- chart `{spec.chart.repository}`, read {spec.chart.read} from {spec.chart.source}"
    yield f"- namespace with Pod Security `{spec.pod_security}`"
    if spec.after:
        yield f"- after {', '.join(f'[{name}](#{name})' for name in spec.after)}"
    if spec.after_if_on:
        yield f"- after {', '.join(f'[{name}](#{name})' for name in spec.after_if_on)}, where the cluster has it"
    for name, why in spec.conflicts.items():
        yield f"- cannot run with [{name}](#{name}): {why}"
    if spec.instead:
        yield f"- alternative: {spec.instead}"
    if spec.in_aws:
        keys = f", with the KMS key for {', '.join(spec.keys)}" if spec.keys else ""
        yield f"- has AWS resources besides its IAM permissions{keys}"


def decisions_page() -> str:
    """Returns the list of decisions, with date and status."""
    rows = []
    for path in sorted((ROOT / DECISIONS).glob("[0-9]*.md")):
        title, _, date, status, *_ = path.read_text(encoding="utf-8").splitlines()
        number, _, name = title.removeprefix("# ").partition(". ")
        rows.append(
            (number, f"[{name}]({path.name})", date.removeprefix("- Date: "), status.removeprefix("- Status: "))
        )
    comment = MADE.format("the heads of the pages")
    intro = "The reasons for choices that were hard to make."
    header = ("", "Decision", "Date", "Status")
    return "\n".join(["# Decisions", "", comment, "", intro, "", *markdown(header, rows), ""])


if __name__ == "__main__":
    reference = {"settings": settings_page(), "components": components_page(), "addons": addons_page()}
    all_pages = {f"docs/reference/{name}.md": text for name, text in reference.items()}
    sys.exit(pages.run("report.reference", all_pages | {f"{DECISIONS}/README.md": decisions_page()}, sys.argv[1:]))

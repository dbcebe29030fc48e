"""The judge itself: what decides about a change is changed by the same change."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from common.urns import name_of
from report.dangers.danger import GRAVE, LOST, Danger
from report.events import Finding
from report.look import Look, by_other_judge
from report.simulated import ROOT, Simulated
from report.tables import some

WAIVERS = "policies/waivers.yaml"
JUDGES = (
    *("policies", "costs", "catalog", "common", "engine", "report", "simulator", ".github"),
    *("settings/stack/profiles.py", "Makefile", "Pulumi.yaml", "requirements.txt"),
)
"""Files and folders that decide what is refused, what it costs, and what people are shown."""

SETTINGS = ("environment", "account_id", "policies")
"""Settings that say which levels and limits of the policies apply."""

PRODUCTION = "policies/production.yaml"

_NOT_OURS = ("__pycache__", ".pyc", "catalog/data/charts/", "eks_addon_versions.json", "machine_images.py")
"""The versions in the catalog are what is built."""


def files_of(root: Path, stack: str) -> Mapping[str, bytes]:
    """Returns path -> content of all that judges a stack."""
    each = (path for name in JUDGES for path in (root / name, *(root / name).rglob("*")))
    paths = [path for path in each if path.is_file()]
    found = {path.relative_to(root).as_posix(): path for path in (*paths, root / f"Pulumi.{stack}.yaml")}
    return {
        name: path.read_bytes()
        for name, path in sorted(found.items())
        if path.exists() and not any(part in name for part in _NOT_OURS)
    }


def of_stack(simulated: Simulated, stack: str, seen: Look) -> tuple[Danger, ...]:
    """Returns what a change does to its own judge. When it does something, the rules of the base judge it as well."""
    base = simulated.home / "base"
    changed = since(base, ROOT, stack)
    if changed and (base / f"Pulumi.{stack}.yaml").exists():
        print(f"Judging {stack} by the rules of the base as well …", file=sys.stderr, flush=True)
        changed += tuple(refused(by_other_judge(simulated, stack, base, seen)))
    return changed


def since(base: Path, root: Path, stack: str) -> tuple[Danger, ...]:
    """Returns what the files of a project do to its judge, compared with those of the base, if there is one."""
    return tuple(find(files_of(base, stack), files_of(root, stack), stack)) if base.exists() else ()


def find(before: Mapping[str, bytes], after: Mapping[str, bytes], stack: str) -> Iterator[Danger]:
    """Yields what this change does to its own judge. before, after: as `files_of` returns them."""
    file = f"Pulumi.{stack}.yaml"
    old, new = (dict(_judging(each.get(file, b""))) for each in (before, after))
    for key in sorted(old.keys() | new.keys()) if old else ():
        if old.get(key) != new.get(key):
            yield _judge(
                f"{key} of {stack}: {_word(old.get(key))} → {_word(new.get(key))}",
                "levels and limits of the policies follow it, so this change is judged by other rules",
                LOST,
            )
    written = after.get(WAIVERS)
    if written is not None and written != before.get(WAIVERS) and not isinstance(_yaml(written), list):
        yield _judge(f"{WAIVERS} is no list in YAML", "the policy pack does not start, so nothing is judged", LOST)
    waived = [each for each in _list(after.get(WAIVERS, b"")) if each not in _list(before.get(WAIVERS, b""))]
    if waived:
        rules = [f"{each.get('rule')} at {each.get('urn')}" for each in waived if isinstance(each, Mapping)]
        yield _judge(f"waivers are added: {some(rules)}", "findings that they cover refuse nothing", LOST)
    changed = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
    if PRODUCTION in changed and PRODUCTION in before:
        yield _judge(f"{PRODUCTION} is changed", "what is production, and its floors, are others", LOST)
    code = [name for name in changed if name not in (file, WAIVERS, PRODUCTION)]
    if code:
        yield _judge(f"what judges it is changed: {some(code)}", "its verdicts are those of the changed code", GRAVE)


def refused(findings: Sequence[Finding]) -> Iterator[Danger]:
    """Yields one danger when the rules of the base refuse what those of the change let through."""
    if findings:
        rules = sorted({each.policy for each in findings})
        yield Danger(
            kind="judge",
            severity=LOST,
            says=f"the rules of the base refuse it: {some(rules)}",
            at_stake=some(sorted({name_of(each.urn) for each in findings})),
            consequence="this change lets it through by what it does to its own judge",
            gently="make it a change of its own, which others decide on",
            urns=tuple(sorted({each.urn for each in findings})),
        )


def _judge(opening: str, consequence: str, severity: int) -> Danger:
    return Danger(
        kind="judge",
        severity=severity,
        says=opening,
        consequence=consequence,
        gently="make it a change of its own, which others decide on",
    )


def _config(content: bytes) -> Mapping[str, Any]:
    config = (_yaml(content) or {}).get("config") or {}
    return {key.rpartition(":")[2]: value for key, value in config.items() if isinstance(key, str)}


def _judging(content: bytes) -> Iterator[tuple[str, Any]]:
    """Yields the settings of a stack file that judge: path and value, each option of a policy by itself."""
    config = _config(content)
    for key in SETTINGS:
        if isinstance(config.get(key), Mapping):
            for rule, options in config[key].items():
                for name, value in options.items() if isinstance(options, Mapping) else (("", options),):
                    yield f"{key}.{rule}.{name}".rstrip("."), value
        elif key in config:
            yield key, config[key]


def _list(content: bytes) -> list[Any]:
    read = _yaml(content)
    return read if isinstance(read, list) else []


def _yaml(content: bytes) -> Any:
    try:
        return yaml.safe_load(content)
    except yaml.YAMLError:
        return None


def _word(value: Any) -> str:
    return "not set" if value is None else str(value).lower() if isinstance(value, bool) else str(value)

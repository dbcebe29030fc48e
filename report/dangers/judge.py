"""The judge itself: what decides about a change is changed by the same change."""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from common.policy_options import mistakes
from common.urns import name_of
from components.stack.stack_file import SettingsError
from policies.options import known as schemas
from policies.options import strictest
from policies.production import Production, accounts_of, listed
from policies.registry import rules
from policies.rule import ENVIRONMENTS, Environment, Option, Rule, StackRule
from report.dangers.danger import GRAVE, LOST, NOTE, Danger
from report.events import Finding, fixes
from report.look import Look, by_other_judge, environment_of, settings_of
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

_NOT_OURS = ("catalog/data/charts/", "catalog/data/eks_addon_versions.json", "catalog/machine_images.py")
"""Files and folders that judge nothing: the versions in the catalog are what is built."""

_OTHERS = "make it a change of its own, which others decide on"
_NO_START = "the policy pack does not start, so nothing is judged"
_MOST_RULES = 5
_MORE = Option("", [], stricter="more")
"""Of accounts and stacks that are production, and of environments: more of them is stricter."""


def files_of(root: Path, stack: str) -> Mapping[str, bytes]:
    """Returns path -> content of all that judges a stack."""
    each = (path for name in JUDGES for path in (root / name, *(root / name).rglob("*")))
    paths = [path for path in each if path.is_file()]
    found = {path.relative_to(root).as_posix(): path for path in (*paths, root / f"Pulumi.{stack}.yaml")}
    return {
        name: path.read_bytes()
        for name, path in sorted(found.items())
        if path.exists() and "__pycache__" not in path.parts and not name.startswith(_NOT_OURS)
    }


def of_stack(simulated: Simulated, stack: str, seen: Look) -> tuple[Danger, ...]:
    """Returns what a change does to its own judge. When it does something, the rules of the base judge it as well."""
    base = simulated.home / "base"
    changed = since(base, ROOT, stack)
    if changed and (base / f"Pulumi.{stack}.yaml").exists():
        print(f"Judging {stack} by the rules of the base as well …", file=sys.stderr, flush=True)
        findings, unseen = by_other_judge(simulated, stack, base, seen)
        changed += (*refused(findings), *unjudged(unseen))
    return changed


def since(base: Path, root: Path, stack: str) -> tuple[Danger, ...]:
    """Returns what the files of a project do to its judge, compared with those of the base, if there is one."""
    return tuple(find(files_of(base, stack), files_of(root, stack), stack)) if base.exists() else ()


def find(before: Mapping[str, bytes], after: Mapping[str, bytes], stack: str) -> Iterator[Danger]:
    """Yields what this change does to its own judge. before, after: as `files_of` returns them."""
    file = f"Pulumi.{stack}.yaml"
    changed = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
    code = [name for name in changed if name not in (file, WAIVERS, PRODUCTION)]
    known = not any(name.startswith("policies/") for name in code)  # else which values are looser may be changed too
    if file in before:
        yield from _of_settings([_Side.of(each, stack) for each in (before, after)], stack, known)
    written = after.get(WAIVERS)
    if written is not None and written != before.get(WAIVERS) and not isinstance(_yaml(written), list):
        yield _judge(f"{WAIVERS} is no list in YAML", _NO_START)
    waived = [each for each in _list(after.get(WAIVERS, b"")) if each not in _list(before.get(WAIVERS, b""))]
    if waived:
        listing = [f"{each.get('rule')} at {each.get('urn')}" for each in waived if isinstance(each, Mapping)]
        yield _judge(f"waivers are added: {some(listing)}", "findings that they cover refuse nothing")
    if PRODUCTION in changed and PRODUCTION in before:
        yield from _of_production(before[PRODUCTION], after.get(PRODUCTION, b""), known)
    if code:
        yield _judge(f"what judges it is changed: {some(code)}", "its verdicts are those of the changed code", GRAVE)


def refused(findings: Sequence[Finding]) -> Iterator[Danger]:
    """Yields one danger for each rule of the base that refuses what those of the change let through."""
    refusing = sorted({each.policy for each in findings})
    for rule in refusing[:_MOST_RULES]:
        found = [each for each in findings if each.policy == rule]
        why = f": {found[0].part('Why').rstrip('.')}" if found[0].part("Why") else ""
        yield Danger(
            kind="judge",
            severity=LOST,
            says="the rules of the base refuse it by {}",
            names=(f"{rule}: {some(list(dict.fromkeys(each.problem.rstrip('.') for each in found)), 2)}",),
            at_stake=some(sorted({name_of(each.urn) or "the stack" for each in found})),
            consequence=f"this change lets it through by what it does to its own judge{why}",
            gently=(fixes(found) or _OTHERS).rstrip("."),
            urns=tuple(sorted({each.urn for each in found})),
        )
    if more := refusing[_MOST_RULES:]:
        yield _judge(f"the rules of the base refuse it also by {some(more, 10)}", "this change lets it through")


def unjudged(reason: str) -> Iterator[Danger]:
    """Yields one danger when the rules of the base did not judge all of the change. reason: why, or ""."""
    if reason:
        says = "the rules of the base could not judge all of it"
        yield _judge(says, f"what else they refuse is not known: {reason.rstrip('.')}")


@dataclass(frozen=True)
class _Side:
    """What one revision says. settings: those of its stack file that judge. said: the environment that it names.

    production: what it lists, if the stack is production.
    """

    settings: Mapping[tuple[str, ...], Any]
    production: Production
    environment: Environment
    said: Environment

    @classmethod
    def of(cls, files: Mapping[str, bytes], stack: str) -> "_Side":
        config, production = _config(files.get(f"Pulumi.{stack}.yaml", b"")), files.get(PRODUCTION, b"")
        found, given = listed(production), config.get("environment")
        return cls(
            dict(_judging(config)),
            found if found.why(stack, accounts_of(config)) else Production(),
            environment_of(production, stack, config),
            next((each for each in ENVIRONMENTS if each == given), environment_of(b"", stack, config)),
        )

    def in_force(self, rule: Rule | StackRule, path: tuple[str, ...]) -> Any:
        """Returns the value of an option that applies, from whatever file."""
        value = self.settings.get(path, self.production.default(rule, path[-1], self.environment))
        return self.production.floor(rule, path[-1], value)


def _of_settings(sides: Sequence[_Side], stack: str, known: bool) -> Iterator[Danger]:
    """Yields the settings that judge and change. known: whether the rules say which values are looser."""
    for path in sorted({("environment",), *(path for side in sides for path in side.settings)}):
        given = [side.settings.get(path) for side in sides]
        values, option, words = given, None, list(map(_word, given))
        if path == ("environment",):
            names = [side.environment for side in sides]
            if _same(*names):
                names = [side.said for side in sides]
            elif _same(*given):
                words = list(names)
            values, option = list(map(ENVIRONMENTS.index, names)), _MORE
        elif known and given[0] != given[1] and (rule := _rule(path, given)):
            values, option = [side.in_force(rule, path) for side in sides], rule.options[path[-1]]
            defaults = (" (default)" * (path not in side.settings) for side in sides)
            words = [f"{_word(value)}{default}" for value, default in zip(values, defaults, strict=True)]
        yield from _changed(f"{'.'.join(path)} of {stack}", values, option, words)


def _of_production(before: bytes, after: bytes, known: bool) -> Iterator[Danger]:
    """Yields what changes in the file that lists what is production."""
    if not isinstance(_yaml(after), Mapping):
        yield _judge(f"{PRODUCTION} is no map in YAML", _NO_START)
    old, new = (listed(content) for content in (before, after))
    for key in ("accounts", "stacks"):
        each = [sorted(getattr(side, key)) for side in (old, new)]
        yield from _changed(f"{key} of {PRODUCTION}", each, _MORE)
    floors = [{(rule, name): each[name] for rule, each in side.floors.items() for name in each} for side in (old, new)]
    for rule_id, name in sorted({path for side in floors for path in side}):
        values = [side.get((rule_id, name)) for side in floors]
        rule, words = _rule(("policies", rule_id, name), values) if known else None, list[str]()
        if rule and (rule.severity == "critical" or values[1] is not None):  # else a stack file may set any value
            in_force = [side.default(rule, name, "prod") for side in (old, new)]
            if not _same(*in_force):
                defaults = (" (default)" * (value is None) for value in values)
                words = [f"{_word(value)}{default}" for value, default in zip(in_force, defaults, strict=True)]
                values = in_force
        opening = f"floors.{rule_id}.{name} of {PRODUCTION}"
        yield from _changed(opening, values, rule.options[name] if rule else None, words)


def _changed(opening: str, values: Sequence[Any], option: Option | None, words: Sequence[str] = ()) -> Iterator[Danger]:
    """Yields one danger when two values differ, or a note when the second is stricter.

    option: says which way is stricter; None where nobody can. words: the values as they are shown.
    """
    if _same(*values):
        return
    says = " → ".join(_difference(*values) or words or map(_word, values))
    if option and _stricter(option, *values):
        yield _judge(f"{opening} is stricter: {says}", "more is refused than before", NOTE)
    else:
        way = " is looser" if option and _stricter(option, *reversed(values)) else ""
        how = "what the policies refuse follows it, so this change is judged by other rules"
        yield _judge(f"{opening}{way}: {says}", how)


def _judge(opening: str, consequence: str, severity: int = LOST) -> Danger:
    gently = "" if severity == NOTE else _OTHERS
    says = opening.replace("{}", "{ }")  # in a sentence of a danger, {} stands for its names
    return Danger(kind="judge", severity=severity, says=says, consequence=consequence, gently=gently)


def _config(content: bytes) -> Mapping[str, Any]:
    """Returns the settings in a stack file that judge, as the program reads them; none when it cannot."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "stack.yaml")
        path.write_bytes(content)
        try:
            return settings_of(path)
        except SettingsError:
            return {}


def _judging(config: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yields the settings of a stack file that judge: path and value, each option of a policy by itself."""
    for key in SETTINGS:
        if isinstance(config.get(key), Mapping):
            for rule, options in config[key].items():
                for name, value in options.items() if isinstance(options, Mapping) else (("", options),):
                    yield tuple(filter(None, (key, str(rule), str(name)))), value
        elif key in config:
            yield (key,), config[key]


def _rule(path: tuple[str, ...], values: Sequence[Any]) -> Rule | StackRule | None:
    """Returns the rule whose option stands at a path, if these are values of it; None values are not given."""
    rule = rules().get(path[1]) if path[0] == "policies" and len(path) == 3 else None
    if rule is None or path[2] not in rule.options:
        return None
    given = [{rule.id: {path[2]: value}} for value in values if value is not None]
    wrong = any(True for each in given for _ in mistakes(each, schemas({rule.id: rule})))
    return None if wrong else rule


def _stricter(option: Option, was: Any, now: Any) -> bool:
    """Tells whether a value refuses all that another one refuses; None refuses nothing."""
    if was is None or now is None:
        return was is None
    return option.stricter is not None and _same(strictest(option, was, now), now)


def _same(one: Any, other: Any) -> bool:
    lists = isinstance(one, list | tuple) and isinstance(other, list | tuple)
    return set(one) == set(other) if lists else bool(one == other)


def _difference(was: Any, now: Any) -> list[str]:
    """Returns what a list gets and loses, as one text in a list; [] for what is no list."""
    if not (isinstance(was, list | tuple) and isinstance(now, list | tuple)):
        return []
    each = (("adds", [it for it in now if it not in was]), ("drops", [it for it in was if it not in now]))
    return ["; ".join(f"{does} {some(list(map(str, names)), 10)}" for does, names in each if names)]


def _list(content: bytes) -> list[Any]:
    read = _yaml(content)
    return read if isinstance(read, list) else []


def _yaml(content: bytes) -> Any:
    try:
        return yaml.safe_load(content)
    except yaml.YAMLError:
        return None


def _word(value: Any) -> str:
    if value is None or isinstance(value, str):
        return "not set" if value is None else value
    return f"{value:,}" if isinstance(value, int | float) and not isinstance(value, bool) else json.dumps(value)

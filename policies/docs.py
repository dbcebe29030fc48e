"""Writes `docs/policies/README.md` from the rules' records: `python -m policies.docs [--check]`."""

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from common.values import UNKNOWN
from policies.analyzer import NOTICES
from policies.registry import group_of, modules, rules
from policies.rule import ENVIRONMENTS, Case, Rule, StackCase, StackRule

PAGE = Path(__file__).parent.parent / "docs" / "policies" / "README.md"
UNKNOWNS = {
    "pass": "A value that is not known before the update counts as kept: that it is set is enough.",
    "defer": "A value that is not known before the update is decided then; the preview says which one it waits for.",
    "fail": "The value has to be known at preview; one that is not is a finding.",
}
HEAD = """# What may never be built

<!-- Made by `python -m policies.docs` from the rules in `policies/rules/`. Edit those. -->

`make preview` runs these rules. With your own Pulumi: `pulumi preview --policy-pack policies`. On a stack that exists,
with nothing but its state: `pulumi policy analyze --policy-pack policies --file state.json`.

**Levels.** `mandatory` stops the deployment, `advisory` is shown, `disabled` is not asked. They depend on the
environment: the one in the pack's configuration (`{"profile": {"environment": "dev"}}`), else the stack's own
`ml-platform:environment`, else the stack's name when that is dev, staging or prod, else prod, the strictest.

**Configuration.** `pulumi preview --policy-pack policies --policy-pack-config FILE`, with a JSON file such as
`{"cost-monthly-cap": {"usd": 30000}, "node-no-ssh": "mandatory"}`. A rule or option that does not exist is refused.

**Exceptions** stand in `policies/waivers.yaml`: one rule, one stack, a reason, an owner, and an end within 90 days.
Those in use are listed at each run, unused ones are reported, and an ended one is a finding.

**A new rule** is one module in `policies/rules/<group>/` that sets `RULE`. It is found by the pack, by its tests, which
are made from its cases, and by this page.
"""


def page() -> str:
    """The whole page."""
    return "\n".join(
        [HEAD, *_table(), "", *_notices(), *(line for rule in rules().values() for line in _section(rule))]
    )


def _table() -> Iterator[str]:
    yield "## Overview\n"
    yield f"| rule | severity | {' | '.join(ENVIRONMENTS)} | standards |"
    yield f"| --- | --- | {' | '.join('---' for _ in ENVIRONMENTS)} | --- |"
    for group, ids in groupby(modules(), key=group_of):
        yield f"| **{group.replace('_', ' ')}** | {'| ' * len(ENVIRONMENTS)}| |"
        for rule in (rules()[rule_id] for rule_id in ids):
            levels = " | ".join(rule.level(environment) for environment in ENVIRONMENTS)
            yield f"| [{rule.id}](#{rule.id}) | {rule.severity} | {levels} | {', '.join(rule.standards)} |"


def _notices() -> Iterator[str]:
    yield "## What the pack itself reports\n"
    yield "| name | level | why |\n| --- | --- | --- |"
    for notice in NOTICES:
        yield f'| <a id="{notice.id}"></a>{notice.id} | {notice.level} | {notice.why} |'
    yield ""


def _section(rule: Rule | StackRule) -> Iterator[str]:
    kind = "Judges resources one by one" if isinstance(rule, Rule) else "Judges how resources stand to each other"
    yield f"## {rule.id}\n"
    yield f"{_prose(rule.why)}\n"
    yield f"**Fix:** {_prose(rule.fix)}\n"
    yield f"{kind}: {', '.join(f'`{name}`' for name in rule.types)}. {UNKNOWNS[rule.on_unknown]}\n"
    for name, option in rule.options.items():
        yield f"- `{name}`: {_prose(option.means)} {_defaults(option.default, option.by_environment)}"
    if rule.options:
        yield ""
    for title, cases in (("Passes", rule.good), ("Fails", rule.bad)):
        yield f"{title}:\n"
        for name, case in cases.items():
            yield f"- {name}: {_shown(rule, case)}"
        yield ""


def _prose(text: str) -> str:
    """Text outside of code: `clusters.<name>` would be taken for HTML."""
    return text.replace("<", "&lt;")


def _defaults(default: Any, by_environment: Mapping[Any, Any]) -> str:
    differing = ", ".join(f"`{json.dumps(value)}` in {environment}" for environment, value in by_environment.items())
    return f"Default `{json.dumps(default)}`{', ' if differing else ''}{differing}."


def _shown(rule: Rule | StackRule, case: Mapping[str, Any] | Case | StackCase) -> str:
    if isinstance(case, StackCase):
        shown = ", ".join(f"{name} ({sample.type.rpartition(':')[2]})" for name, sample in case.resources.items())
        place = f", found at {case.at[0]}, `{case.at[1]}`" if case.at and case in rule.bad.values() else ""
        return f"{shown or 'an empty stack'}{place}"
    case = case if isinstance(case, Case) else Case(case)
    kind = f" of `{case.type}`" if case.type and case.type != rule.types[0] else ""
    protected = ", protected" if case.protect else ""
    found = f", found at `{case.at}`" if case.at else ""
    return f"`{json.dumps(case.props, default=_unknown)}`{kind}{protected}{found}"


def _unknown(value: object) -> str:
    return "<not known yet>" if value is UNKNOWN else str(value)


def main(arguments: Sequence[str]) -> int:
    """Writes the page, or with --check says whether it is up to date: exit status 1 when it is not."""
    parser = argparse.ArgumentParser(prog="python -m policies.docs", description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; fail when the page is out of date")
    wanted, check = page(), parser.parse_args(arguments).check
    if check and (not PAGE.exists() or PAGE.read_text(encoding="utf-8") != wanted):
        print(f"{PAGE.relative_to(PAGE.parents[2])} is out of date. Run: python -m policies.docs", file=sys.stderr)
        return 1
    if not check:
        PAGE.parent.mkdir(parents=True, exist_ok=True)
        PAGE.write_text(wanted, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

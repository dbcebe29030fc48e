"""Writes the pages in `docs/policies/` from the records of the rules: `python -m policies.docs [--check]`.

It also writes which options a stack file may set, since settings do not import the pack.
"""

import argparse
import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import yaml

from catalog.rows import laid_out
from common.values import UNKNOWN
from policies.analyzer import NOTICES
from policies.options import known
from policies.registry import group_of, modules, rules, statement_of
from policies.rule import ENVIRONMENTS, Case, Rule, StackCase, StackRule

CONTROLS = Path(__file__).with_name("coverage.yaml")
PAGE = Path(__file__).parent.parent / "docs" / "policies" / "README.md"
OPTIONS = Path(__file__).parent.parent / "settings" / "stack" / "policy_options.json"
IN_FULL, SHORT = 4, 240
"""How many cases of a rule the page shows in full, and the longest of them in characters. The others are named."""
UNKNOWNS = {
    "pass": "An unknown value passes.",
    "defer": "An unknown value is checked in the update; the preview names it.",
    "fail": "An unknown value fails: it must be known at preview.",
}
HEAD = """# Policies

<!-- Made by `python -m policies.docs` from the rules in `policies/rules/`. Edit those. -->

`make preview` checks these rules. With your own Pulumi, run `pulumi preview --policy-pack policies`. To check a stack
that exists, run `python -m policies.check --stack NAME`, or `--state FILE --settings Pulumi.NAME.yaml` with what
`pulumi stack export` printed, or `--plan FILE` with what `pulumi preview --json --show-sames` printed: as text, JSON,
SARIF with the line of Python, JUnit or Markdown. With `--show-secrets`, rules also read secrets.
`helm template ... | python -m policies.check --objects - --namespace NAME` judges manifests.

**Levels.** A `mandatory` finding stops the deployment; an `advisory` one is only shown; a `disabled` rule does not run.
The level depends on the environment: prod for a stack in production, whatever else says; otherwise the one in the
pack's configuration (`{"profile": {"environment": "dev"}}`), else the stack's own `ml-platform:environment`, else the
stack's name if that is dev or staging, else prod, the strictest.

**Objects of Helm releases** are not visible to the rules about pods, Services and other objects of Kubernetes; their
values are visible to `secret-no-plaintext`, `img-trusted-registry` and `img-pinned`. What holds them in the cluster is
the Pod Security level of a namespace and its admission policies. Of custom resources that add to pods of a runtime (an
InferenceService, a TrainJob, a Workflow), the rules judge what they set. What the charts of the add-ons make of our
values is judged in `tests/policies/test_policy_charts.py`, and each finding there has its reason.

**Unknown values** exist only after the update, such as the id of a new resource. Each rule says what one means.

**Configuration.** A stack file sets options of rules, such as caps and lists of what is allowed (in production: below):
`ml-platform:policies: {cost-monthly-cap: {usd: 30000}, res-allowed-regions: {regions: [eu-central-1]}}`. For levels,
and for several stacks: `pulumi preview --policy-pack policies --policy-pack-config FILE`, with a JSON file such as
`{"cost-monthly-cap": {"usd": 30000}, "node-no-ssh": "mandatory"}`. Where both set an option, the stricter value
applies; where nobody can say which is stricter, that of the JSON file. A rule or option that does not exist is refused.

**Production** is a stack that is named so (`prod`, `eu-prd2`, `Production`, `live`; not `preprod` or `non-prod`), and
what `policies/production.yaml` lists: further stacks, and the accounts of AWS that are production. There no
configuration makes a critical rule less than mandatory, and no option is looser than the floors of that file, which
apply where nobody sets another value. A stack file there cannot loosen an option of a critical rule that has no floor:
write your regions, admins and GPUs there, as `floors: {res-allowed-regions: {regions: [eu-central-1]}}`. A stack that
is production and says something else is told so. A pull request that changes options, floors, waivers or rules is
judged by those of its base too, and the report says so first.

**A message** says what is wrong, why it matters, the fix and where to read more, and has a waiver to paste. The fix has
those edits of the stack file and of the resource that are the same in every program. `<...>` is a word of your own.

**Waivers** are exceptions from a rule. `policies/waivers.yaml` lists them: one rule, one stack, a kind of resource or
the whole name of one, a reason, an owner, and an end within 90 days, in UTC. Every run lists the waivers that it used
and those that nothing needs. An expired waiver is a finding, and so is one that covers more than 10 resources.

**What is found.** `python -m pytest -s tests/policies/test_policy_foreign.py` judges the inputs that checkov and
trivy-checks call harmful or harmless in their own tests, and spellings that end a naive check, and prints the figures.
In November 2026: 400 of the 401 harmful inputs that apply (99.8 %), no finding of the same subject about 208 harmless
ones (13 are refused on purpose), and 137 of 148 spellings. Each miss has its reason in `tests/policies/foreign/`.

**What the cases notice.** `make measure-policies` makes each small mistake in each rule and in what they share: a
comparison turned, a number one off, an item of a list left out, and eight more. Then it counts those that a case or a
test notices. In November 2026: 4643 of 4933 (94 %) in rules, and about nine of ten in what they share;
`tests/policies/survivors.yaml` says of most others why they are no gap, or that they are one. Next it changes the
stacks dev and prod, one guard at a time, as people do by mistake: rules notice 179 of 645 changes in dev and 250 of 825
in prod. For 453 and 555 there is a reason in `tests/policies/program_changes.yaml`, such as that AWS asks no more there
or that a chart fixes the value; 13 and 20 are open, and `--missed` lists them. Last it measures the time that a rule
costs, against that before all rules read policy documents in one way: 0.6 times as much, for a rule about one resource
and for one about a stack.

**A program of your own.** Clone this project, run `make setup` there, and give its folder to your Pulumi:
`pulumi preview --policy-pack ../ml-platform/policies`. The runner works from there as well:
`cd ../ml-platform && .venv/bin/python -m policies.check --plan ../mine/plan.json`. Edits of the stack file in messages
are for stacks of this project; those "in the program" are for every one.

**Standards.** [Control by control](coverage.md): the rules that ask for it, or why none does.

**A new rule** is one module in `policies/rules/<group>/` that sets `RULE`. The pack, the tests and this page find it;
the tests are its cases.
"""


def page() -> str:
    """Returns the whole page."""
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
    yield "## Reports of the pack itself\n"
    yield "| name | level | why |\n| --- | --- | --- |"
    for notice in NOTICES:
        yield f'| <a id="{notice.id}"></a>{notice.id} | {notice.level} | {notice.why} |'
    yield ""


def _section(rule: Rule | StackRule) -> Iterator[str]:
    kind = "Checks each resource alone" if isinstance(rule, Rule) else "Checks the resources of a stack together"
    yield f"## {rule.id}\n"
    yield f"{_prose(statement_of(rule.id))}\n"
    yield f"**Why:** {_prose(rule.why)}\n"
    beyond = f" An edit of the resource does not help where {rule.no_mend}." if rule.no_mend else ""
    yield f"**Fix:** {_prose(rule.fix_at(*rule.mend))}{beyond}\n"
    yield f"{kind}: {', '.join(f'`{name}`' for name in rule.types)}. {UNKNOWNS[rule.on_unknown]}\n"
    for name, option in rule.options.items():
        yield f"- `{name}`: {_prose(option.description)} {_defaults(option.default, option.by_environment)}"
    if rule.options:
        yield ""
    for title, cases in (("Passes", rule.good), ("Fails", rule.bad)):
        yield f"{title}:\n"
        shown = {name: _shown(rule, case) for name, case in cases.items()}
        in_full = [name for name, text in shown.items() if len(text) <= SHORT][:IN_FULL]
        yield from (f"- {name}: {shown[name]}" for name in in_full)
        others = "; ".join(name for name in cases if name not in in_full)
        yield from ([f"- {_prose(others)}"] if others else [])
        yield ""


def _prose(text: str) -> str:
    """Returns text for Markdown outside of code, where `clusters.<name>` would be read as HTML."""
    return text.replace("<", "&lt;")


def _defaults(default: Any, by_environment: Mapping[Any, Any]) -> str:
    differing = ", ".join(f"`{json.dumps(value)}` in {environment}" for environment, value in by_environment.items())
    return f"Default `{json.dumps(default)}`{', ' if differing else ''}{differing}."


def _shown(rule: Rule | StackRule, case: Mapping[str, Any] | Case | StackCase) -> str:
    if isinstance(case, StackCase):
        shown = ", ".join(f"{name} ({sample.type.rpartition(':')[2]})" for name, sample in case.resources.items())
        finding = f", finding at {case.at[0]}, `{case.at[1]}`" if case.at and case in rule.bad.values() else ""
        return f"{shown or 'an empty stack'}{finding}"
    case = case if isinstance(case, Case) else Case(case)
    kind = f" of `{case.type}`" if case.type and case.type != rule.types[0] else ""
    protected = ", protected" if case.protect else ""
    finding = f", finding at `{case.at}`" if case.at and case in rule.bad.values() else ""
    return f"`{json.dumps(case.props, default=_unknown)}`{kind}{protected}{finding}"


def _unknown(value: object) -> str:
    return "<unknown>" if value is UNKNOWN else str(value)


COVERAGE = """# Coverage of standards

<!-- Made by `python -m policies.docs` from the standards of the rules and `policies/coverage.yaml`. Edit those. -->

Which [rules](README.md) ask for what a standard asks for, and why none asks for the rest. A rule often asks for more.
"""
NAMES = {
    "CIS EKS": "CIS Amazon EKS Benchmark 1.8",
    "FSBP": "Security Hub, Foundational Security Best Practices",
    "PSS": "Kubernetes Pod Security Standards, by the checks of Pod Security admission",
    "Catalogue": "Catalogue of EKS platforms: what others check",
}
KEYS = ("by", "without")
SCANNERS = {"checkov": r"CKV2?_\w+", "trivy": r"KSV-\d+", "kubescape": r"C-\d{4}"}


def covered() -> dict[str, dict[str, tuple[list[str], str]]]:
    """Returns standard -> control -> the rules that name it, and the reason where none does."""
    found: dict[str, dict[str, tuple[list[str], str]]] = {}
    for standard, given in yaml.safe_load(CONTROLS.read_text(encoding="utf-8")).items():
        by, without = ({one: text for ids, text in given.get(key, {}).items() for one in ids.split()} for key in KEYS)
        found[standard] = {}
        for control in dict.fromkeys([*given["all"].split(), *by, *without]):
            named = [rule.id for rule in rules().values() if f"{standard} {control}" in rule.standards]
            same_name = [control] if control in rules() else []
            found[standard][control] = ([*named, *same_name, *by.get(control, "").split()], without.get(control, ""))
    return found


def coverage_page() -> str:
    """Returns the page about standards."""
    lines = [COVERAGE]
    for standard, controls in covered().items():
        asked = sum(1 for named, _ in controls.values() if named)
        lines += [f"## {NAMES[standard]}\n", f"Rules ask for {asked} of {len(controls)} controls.\n"]
        lines += ["| control | rules, or why none |\n| --- | --- |"]
        lines += [f"| {control} | {_links(named) or reason} |" for control, (named, reason) in controls.items()] + [""]
    lines += ["## Other scanners and guides\n", "| source | checks that a rule also makes |\n| --- | --- |"]
    named_by = [(standard, rule.id) for rule in rules().values() for standard in rule.standards]
    for scanner, form in SCANNERS.items():
        ids = sorted({f"{standard} ({_links([rule])})" for standard, rule in named_by if re.fullmatch(form, standard)})
        lines.append(f"| {scanner} | {', '.join(ids)} |")
    guides = sorted({rule for standard, rule in named_by if standard.startswith("EKS best practices")})
    return "\n".join([*lines, f"| EKS best practices | {_links(guides)} |", ""])


def _links(ids: Sequence[str]) -> str:
    return ", ".join(f"[{one}](README.md#{one})" for one in ids)


def main(arguments: Sequence[str]) -> int:
    """Writes the pages and the options. With --check, writes nothing and returns 1 when one is out of date."""
    parser = argparse.ArgumentParser(prog="python -m policies.docs", description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; fail when a file is out of date")
    check, status = parser.parse_args(arguments).check, 0
    for path, text in (
        (PAGE, page()),
        (PAGE.with_name("coverage.md"), coverage_page()),
        (OPTIONS, laid_out({"rules": known(rules())})),
    ):
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != text:
            print(f"{path.relative_to(path.parents[2])} is out of date. Run: python -m policies.docs", file=sys.stderr)
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

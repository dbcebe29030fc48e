"""A stack that breaks every rule once, judged in one run; its report is kept in golden/bad_stack.txt.

Write it anew after a change of rules: python -m tests.policies.test_policy_bad_stack
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from common.values import UNKNOWN, UNKNOWN_TEXT, Secret
from policies.check import Outcome, Page, judge
from policies.rule import PROVIDER, Case, Rule, StackRule
from policies.waivers import entry_for, load
from tests.policies.policy_harness import ALL, TODAY, kind_of

GOLDEN = Path(__file__).parent / "golden" / "bad_stack.txt"
STACK = "urn:pulumi:prod::ml-platform"
AWS = f"{STACK}::pulumi:providers:aws::ours"


def plain(value: Any) -> Any:
    """Returns a value as a state has it. A secret stands open: the report must not show it."""
    if isinstance(value, Secret):
        return plain(value.value)
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return UNKNOWN_TEXT if value is UNKNOWN else value


def first_bad(rule: Rule | StackRule) -> Case | Any:
    """Returns the first bad case that needs no configuration and is one of production."""
    usable = (case for case in rule.bad.values() if case.environment == "prod" and not case.options)
    return next(usable, next(iter(rule.bad.values())))


def resources(rules: Iterable[Rule | StackRule]) -> Iterator[dict[str, Any]]:
    """Yields the resources of the stack. Each rule has its own, so that none mends what another breaks."""
    yield {"urn": AWS, "type": "pulumi:providers:aws", "id": "0", "inputs": dict(PROVIDER)}
    for rule in rules:
        case = first_bad(rule)
        if isinstance(case, Case):
            kind = kind_of(rule, case) if isinstance(rule, Rule) else case.type
            yield state(kind, rule.id, case.props, protect=case.protect)
            continue
        names = {name: f"{STACK}::{sample.type}::{rule.id}.{name}" for name, sample in case.resources.items()}
        for name, sample in case.resources.items():
            links = {
                key: [names[each] for each in ((targets,) if isinstance(targets, str) else targets)]
                for key, targets in sample.links.items()
            }
            provider = names["ours"] if sample.provider and "ours" in names else ""
            made = state(sample.type, f"{rule.id}.{name}", sample.props, provider=provider)
            yield {**made, "propertyDependencies": links}


def state(
    kind: str, name: str, props: Mapping[str, Any], *, protect: bool = False, provider: str = ""
) -> dict[str, Any]:
    given = {"urn": f"{STACK}::{kind}::{name}", "type": kind, "inputs": plain(props), "protect": protect}
    return {**given, "outputs": given["inputs"], "provider": f"{provider or AWS}::0"}


ALONE = (
    "cost-spot-in-dev",
    "gpu-pod-schedulable",
    "obs-cluster-measured",
    "obs-nodes-and-gpus-measured",
    "rel-data-kept",
    "rel-replicas-pdb",
)
"""Rules of another environment, of the pack's configuration, or about what other rules' resources here have."""


def broken() -> list[Outcome]:
    """Returns the first finding of each rule."""
    together = judge(list(resources(rule for rule in ALL.values() if rule.id not in ALONE)), today=lambda: TODAY)
    for rule_id in ALONE:
        case = first_bad(ALL[rule_id])
        config = {rule_id: dict(case.options)} if case.options else {}
        profile = "" if case.environment == "prod" else case.environment
        given = [
            {**each, "urn": each["urn"].replace(":prod:", f":{case.environment}:")}
            for each in resources([ALL[rule_id]])
        ]
        together += judge(given, config, profile, today=lambda: TODAY)
    first: dict[str, Outcome] = {}
    for each in together:
        if each.status == "failed":
            first.setdefault(each.rule, each)
    return [first[rule_id] for rule_id in ALL if rule_id in first]


def test_a_bad_stack_breaks_every_rule() -> None:
    assert [rule_id for rule_id in ALL if rule_id not in {each.rule for each in broken()}] == []


def test_the_golden_report_shows_every_message() -> None:
    written = GOLDEN.read_text(encoding="utf-8")
    assert f"{Page(broken(), TODAY).text()}\n" == written, "python -m tests.policies.test_policy_bad_stack"


def test_the_waiver_of_each_message_takes_an_owner_and_a_reason_and_covers_the_finding(tmp_path: Path) -> None:
    found, file = broken(), tmp_path / "waivers.yaml"
    entries = "\n".join(entry_for(each.rule, each.urn, TODAY) for each in found)
    file.write_text(entries.replace("<yours>", "platform").replace("<why>", "until it is mended"), encoding="utf-8")
    waivers = load(file, ALL, TODAY)
    assert [
        each.rule for each, waiver in zip(found, waivers, strict=True) if not waiver.covers(each.rule, each.urn)
    ] == []


if __name__ == "__main__":
    GOLDEN.parent.mkdir(exist_ok=True)
    GOLDEN.write_text(f"{Page(broken(), TODAY).text()}\n", encoding="utf-8")

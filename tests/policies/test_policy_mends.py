"""The fix of a finding, applied to the bad case, makes the rule pass."""

import importlib
import inspect
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from components.core.addon_spec import every_add_on
from policies.evaluate import Finding
from policies.registry import modules
from policies.rule import Case, Rule, Sample, StackCase, StackRule
from settings.stack.schema import stack_file_schema
from tests.policies.mending import edited, filled
from tests.policies.mends import EXAMPLES, Anew, Edits, OneOf
from tests.policies.policy_harness import ALL, RESOURCE_RULES, STACK_RULES, findings, kind_of

MOST_EDITS = 20
BAD = [pytest.param(r, c, id=f"{r.id}: {n}") for r in ALL.values() for n, c in r.bad.items()]


SCHEMA = stack_file_schema(every_add_on())
KEYS = {key.removeprefix("ml-platform:"): value for key, value in SCHEMA["properties"]["config"]["properties"].items()}
IN_A_CLUSTER = {"pools": "clusters.<name>.pools"}
"""What the texts shorten: the list -> its path in the stack file."""
PATHS = {
    (rule.id, word.rstrip(".,:;"))
    for rule in ALL.values()
    for word in re.findall(r"[\w.\[\]<>:-]+", f"{rule.fix} {' '.join(rule.stack_file)}")
    if re.match(rf"({'|'.join([*KEYS, *IN_A_CLUSTER])})(\[\])?\.\w", word) or word.rstrip(".") in rule.stack_file
}


def parts_at(path: str) -> list[dict[str, Any]]:
    """Returns the schemas of what may stand at a path of the stack file; none where there is no such path."""
    first, *rest = re.findall(r"\[\]|[^.\[\]]+", re.sub(r"^\w+", lambda name: IN_A_CLUSTER.get(name[0], name[0]), path))
    schemas = [KEYS[first]] if first in KEYS else []
    for step in rest:
        below = [each.get("items") if step == "[]" else child(each, step) for each in opened(schemas)]
        schemas = [each for each in below if each]
    return schemas


def opened(schemas: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yields the schemas with what they refer to, and each of several that may be."""
    for each in schemas:
        yield each
        name = each.get("$ref", "").rpartition("/")[2]
        yield from opened([*([SCHEMA["$defs"][name]] if name else []), *each.get("anyOf", ()), *each.get("oneOf", ())])


def child(schema: Mapping[str, Any], key: str) -> Any:
    of_any_key = schema.get("additionalProperties")
    return schema.get("properties", {}).get(key) or (of_any_key if isinstance(of_any_key, dict) else None)


def sample_of(finding: Finding) -> str:
    return finding.urn.rpartition("::")[2]


def values_for(rule: Rule | StackRule, path: str) -> tuple[Any, ...]:
    """Returns what may stand at the path of a finding: what the rule says, or an example."""
    examples = EXAMPLES.get(rule.id, {})
    if edit := rule.mend_at(path) or replace(rule, mend=examples).mend_at(path):
        value = Edits(edit) if len(edit) > 1 else edit[path]
        return value if isinstance(value, OneOf) else (value,)
    return (examples["*"],) if "*" in examples else ()


def with_edit(case: Case | StackCase, finding: Finding, value: Any) -> Case | StackCase:
    changes: Mapping[str, Any] = value.values if isinstance(value, Edits) else {finding.path: value}
    for path, each in changes.items():
        if isinstance(each, Anew):
            case = edited(case, sample_of(finding), path, None)
        case = edited(case, sample_of(finding), path, each.value if isinstance(each, Anew) else each)
    return case


def steps(rule: Rule | StackRule, case: Case | StackCase) -> Iterator[Case | StackCase]:
    """Yields the case, then it after each edit of a finding that has one, with the value that leaves fewest."""
    for _ in range(MOST_EDITS):
        yield case
        found = findings(rule, case)
        edits = ((each, value) for each in found for value in values_for(rule, each.path))
        tried = [(findings(rule, after), after) for after in (with_edit(case, *edit) for edit in edits)]
        changed = [each for each in tried if each[0] != found]
        if not changed:
            return
        _, case = min(changed, key=lambda each: len(each[0]))


def mended(rule: Rule | StackRule, case: Case | StackCase) -> Case | StackCase:
    *_, last = steps(rule, case)
    return last


def passes_with_others(rule: StackRule, case: StackCase) -> bool:
    """Tells whether the rule passes where other resources are as in a good case, or where the resource is gone."""
    names = {sample_of(each) for each in findings(rule, case)}
    kept = {name: sample for name, sample in case.resources.items() if name in names}
    others = {name: sample for name, sample in case.resources.items() if name not in names}
    goods = [good.resources for good in rule.good.values()]
    stacks = [others, *({**mine, **good, **kept} for good in goods for mine in ({}, others))]
    return any(not findings(rule, replace(case, resources=linked(each))) for each in stacks)


def linked(resources: Mapping[str, Sample]) -> dict[str, Sample]:
    """Returns the resources without their links to what is not there."""
    return {
        name: replace(
            sample,
            links={
                key: to
                for key, to in sample.links.items()
                if {to} <= {*resources} or (isinstance(to, tuple) and {*to} <= {*resources})
            },
        )
        for name, sample in resources.items()
    }


@pytest.mark.parametrize(("rule", "case"), BAD)
def test_the_fix_of_each_finding_makes_the_rule_pass(rule: Rule | StackRule, case: Case | StackCase) -> None:
    after = mended(rule, case)
    left = [(sample_of(each), each.path, each.message) for each in findings(rule, after)]
    if left and rule.no_mend:
        assert not any(rule.mend_at(path) for _, path, _ in left), "the edit that the message shows changes nothing"
        assert isinstance(rule, Rule) or (isinstance(after, StackCase) and passes_with_others(rule, after)), left
    else:
        assert left == [], "a fix that does not fix sends its reader round in circles"


@pytest.mark.parametrize(("rule_id", "path"), sorted(PATHS))
def test_each_path_of_the_stack_file_that_a_fix_names_is_a_setting(rule_id: str, path: str) -> None:
    assert parts_at(path), f"{rule_id} sends its reader to {path}, which the stack file does not have"


@pytest.mark.parametrize("rule", [each for each in ALL.values() if each.stack_file], ids=lambda rule: rule.id)
def test_the_stack_file_takes_the_values_of_its_edits(rule: Rule | StackRule) -> None:
    for path, value in rule.stack_file.items():
        if value is None:  # nothing stands there
            assert parts_at(path)
            continue
        of_path = {"anyOf": parts_at(path), "$defs": SCHEMA["$defs"]}
        jsonschema.validate(filled(value), of_path)
        assert not jsonschema.Draft202012Validator(of_path).is_valid({"nonsense": 1}), "the schema takes anything"


def keys_of(schema: Any) -> Iterator[str]:
    """Yields the names of all settings, whatever they are in."""
    if isinstance(schema, dict):
        of_object = schema.get("properties")
        yield from (key.removeprefix("ml-platform:") for key in (of_object if isinstance(of_object, dict) else ()))
    below = schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ()
    yield from (key for each in below for key in keys_of(each))


SETTINGS = {*keys_of(SCHEMA)}
INPUTS = (Path(__file__).parents[2] / "simulator" / "aws" / "inputs.json").read_text(encoding="utf-8")
INPUT_OF_PULUMI_EKS = "encryption_config_key_arn"


@pytest.mark.parametrize("rule", ALL.values(), ids=ALL.keys())
def test_each_name_in_a_fix_is_a_setting_or_an_input_of_a_resource(rule: Rule | StackRule) -> None:
    source = inspect.getsource(importlib.import_module(modules()[rule.id])).replace(rule.fix, "")
    for word in re.findall(r"(?<![\w/])[a-z0-9]+(?:_[a-z0-9]+)+(?![\w/(.])", rule.fix):
        first, *rest = word.split("_")
        camel = f"{first}{''.join(map(str.title, rest))}"
        known = word in SETTINGS or word == INPUT_OF_PULUMI_EKS or f'"{camel}"' in INPUTS or camel in source
        assert known, f"{rule.id} sends its reader to {word}, which is no setting and no input"


@pytest.mark.parametrize("rule", ALL.values(), ids=ALL.keys())
def test_a_fix_names_an_option_by_its_place_in_the_stack_file(rule: Rule | StackRule) -> None:
    assert not re.search(r"\boptions?\b|pack's configuration|rule's list", rule.fix), "write policies.<rule>.<option>"


def test_the_paths_of_fixes_are_found() -> None:
    assert ("net-policy-not-open", "teams[].network.open") in PATHS
    assert ("cost-max-gpus", "policies.cost-max-gpus.gpus") in PATHS
    assert ("img-trusted-registry", "images.cache") in PATHS
    assert not parts_at("policies.cost-max-gpus.gpu")
    assert not parts_at("clusters.<name>.endpoint.publik")


@pytest.mark.parametrize("rule", ALL.values(), ids=ALL.keys())
def test_each_edit_and_each_reason_for_none_is_about_a_finding(rule: Rule | StackRule) -> None:
    cases = [case for name in rule.bad for case in steps(rule, rule.bad[name])]
    paths = {each.path for case in cases for each in findings(rule, case)}
    for end in rule.mend:
        assert any(replace(rule, mend={end: 0}).mend_at(path) for path in paths), f"no case is mended by {end}"
    examples = {end: value for end, value in EXAMPLES.get(rule.id, {}).items() if end != "*"}
    for end in examples:
        asked = [path for path in paths if not rule.mend_at(path)]
        assert any(replace(rule, mend={end: 0}).mend_at(path) for path in asked), f"no case needs the example of {end}"
    unmended = [case for case in rule.bad.values() if findings(rule, mended(rule, case))]
    assert bool(unmended) == bool(rule.no_mend), "no_mend says why no edit mends a case, where there is one"


COMES_WITH_IT = {
    ("eks-control-plane-logs", "eks-log-group-owned"): "logs have a group, another resource, which this rule names",
    ("eks-control-plane-logs", "log-audit-alarmed"): "an alarm is another resource, and needs somebody to tell",
}
"""Rules that have something to say only after the mend of another rule, about a resource that is missing."""


def alone(sample: Sample, case: StackCase) -> Case:
    return Case(sample.props, sample.type, environment=case.environment)


def broken(case: Case | StackCase) -> set[str]:
    """Returns all rules that find something in a case."""
    singles = [case] if isinstance(case, Case) else [alone(each, case) for each in case.resources.values()]
    single = Sample(case.type, case.props) if isinstance(case, Case) else None
    stack = StackCase({"it": single}, environment=case.environment) if single else replace(case, options={})
    asked = [(rule, replace(each, options={})) for each in singles for rule in RESOURCE_RULES if rule.covers(each.type)]
    found = [each for rule, given in asked for each in findings(rule, given)]
    found += [each for rule in STACK_RULES for each in findings(rule, stack)]
    return {each.rule for each in found if each.kind == "violation"}


def with_mends(rule: Rule | StackRule, case: Case | StackCase) -> Case | StackCase:
    """Returns the case after the edits that the messages show, one after the other."""
    for _ in range(MOST_EDITS):
        edits = [(each, rule.mend_at(each.path)) for each in findings(rule, case)]
        afters = (with_edit(case, each, Edits(edit)) for each, edit in edits if edit)
        case, before = next((after for after in afters if after != case), case), case
        if case == before:
            break
    return case


@pytest.mark.parametrize(("rule", "case"), BAD)
def test_the_edit_that_a_message_shows_breaks_no_other_rule(rule: Rule | StackRule, case: Case | StackCase) -> None:
    given = replace(case, type=kind_of(rule, case)) if isinstance(rule, Rule) and isinstance(case, Case) else case
    after = with_mends(rule, given)
    new = broken(after) - broken(given) if after != given else set()
    assert {each for each in new if (rule.id, each) not in COMES_WITH_IT} == set(), "the reader has the next message"

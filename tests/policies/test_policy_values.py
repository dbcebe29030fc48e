"""What rules make of values that are unknown, secret, or of a type they do not expect."""

import copy
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.values import UNKNOWN, Secret
from common.wire import from_struct, to_struct
from policies.analyzer import CRASHED, DEFERRED
from policies.rule import Case, Rule, StackRule
from policies.views import (
    NotKnownError,
    Reads,
    Resource,
    Setting,
    WrongTypeError,
    at,
    at_if_known,
    each,
    every,
    flag,
    keys,
    number,
    present,
    text,
    texts,
)
from tests.policies.policy_harness import (
    RESOURCE_RULES,
    STACK_RULES,
    TODAY,
    ask,
    ask_stack,
    good_cases,
    kind_of,
    pack,
    request,
    stack_request,
    urn,
)

Key = str | int


def leaves(value: Any, path: tuple[Key, ...] = ()) -> Iterator[tuple[Key, ...]]:
    """The places of a property map that hold a plain value."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from leaves(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from leaves(item, (*path, index))
    else:
        yield path


def replaced(props: Mapping[str, Any], path: tuple[Key, ...], change: Any) -> dict[str, Any]:
    """`props` with the value at `path` put through `change`."""
    result = copy.deepcopy(dict(props))
    spot: Any = result
    for key in path[:-1]:
        spot = spot[key]
    spot[path[-1]] = change(spot[path[-1]])
    return result


def view(**props: Any) -> Resource:
    kind = "aws:ec2/vpc:Vpc"
    return Resource(
        urn=urn(kind),
        kind=kind,
        read=lambda: from_struct(to_struct(props)),
        setting=Setting("prod", TODAY),
        reads=Reads(),
    )


# The accessors


def test_absent_takes_the_default_and_unknown_does_not() -> None:
    resource = view(a={"b": 1}, later=UNKNOWN, nothing=None)
    assert at(resource, "a.c", default="AWS's own") == "AWS's own"
    assert at(resource, "nothing.c", default=7) == 7, "null is how Pulumi says that nothing was said"
    with pytest.raises(NotKnownError, match="later is not known yet"):
        at(resource, "later", default="safe")
    with pytest.raises(NotKnownError, match="later is not known yet"):
        at(resource, "later.c", default="safe")


def test_what_seldom_concerns_a_rule_may_be_read_only_if_it_is_known() -> None:
    resource = view(now="x", later=UNKNOWN, part={"a": 1, "b": UNKNOWN})
    assert [at_if_known(resource, path) for path in ("now", "later", "later.c", "part", "part.a")] == [
        *("x", None, None, None, 1)
    ]


def test_the_keys_of_a_map_are_known_before_its_values_are() -> None:
    resource = view(labels={"a": "1", "b": UNKNOWN}, later=UNKNOWN, hidden=Secret({"c": "1"}), text="x")
    assert keys(resource, "labels") == ["a", "b"]
    assert keys(resource, "hidden") == ["c"]
    assert keys(resource, "absent") == []
    with pytest.raises(NotKnownError):
        keys(resource, "later")
    with pytest.raises(WrongTypeError):
        keys(resource, "text")


def test_an_unknown_value_counts_as_present_and_an_empty_one_does_not() -> None:
    resource = view(key=UNKNOWN, empty="", none=[], some="x")
    assert [present(resource, key) for key in ("key", "empty", "none", "absent", "some")] == [
        True,
        False,
        False,
        False,
        True,
    ], "a key made in the same stack is a key"


def test_a_list_with_one_unknown_item_is_not_known_as_a_whole_but_its_other_items_are() -> None:
    resource = view(disks=[{"size": 1}, UNKNOWN, {"size": 3}])
    with pytest.raises(NotKnownError, match=r"disks\[1\] is not known yet"):
        at(resource, "disks")
    assert at(resource, "disks[2].size") == 3

    seen: list[Any] = []
    with pytest.raises(NotKnownError, match=r"disks\[1\]"):
        seen.extend(every(resource, "disks", lambda disk: [at(disk, "size")]))
    assert seen == [1, 3], "the bad disk behind an unknown one must still be found"


def test_whole_numbers_are_whole_although_the_wire_knows_only_floats() -> None:
    assert repr(at(view(port=22), "port")) == "22", 'a message about port "22.0" looks like a bug'
    assert at(view(share=0.5), "share") == 0.5


@pytest.mark.parametrize(
    ("written", "meant"), [(True, True), ("true", True), ("True", True), (False, False), ("false", False)]
)
def test_a_flag_kept_as_text_means_what_it_says(written: object, meant: bool) -> None:
    assert flag(view(encrypted=written), "encrypted", default=not meant) is meant, '"false" is a true text in Python'


def test_a_value_of_another_type_is_named_with_its_place() -> None:
    resource = view(a="text", n={"x": 1}, l=[1])
    for wrong in (
        lambda: at(resource, "a.b"),
        lambda: flag(resource, "n"),
        lambda: texts(resource, "l"),
        lambda: text(resource, "l"),
        lambda: number(resource, "a"),
        lambda: number(resource, "n"),
        lambda: list(each(resource, "a")),
        lambda: at(resource, "n[0]"),
    ):
        with pytest.raises(WrongTypeError):
            wrong()


def test_a_key_with_dots_is_given_as_a_tuple() -> None:
    resource = view(labels={"karpenter.sh/discovery": "main", "later.io/x": UNKNOWN})
    assert text(resource, ("labels", "karpenter.sh/discovery")) == "main"
    with pytest.raises(NotKnownError, match=r'labels\["later.io/x"\] is not known yet'):
        at(resource, ("labels", "later.io/x"))


# The rules


@pytest.mark.parametrize("rule", RESOURCE_RULES, ids=lambda rule: rule.id)
def test_an_unknown_value_is_passed_deferred_or_refused_as_the_rule_says(rule: Rule) -> None:
    for name, case in (*good_cases(rule), *rule.bad.items()):
        for path in leaves(case.props):
            found = ask(rule, replace(case, props=replaced(case.props, path, lambda _: UNKNOWN)))
            kinds = {d.policyName for d in found}
            assert CRASHED.id not in kinds, f"{name}: {path} unknown breaks the rule: {[d.message for d in found]}"
            assert DEFERRED.id not in kinds or rule.on_unknown == "defer", f"{name}: {path} was deferred"


@pytest.mark.parametrize(("on_unknown", "expected"), [("pass", []), ("defer", [DEFERRED.id]), ("fail", ["probe"])])
def test_what_an_unknown_value_means_is_the_rules_choice(on_unknown: Any, expected: list[str]) -> None:
    rule = probe(lambda resource: [("region", "is wrong")] if at(resource, "region") else [], on_unknown=on_unknown)
    found = ask(rule, Case({"region": UNKNOWN}))
    assert [d.policyName for d in found] == expected
    assert all("region" in d.message for d in found), "the reader has to know what is waited for"


@pytest.mark.parametrize("rule", RESOURCE_RULES, ids=lambda rule: rule.id)
def test_a_secret_is_judged_like_any_value_and_never_shown(rule: Rule) -> None:
    for name, case in rule.bad.items():
        for path in leaves(case.props):
            found = ask(rule, replace(case, props=replaced(case.props, path, Secret)))
            assert rule.id in {d.policyName for d in found}, f"{name}: what is wrong at {path} hides behind a secret"


def test_a_finding_that_read_a_secret_repeats_nothing_of_it() -> None:
    rule = probe(lambda resource: [("password", f"is {at(resource, 'password')}")])
    for hidden in (Secret("hunter2"), [Secret("hunter2")], {"deep": [{"er": Secret("hunter2")}]}):
        shown = str(ask(rule, Case({"password": hidden})))
        assert "hunter2" not in shown, "a preview is printed in a pull request"
        assert "password" in shown, "the place may be shown, and has to be"


@pytest.mark.parametrize("rule", RESOURCE_RULES, ids=lambda rule: rule.id)
@pytest.mark.parametrize("odd", [{}, {"a": 1}, [], [None], [[]], 0, -1.5, "", "odd", True, None], ids=repr)
def test_a_value_of_any_type_anywhere_breaks_no_rule(rule: Rule, odd: object) -> None:
    for _, case in (*good_cases(rule), *rule.bad.items()):
        for path in {leaf[:length] for leaf in leaves(case.props) for length in range(1, len(leaf) + 1)}:
            found = ask(rule, replace(case, props=replaced(case.props, path, lambda _: odd)))
            assert CRASHED.id not in {d.policyName for d in found}, f"{path} = {odd!r}: {[d.message for d in found]}"


NAMES = sorted(
    {
        key
        for rule in RESOURCE_RULES
        for c in rule.bad.values()
        for path in leaves(c.props)
        for key in path
        if isinstance(key, str)
    }
)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 2**40)
    | st.text(max_size=4)
    | st.sampled_from([UNKNOWN, "*", "0.0.0.0/0", "{"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4) | inner.map(Secret)
    ),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None)
@given(props=st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=6))
def test_no_property_map_breaks_any_rule(props: dict[str, Any]) -> None:
    for rule in RESOURCE_RULES:
        for kind in rule.types[:4]:
            crashed = [
                d.message for d in ask(rule, Case(props, type=kind.replace("*", "x:X"))) if d.policyName == CRASHED.id
            ]
            assert crashed == []


@settings(max_examples=30, deadline=None)
@given(props=st.dictionaries(st.sampled_from(["id", *NAMES]), VALUES, max_size=6))
def test_no_property_map_breaks_any_stack_rule(props: dict[str, Any]) -> None:
    for rule in STACK_RULES:
        case = next(iter(rule.bad.values()))
        changed = {name: replace(it, props={**it.props, **props}) for name, it in case.resources.items()}
        crashed = [d.message for d in ask_stack(rule, replace(case, resources=changed)) if d.policyName == CRASHED.id]
        assert crashed == []


def _is_more_than_ids(value: Any) -> bool:
    """Whether a property says more than which resources it names, as the rules of a backup plan do."""
    return isinstance(value, list) and any(isinstance(item, dict) for item in value)


@pytest.mark.parametrize("rule", STACK_RULES, ids=lambda rule: rule.id)
def test_relations_hold_when_ids_are_known_and_nothing_else_is(rule: StackRule) -> None:
    """An imported stack has ids and no record of dependencies: the relation is then read off the ids."""
    for name, case in rule.good.items():
        samples = {}
        for key, sample in case.resources.items():
            ids = {
                prop: f"id-{targets}" if isinstance(targets, str) else [f"id-{target}" for target in targets]
                for prop, targets in sample.links.items()
                if not _is_more_than_ids(sample.props.get(prop))
            }
            samples[key] = replace(sample, props={"id": f"id-{key}", **sample.props, **ids}, links={})
        assert [d.message for d in ask_stack(rule, replace(case, resources=samples))] == [], name


# The frame


def probe(check: Any, **record: Any) -> Rule:
    return Rule(
        id="probe",
        applies_to="aws:ec2/vpc:Vpc",
        severity="low",
        why="Why.",
        fix="Fix.",
        check=check,
        good={},
        bad={},
        **record,
    )


def broken(resource: Resource) -> Iterator[tuple[str, str]]:
    yield "before", "is wrong"
    raise KeyError(at(resource, "password"))


@pytest.mark.parametrize("check", [broken, lambda resource: 1 / 0, lambda resource: None, lambda resource: [("one",)]])
def test_a_rule_that_breaks_is_a_mandatory_finding_that_names_it(check: Any) -> None:
    found = ask(probe(check, dev="advisory", prod="advisory"), Case({"password": "hunter2"}))
    crash = found[-1]
    assert crash.policyName == CRASHED.id
    assert crash.enforcementLevel == 1, "what could not be decided may not pass, however light the rule"
    assert "probe" in crash.message
    assert urn("aws:ec2/vpc:Vpc") in crash.message
    assert "Error" in crash.message, "the kind of error is what the rule's author needs"
    assert "hunter2" not in str(found), "the text of an error may hold any value"


def test_a_rule_that_breaks_leaves_the_others_running() -> None:
    rule = RESOURCE_RULES[0]
    from policies.analyzer import Analyzer

    two = Analyzer({"probe": replace(probe(broken), applies_to=rule.types[0]), rule.id: rule}, today=lambda: TODAY)
    case = next(case for case in rule.bad.values() if kind_of(rule, case) == rule.types[0])
    assert rule.id in {d.policyName for d in two.Analyze(request(rule, case), None).diagnostics}


def test_a_stack_rule_that_breaks_is_found_as_well() -> None:
    def check(stack: object) -> Iterator[Any]:
        raise RuntimeError

    rule = replace(STACK_RULES[0], check=check)
    found = pack(rule).AnalyzeStack(stack_request({}), None).diagnostics
    assert [d.policyName for d in found] == [CRASHED.id]

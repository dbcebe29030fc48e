"""How rules handle values that are unknown, secret, or of an unexpected type."""

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
from policies.evaluate import evaluate_rule, evaluate_stack_rule
from policies.rule import Case, Rule, Sample, StackCase, StackRule
from policies.views import (
    EvaluationContext,
    NotKnownError,
    Reads,
    Resource,
    Stack,
    WrongTypeError,
    at,
    at_if_known,
    each,
    flag,
    keys,
    number,
    present,
    text,
    texts,
)
from tests.policies.policy_harness import (
    ALL,
    RESOURCE_RULES,
    STACK_RULES,
    TODAY,
    check_resource,
    check_stack,
    findings,
    good_cases,
    kind_of,
    pack,
    request,
    stack_request,
    urn,
)

Key = str | int


def leaves(value: Any, path: tuple[Key, ...] = ()) -> Iterator[tuple[Key, ...]]:
    """Yields the paths of the plain values in a property map."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from leaves(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from leaves(item, (*path, index))
    else:
        yield path


def containers(value: Any, path: tuple[Key, ...] = ()) -> Iterator[tuple[Key, ...]]:
    """Yields the paths of the maps and lists in a property map."""
    items = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        if isinstance(item, Mapping | list):
            yield (*path, key)
            yield from containers(item, (*path, key))


def replaced(props: Mapping[str, Any], path: tuple[Key, ...], change: Any) -> dict[str, Any]:
    """Returns `props` with the value at `path` changed by `change`."""
    result = copy.deepcopy(dict(props))
    container: Any = result
    for key in path[:-1]:
        container = container[key]
    container[path[-1]] = change(container[path[-1]])
    return result


def view(**props: Any) -> Resource:
    kind = "aws:ec2/vpc:Vpc"
    return Resource(
        urn=urn(kind),
        kind=kind,
        read=lambda: from_struct(to_struct(props)),
        context=EvaluationContext("prod", TODAY),
        reads=Reads(),
    )


# The accessors


def test_the_default_replaces_an_absent_value_and_not_an_unknown_one() -> None:
    resource = view(a={"b": 1}, later=UNKNOWN, nothing=None)
    assert at(resource, "a.c", default="AWS's own") == "AWS's own"
    assert at(resource, "nothing.c", default=7) == 7, "Pulumi sends null for a value that is not set"
    with pytest.raises(NotKnownError, match="later is not known yet"):
        at(resource, "later", default="safe")
    with pytest.raises(NotKnownError, match="later is not known yet"):
        at(resource, "later.c", default="safe")


def test_a_rule_can_skip_an_unknown_value() -> None:
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
    ], "a key of the same stack is set, although its ARN is unknown"


def test_a_list_with_one_unknown_item_is_unknown_as_a_whole_but_its_other_items_are_known() -> None:
    resource = view(disks=[{"size": 1}, UNKNOWN, {"size": 3}])
    with pytest.raises(NotKnownError, match=r"disks\[1\] is not known yet"):
        at(resource, "disks")
    assert at(resource, "disks[2].size") == 3

    def sizes(one: Resource) -> Iterator[tuple[str, str]]:
        return ((disk.path, str(at(disk, "size"))) for disk in each(one, "disks") if present(disk, "size"))

    rule = replace(RESOURCE_RULES[0], check=sizes, on_unknown="defer", severity="high")
    told = [(finding.kind, finding.path) for finding in evaluate_rule(rule, resource, {})]
    assert told == [("violation", "disks[0]"), ("violation", "disks[2]"), ("deferred", "disks[1]")], (
        "a bad disk after an unknown one must still be found"
    )


@pytest.mark.parametrize(
    ("on_unknown", "severity", "environment", "kinds"),
    [
        ("fail", "low", "dev", ["violation"]),
        ("defer", "critical", "prod", ["violation"]),
        ("defer", "critical", "dev", ["deferred"]),
        ("defer", "high", "prod", ["deferred"]),
        ("pass", "critical", "prod", []),
    ],
)
def test_an_undecided_critical_rule_stops_production_and_waits_elsewhere(
    on_unknown: Any, severity: Any, environment: Any, kinds: list[str]
) -> None:
    resource = view(later=UNKNOWN)
    resource.context = EvaluationContext(environment, TODAY)
    rule = replace(RESOURCE_RULES[0], on_unknown=on_unknown, severity=severity)
    rule = replace(rule, check=lambda one: [("later", text(one, "later"))])
    assert [each.kind for each in evaluate_rule(rule, resource, {})] == kinds


def test_what_is_found_at_an_unknown_value_of_one_resource_is_said_of_another() -> None:
    first, second = view(a={"b": UNKNOWN, "c": 1}), view(a={"b": 0})
    second.urn = urn(second.type, "second")

    def check(stack: Stack) -> Iterator[tuple[Resource, str, str]]:
        for one in stack.resources:
            yield from ((one, path, f"is {at(one, 'a.b')}") for path in ("a.b", "a.b.x", "a.b[0]", "a.c"))

    rule = replace(STACK_RULES[0], check=check, on_unknown="pass")
    found = evaluate_stack_rule(rule, Stack("", first.context, [first, second]), {})
    said = [(each.urn == first.urn, each.path) for each in found]
    assert said == [(True, "a.c"), *((False, path) for path in ("a.b", "a.b.x", "a.b[0]", "a.c"))]


def test_many_unknown_values_hide_nothing_and_each_is_told_where_it_is_met() -> None:
    runs = []

    def each_one(one: Resource) -> Iterator[tuple[str, str]]:
        runs.append(one)
        return ((disk.path, "is wrong") for disk in each(one, "disks") if flag(disk, "wrong"))

    def each_of(stack: Stack) -> Iterator[tuple[Resource, str, str]]:
        return ((one, *found) for one in stack.resources for found in each_one(one))

    many = [view(disks=[{"wrong": UNKNOWN}] * 60) for _ in range(60)]
    many[-1] = view(disks=[*[{"wrong": UNKNOWN}] * 60, {"wrong": True}])
    rule = replace(RESOURCE_RULES[0], check=each_one, on_unknown="defer", severity="high")
    kinds = [(found.kind, found.path) for found in evaluate_rule(rule, many[-1], {})]
    assert kinds == [("violation", "disks[60]"), *(("deferred", f"disks[{index}].wrong") for index in range(60))]
    runs.clear()
    for one in many:
        one.reads = many[0].reads
    stack_rule = replace(STACK_RULES[0], check=each_of, on_unknown="defer", severity="high")
    found = evaluate_stack_rule(stack_rule, Stack("", many[0].context, many), {})
    assert [each.kind for each in found] == ["violation", *["deferred"] * 3600]
    assert len(runs) <= 2 * 60, "a check that starts again for each value takes hours for a large stack"


def test_a_value_of_a_wrong_type_hides_nothing_beside_it() -> None:
    def each_one(one: Resource) -> Iterator[tuple[str, str]]:
        return ((disk.path, "is wrong") for disk in each(one, "disks") if flag(disk, "wrong"))

    rule = replace(RESOURCE_RULES[0], check=each_one, severity="high")
    disks = [{"wrong": "maybe"}, "disk", {"wrong": 5}, {"wrong": True}]
    found = evaluate_rule(rule, view(disks=disks), {})
    assert [each.path for each in found] == ["disks[3]", "disks[0].wrong", "disks[1]", "disks[2].wrong"]
    assert evaluate_rule(rule, view(disks="x"), {})[0].message == "is a string, but must be a list"


def test_many_values_of_a_wrong_type_are_each_told_and_stop_a_check_once_for_each_path() -> None:
    runs = []

    def each_one(one: Resource) -> Iterator[tuple[str, str]]:
        runs.append(one)
        for item in each(one, "items"):
            number(item, "a"), text(item, "b"), flag(item, "c"), texts(item, "d"), keys(item, "e"), at(item, "f.g")
            list(each(item, "h"))
        return iter(())

    wrong = {"a": "x", "b": [], "c": 5, "d": 5, "e": 5, "f": 5, "h": 5}
    rule = replace(RESOURCE_RULES[0], check=each_one)
    found = evaluate_rule(rule, view(items=[wrong] * 50), {})
    assert {each.path for each in found} == {f"items[{index}].{key}" for index in range(50) for key in wrong}
    assert {each.kind for each in found} == {"violation"}
    assert len(found) == 50 * len(wrong)
    assert len(runs) == len(wrong) + 1


def test_a_rule_that_stops_again_at_what_was_left_out_ends() -> None:
    def stubborn(one: Resource) -> Iterator[tuple[str, str]]:
        raise WrongTypeError(one, "a", "a map", 5)

    rule = replace(RESOURCE_RULES[0], check=stubborn)
    assert {(each.path, each.message) for each in evaluate_rule(rule, view(), {})} == {
        ("a", "is a number, but must be a map")
    }


def test_whole_numbers_stay_whole_although_the_protocol_has_only_floats() -> None:
    assert repr(at(view(port=22), "port")) == "22", 'a message about port "22.0" looks like a bug'
    assert at(view(share=0.5), "share") == 0.5


@pytest.mark.parametrize(
    ("value", "expected"), [(True, True), ("true", True), ("True", True), (False, False), ("false", False)]
)
def test_a_flag_may_be_a_string(value: object, expected: bool) -> None:
    assert flag(view(encrypted=value), "encrypted", default=not expected) is expected, '"false" is true in Python'


def test_a_value_of_the_wrong_type_is_an_error() -> None:
    resource = view(a="text", n={"x": 1}, l=[1])
    for read in (
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
            read()


def test_a_key_with_dots_is_given_as_a_tuple() -> None:
    resource = view(labels={"karpenter.sh/discovery": "main", "later.io/x": UNKNOWN})
    assert text(resource, ("labels", "karpenter.sh/discovery")) == "main"
    with pytest.raises(NotKnownError, match=r'labels\["later.io/x"\] is not known yet'):
        at(resource, ("labels", "later.io/x"))


# The rules


@pytest.mark.parametrize("rule", RESOURCE_RULES, ids=lambda rule: rule.id)
def test_an_unknown_value_passes_waits_or_fails_as_the_rule_sets(rule: Rule) -> None:
    for name, case in (*good_cases(rule), *rule.bad.items()):
        for path in (*leaves(case.props), *containers(case.props)):
            diagnostics = check_resource(rule, replace(case, props=replaced(case.props, path, lambda _: UNKNOWN)))
            names = {d.policyName for d in diagnostics}
            messages = [d.message for d in diagnostics]
            assert CRASHED.id not in names, f"{name}: an unknown {path} crashes the rule: {messages}"
            assert DEFERRED.id not in names or rule.on_unknown == "defer", f"{name}: {path} was deferred"


@pytest.mark.parametrize("rule", STACK_RULES, ids=lambda rule: rule.id)
def test_an_unknown_map_or_list_crashes_no_rule_about_a_stack(rule: StackRule) -> None:
    for case in (*rule.good.values(), *rule.bad.values()):
        for name, sample in case.resources.items():
            for path in containers(sample.props):
                one = replace(sample, props=replaced(sample.props, path, lambda _: UNKNOWN))
                told = check_stack(rule, replace(case, resources={**case.resources, name: one}))
                assert [d.message for d in told if d.policyName == CRASHED.id] == [], f"{name}: {path}"


def test_unknown_rules_of_a_security_group_wait_for_the_update() -> None:
    for rule_id, kind in (
        ("net-sg-sources-known", "aws:ec2/securityGroup:SecurityGroup"),
        ("net-sg-sources-known", "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"),
        ("net-default-sg-closed", "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"),
    ):
        told = findings(ALL[rule_id], StackCase({"group": Sample(kind, {"ingress": UNKNOWN})}))
        assert [(each.kind, each.path) for each in told] == [("deferred", "ingress")], rule_id


@pytest.mark.parametrize(("on_unknown", "expected"), [("pass", []), ("defer", [DEFERRED.id]), ("fail", ["probe"])])
def test_on_unknown_decides_what_an_unknown_value_means(on_unknown: Any, expected: list[str]) -> None:
    rule = probe(lambda resource: [("region", "is wrong")] if at(resource, "region") else [], on_unknown=on_unknown)
    diagnostics = check_resource(rule, Case({"region": UNKNOWN}))
    assert [d.policyName for d in diagnostics] == expected
    assert all("region" in d.message for d in diagnostics), "the reader must see which value is unknown"


@pytest.mark.parametrize("rule", RESOURCE_RULES, ids=lambda rule: rule.id)
def test_a_secret_is_checked_like_any_value(rule: Rule) -> None:
    for name, case in rule.bad.items():
        for path in leaves(case.props):
            diagnostics = check_resource(rule, replace(case, props=replaced(case.props, path, Secret)))
            assert rule.id in {d.policyName for d in diagnostics}, f"{name}: the rule misses a secret at {path}"


def test_a_finding_does_not_repeat_a_secret() -> None:
    rule = probe(lambda resource: [("password", f"is {at(resource, 'password')}")])
    for hidden in (Secret("hunter2"), [Secret("hunter2")], {"deep": [{"er": Secret("hunter2")}]}):
        printed = str(check_resource(rule, Case({"password": hidden})))
        assert "hunter2" not in printed, "a pull request shows the preview"
        assert "password" in printed, "the path is no secret, and the reader needs it"


@pytest.mark.parametrize("rule", RESOURCE_RULES, ids=lambda rule: rule.id)
@pytest.mark.parametrize("odd", [{}, {"a": 1}, [], [None], [[]], 0, -1.5, "", "odd", True, None], ids=repr)
def test_no_value_of_any_type_crashes_a_rule(rule: Rule, odd: object) -> None:
    for _, case in (*good_cases(rule), *rule.bad.items()):
        for path in {leaf[:length] for leaf in leaves(case.props) for length in range(1, len(leaf) + 1)}:
            diagnostics = check_resource(rule, replace(case, props=replaced(case.props, path, lambda _: odd)))
            messages = [d.message for d in diagnostics]
            assert CRASHED.id not in {d.policyName for d in diagnostics}, f"{path} = {odd!r}: {messages}"


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
def test_no_property_map_crashes_a_rule(props: dict[str, Any]) -> None:
    for rule in RESOURCE_RULES:
        for kind in rule.types[:4]:
            crashed = [
                d.message
                for d in check_resource(rule, Case(props, type=kind.replace("*", "x:X")))
                if d.policyName == CRASHED.id
            ]
            assert crashed == []


@settings(max_examples=30, deadline=None)
@given(props=st.dictionaries(st.sampled_from(["id", *NAMES]), VALUES, max_size=6))
def test_no_property_map_crashes_a_stack_rule(props: dict[str, Any]) -> None:
    for rule in STACK_RULES:
        case = next(iter(rule.bad.values()))
        changed = {name: replace(it, props={**it.props, **props}) for name, it in case.resources.items()}
        crashed = [d.message for d in check_stack(rule, replace(case, resources=changed)) if d.policyName == CRASHED.id]
        assert crashed == []


def _is_more_than_ids(value: Any) -> bool:
    """Tells whether a property holds more than ids of resources, as the rules of a backup plan do."""
    return isinstance(value, list) and any(isinstance(item, dict) for item in value)


@pytest.mark.parametrize("rule", STACK_RULES, ids=lambda rule: rule.id)
def test_resources_are_linked_by_their_ids_in_an_imported_stack(rule: StackRule) -> None:
    """The engine has no record of dependencies for an imported stack."""
    for name, case in rule.good.items():
        samples = {}
        for key, sample in case.resources.items():
            ids = {
                prop: f"id-{targets}" if isinstance(targets, str) else [f"id-{target}" for target in targets]
                for prop, targets in sample.links.items()
                if not _is_more_than_ids(sample.props.get(prop))
            }
            samples[key] = replace(sample, props={"id": f"id-{key}", **sample.props, **ids}, links={})
        assert [d.message for d in check_stack(rule, replace(case, resources=samples))] == [], name


# Rules that crash


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


def crashing_check(resource: Resource) -> Iterator[tuple[str, str]]:
    yield "before", "is wrong"
    raise KeyError(at(resource, "password"))


@pytest.mark.parametrize(
    "check", [crashing_check, lambda resource: 1 / 0, lambda resource: None, lambda resource: [("one",)]]
)
def test_a_rule_that_crashes_is_a_mandatory_finding_that_names_it(check: Any) -> None:
    diagnostics = check_resource(probe(check, dev="advisory", prod="advisory"), Case({"password": "hunter2"}))
    crash = diagnostics[-1]
    assert crash.policyName == CRASHED.id
    assert crash.enforcementLevel == 1, "a resource that was not checked may not pass, even if the rule is advisory"
    assert "probe" in crash.message
    assert urn("aws:ec2/vpc:Vpc") in crash.message
    assert "Error" in crash.message, "the rule's author needs the class of the error"
    assert "hunter2" not in str(diagnostics), "the text of an error may contain any value"


def test_a_rule_that_crashes_does_not_stop_other_rules() -> None:
    from policies.analyzer import Analyzer

    rule, case = next(
        (rule, case) for rule in RESOURCE_RULES for case in rule.bad.values() if kind_of(rule, case) == rule.types[0]
    )
    crashing = replace(probe(crashing_check), applies_to=rule.types[0])
    two_rules = Analyzer({"probe": crashing, rule.id: rule}, today=lambda: TODAY)
    assert rule.id in {d.policyName for d in two_rules.Analyze(request(rule, case), None).diagnostics}


def test_a_stack_rule_that_crashes_is_a_finding_too() -> None:
    def check(stack: object) -> Iterator[Any]:
        raise RuntimeError

    rule = replace(STACK_RULES[0], check=check)
    diagnostics = pack(rule).AnalyzeStack(stack_request({}), None).diagnostics
    assert [d.policyName for d in diagnostics] == [CRASHED.id]


@pytest.mark.parametrize("rule_id", ["img-pinned", "img-trusted-registry"])
@pytest.mark.parametrize(
    ("values", "path"),
    [
        (UNKNOWN, "values"),
        (Secret(UNKNOWN), "values"),
        ({"a": {"image": UNKNOWN}}, "values.a.image"),
        ({"image": {"repository": UNKNOWN, "registry": "ghcr.io"}}, "values.image.repository"),
        ({"clusterName": UNKNOWN}, ""),
    ],
)
def test_images_of_a_release_that_are_not_known_yet_wait_for_the_update(rule_id: str, values: Any, path: str) -> None:
    release = Case({"chart": "x", "values": values}, type="kubernetes:helm.sh/v3:Release")
    expected = [("deferred", path)] if path else []
    assert [(each.kind, each.path) for each in findings(ALL[rule_id], release)] == expected


@pytest.mark.parametrize("rule_id", ["img-pinned", "img-trusted-registry"])
@pytest.mark.parametrize(
    ("values", "path"),
    [
        (Secret({"image": {"repository": "ghcr.io/x/y", "tag": "latest"}}), "values.image.repository"),
        ({"a": {"image": Secret("ghcr.io/x/y:latest")}}, "values.a.image"),
        ({"a": {"image": Secret({"repository": "ghcr.io/x/y", "tag": "latest"})}}, "values.a.image.repository"),
    ],
)
def test_images_in_secret_values_of_a_release_are_judged(rule_id: str, values: Any, path: str) -> None:
    release = Case({"chart": "x", "values": values}, type="kubernetes:helm.sh/v3:Release")
    (found,) = findings(ALL[rule_id], release)
    assert (found.kind, found.path) == ("violation", path)
    assert "ghcr" not in found.message

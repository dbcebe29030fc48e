"""The pack as the engine talks to it: environments, levels, options, links, and agreement with Pulumi's own SDK."""

import sys
import time
from datetime import date
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf import empty_pb2, json_format
from pulumi.runtime.proto import analyzer_pb2 as wire

from common.values import UNKNOWN, Secret, opened
from common.version import VERSION
from common.wire import from_struct, to_struct
from policies.analyzer import NOTICES, PROFILE, Analyzer
from policies.pack import build
from policies.rule import Case, Option, Rule, Sample, Setting, Stack
from policies.views import Reads, Resource
from tests.policies.policy_harness import ALL, RESOURCE_RULES, TODAY, request, stack_request, urn

VPC = "aws:ec2/vpc:Vpc"


class RefusedError(Exception):
    """What the engine sees when the pack refuses its configuration."""


class Context:
    def abort(self, code: grpc.StatusCode, details: str) -> None:
        raise RefusedError(details)


def probe(**record: Any) -> Rule:
    settings: dict[str, Any] = {"severity": "low", "why": "Why.", "fix": "Fix.", "good": {}, "bad": {}, **record}
    settings.setdefault("check", lambda resource: [("cidrBlock", "is wrong")])
    return Rule(id="probe", applies_to=VPC, **settings)


def analyzer(rule: Rule) -> Analyzer:
    return Analyzer({rule.id: rule}, today=lambda: TODAY)


def configure(pack: Analyzer, **policies: dict[str, Any]) -> None:
    """Configures as the engine does: every rule with the level that it was told, changed where the file says so."""
    told = {info.name: info.enforcementLevel for info in pack.GetAnalyzerInfo(empty_pb2.Empty(), None).policies}
    message = wire.ConfigureAnalyzerRequest()
    for name in {*told, *policies}:
        given = dict(policies.get(name, {}))
        level = given.pop("enforcementLevel", None)
        config = wire.PolicyConfig(
            enforcementLevel=wire.EnforcementLevel.Value(level.upper()) if level else told.get(name, wire.ADVISORY)
        )
        config.properties.update(given)
        message.policyConfig[name].CopyFrom(config)
    pack.Configure(message, Context())


def levels(pack: Analyzer, stack: str) -> list[str]:
    answer = pack.Analyze(wire.AnalyzeRequest(type=VPC, urn=urn(VPC, stack=stack), properties=to_struct({})), None)
    return [wire.EnforcementLevel.Name(d.enforcementLevel).lower() for d in answer.diagnostics]


# Environments and levels

RELAXED = {"dev": "disabled", "staging": "advisory", "prod": "mandatory"}


@pytest.mark.parametrize(
    ("stack", "expected"),
    [("dev", []), ("staging", ["advisory"]), ("prod", ["mandatory"]), ("acme-eu", ["mandatory"])],
)
def test_the_stacks_name_says_the_environment_and_an_unknown_one_gets_the_strictest(stack: str, expected: list) -> None:
    assert levels(analyzer(probe(**RELAXED)), stack) == expected


def test_the_stacks_own_configuration_goes_before_its_name() -> None:
    pack = analyzer(probe(**RELAXED))
    pack.ConfigureStack(wire.AnalyzerStackConfigureRequest(config={"ml-platform:environment": "staging"}), None)
    assert levels(pack, "dev") == ["advisory"]


def test_the_packs_configuration_goes_before_both() -> None:
    pack = analyzer(probe(**RELAXED))
    pack.ConfigureStack(wire.AnalyzerStackConfigureRequest(config={"ml-platform:environment": "dev"}), None)
    configure(pack, **{PROFILE.id: {"environment": "prod"}})
    assert levels(pack, "dev") == ["mandatory"]


def test_a_configured_level_goes_before_the_environments() -> None:
    pack = analyzer(probe(**RELAXED))
    pack.ConfigureStack(wire.AnalyzerStackConfigureRequest(config={"ml-platform:environment": "dev"}), None)
    configure(pack, probe={"enforcementLevel": "mandatory"})
    assert levels(pack, "dev") == ["mandatory"], "whoever asks for more strictness in one stack gets it"


def test_configuring_nothing_leaves_the_environments_levels() -> None:
    pack = analyzer(probe(**RELAXED))
    configure(pack)
    assert (levels(pack, "dev"), levels(pack, "staging")) == ([], ["advisory"]), (
        "the engine always sends a level for each rule, and what it sends back is what it was told"
    )


def test_a_disabled_rule_is_reported_as_not_applicable_rather_than_as_kept() -> None:
    pack = analyzer(probe(**RELAXED))
    answer = pack.Analyze(wire.AnalyzeRequest(type=VPC, urn=urn(VPC, stack="dev"), properties=to_struct({})), None)
    assert [(n.policy_name, n.reason) for n in answer.not_applicable] == [("probe", "disabled in dev")]


def test_options_come_from_the_record_the_environment_and_then_the_configuration() -> None:
    def check(resource: Resource, *, most: float) -> list[tuple[str, str]]:
        return [("cidrBlock", f"most={most:g}")]

    pack = analyzer(probe(check=check, options={"most": Option("Most.", 1, {"dev": 2})}))

    def seen(stack: str) -> str:
        answer = pack.Analyze(wire.AnalyzeRequest(type=VPC, urn=urn(VPC, stack=stack), properties=to_struct({})), None)
        return answer.diagnostics[0].message.split("\n")[0]

    assert "most=1" in seen("prod")
    assert "most=2" in seen("dev")
    configure(pack, probe={"most": 3})
    assert "most=3" in seen("dev")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (
            {"node-imdsv3": {"enforcementLevel": "advisory"}},
            'no rule is called "node-imdsv3" (did you mean "node-imdsv2"?)',
        ),
        (
            {"node-imds-hop-limit": {"maxhops": 2}},
            'has no option "maxhops" (did you mean "max_hops"?); it has max_hops',
        ),
        ({"node-imdsv2": {"hops": 2}}, 'node-imdsv2 has no option "hops"; it has none'),
        ({PROFILE.id: {"env": "dev"}}, 'profile has no option "env"'),
    ],
)
def test_a_misspelt_configuration_is_refused_with_the_nearest_name(given: dict, expected: str) -> None:
    with pytest.raises(RefusedError) as refusal:
        configure(Analyzer(ALL), **given)
    assert expected in str(refusal.value), "a misspelt rule in a configuration file would silently change nothing"


def test_the_engine_can_check_the_types_of_options() -> None:
    info = {it.name: it for it in Analyzer(ALL).GetAnalyzerInfo(empty_pb2.Empty(), None).policies}
    schema = json_format.MessageToDict(info["eks-control-plane-logs"].configSchema)["properties"]
    assert schema["types"] == {
        "type": "array",
        "items": {"type": "string"},
        "description": "Log types that have to be on.",
    }
    assert json_format.MessageToDict(info["cost-monthly-cap"].configSchema)["properties"]["usd"]["type"] == "number"
    assert info[PROFILE.id].configSchema.properties["environment"], "the environment can be set in the same file"


def test_the_engine_is_told_of_every_rule_with_severity_and_remedy() -> None:
    policies = Analyzer(ALL).GetAnalyzerInfo(empty_pb2.Empty(), None).policies
    assert {it.name for it in policies} == {*ALL, *(notice.id for notice in NOTICES)}
    assert all(it.severity for it in policies)
    assert all(it.remediation_steps for it in policies if it.name in ALL)


# Stacks


def test_links_follow_the_engines_record_of_dependencies_before_ids() -> None:
    pack_input = stack_request(
        {"a": Sample(VPC), "b": Sample(VPC), "log": Sample("x", {"vpcId": UNKNOWN}, {"vpcId": "b"})}
    )
    seen: list[list[str]] = []

    def check(stack: Stack) -> list[Any]:
        (log,) = stack.of("x")
        seen.append([vpc.name for vpc in stack.linked(log, "vpcId", [VPC])])
        return []

    from dataclasses import replace

    from tests.policies.policy_harness import STACK_RULES

    rule = replace(STACK_RULES[0], check=check, applies_to=(VPC, "x"), options={})
    Analyzer({rule.id: rule}, today=lambda: TODAY).AnalyzeStack(pack_input, None)
    assert seen == [["b"]], "at the first preview every id is unknown, and all unknown ids look alike"


def test_an_empty_stack_passes() -> None:
    assert not Analyzer(ALL, today=lambda: TODAY).AnalyzeStack(wire.AnalyzeStackRequest(), None).diagnostics


# Against Pulumi's own SDK, which is the other reader of this protocol


@pytest.mark.parametrize("rule", RESOURCE_RULES, ids=lambda rule: rule.id)
def test_values_are_decoded_as_pulumis_own_sdk_decodes_them(rule: Rule) -> None:
    deserialize = pytest.importorskip("pulumi_policy.deserialize").deserialize_properties
    for case in rule.bad.values():
        message = to_struct({**case.props, "nothing": None, "secret": Secret({"deep": [Secret(1), UNKNOWN]})})
        theirs = deserialize(json_format.MessageToDict(message))
        assert opened(from_struct(message)) == from_struct(to_struct(theirs))


def test_a_finding_is_what_pulumis_own_sdk_would_send() -> None:
    sdk = pytest.importorskip("pulumi_policy.policy")
    theirs = sdk._PolicyAnalyzerServicer(
        "ml-platform",
        VERSION,
        [
            sdk.ResourceValidationPolicy(
                "probe",
                "Why.",
                lambda args, report: report("it"),
                sdk.EnforcementLevel.MANDATORY,
                severity=sdk.Severity.LOW,
            )
        ],
        sdk.EnforcementLevel.ADVISORY,
    )
    asked = request(probe(), Case({}))
    (expected,) = theirs.Analyze(asked, None).diagnostics
    (found,) = analyzer(probe()).Analyze(asked, None).diagnostics
    for field in ("policyName", "policyPackName", "policyPackVersion", "description", "enforcementLevel", "severity"):
        assert getattr(found, field) == getattr(expected, field), field


def test_every_method_of_the_protocol_is_answered() -> None:
    from pulumi.runtime.proto.analyzer_pb2_grpc import AnalyzerServicer

    asked = [name for name in vars(AnalyzerServicer) if name[0].isupper()]
    assert asked, "nothing to look at"
    unanswered = [name for name in asked if getattr(Analyzer, name) is getattr(AnalyzerServicer, name)]
    assert unanswered == [], "the engine meets an error where the SDK has an answer"


# The pack itself


def test_the_pack_in_this_repository_starts() -> None:
    assert build().GetAnalyzerInfo(empty_pb2.Empty(), None).name == "ml-platform"


def test_no_module_hides_one_of_pythons_own() -> None:
    folder = Path(__file__).parents[2] / "policies"
    hidden = {path.stem for path in folder.glob("*.py")} & set(sys.stdlib_module_names)
    assert hidden == set(), "the engine starts the pack inside its folder, so its modules are found before Python's"


def test_judging_a_resource_takes_well_under_two_milliseconds() -> None:
    pack = Analyzer(ALL, today=lambda: TODAY)
    asked = [request(rule, case) for rule in RESOURCE_RULES for case in rule.bad.values()]
    for it in asked:
        pack.Analyze(it, None)
    times = []
    for _ in range(5):
        start = time.perf_counter()
        for it in asked:
            pack.Analyze(it, None)
        times.append((time.perf_counter() - start) / len(asked))
    assert min(times) < 0.002, f"{min(times) * 1000:.2f} ms a resource: a stack of 500 resources would feel it"


def test_a_large_resource_is_decoded_once_however_many_rules_there_are() -> None:
    reads: list[str] = []

    def read() -> dict[str, Any]:
        reads.append("once")
        return {"tags": {}}

    resource = Resource(urn=urn(VPC), kind=VPC, read=read, setting=Setting("prod", date(2026, 1, 1)), reads=Reads())
    assert (resource.value, resource.value) == ({"tags": {}}, {"tags": {}})
    assert reads == ["once"]

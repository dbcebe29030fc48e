"""The pack as a server for the engine: environments, levels, options, links, and agreement with Pulumi's own SDK."""

import sys
import time
from dataclasses import replace
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
from policies.rule import Case, EvaluationContext, Option, Rule, Sample, Stack
from policies.views import Reads, Resource
from tests.policies.policy_harness import ALL, RESOURCE_RULES, TODAY, pack, request, stack_request, urn

VPC = "aws:ec2/vpc:Vpc"


class RefusedError(Exception):
    """The error that the engine gets when the pack refuses its configuration."""


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
    """Configures the pack as the engine does: every rule with its reported level, unless `policies` changes it."""
    reported = {info.name: info.enforcementLevel for info in pack.GetAnalyzerInfo(empty_pb2.Empty(), None).policies}
    message = wire.ConfigureAnalyzerRequest()
    for name in {*reported, *policies}:
        options = dict(policies.get(name, {}))
        level = options.pop("enforcementLevel", None)
        config = wire.PolicyConfig(
            enforcementLevel=wire.EnforcementLevel.Value(level.upper()) if level else reported.get(name, wire.ADVISORY)
        )
        config.properties.update(options)
        message.policyConfig[name].CopyFrom(config)
    pack.Configure(message, Context())


def levels(pack: Analyzer, stack: str) -> list[str]:
    response = pack.Analyze(wire.AnalyzeRequest(type=VPC, urn=urn(VPC, stack=stack), properties=to_struct({})), None)
    return [wire.EnforcementLevel.Name(d.enforcementLevel).lower() for d in response.diagnostics]


def test_a_type_that_another_rule_looks_at_is_seen() -> None:
    unseen = ALL["type-unseen"]
    vpc = stack_request({"it": Sample(VPC)})
    alone, beside = Analyzer({unseen.id: unseen}), Analyzer({unseen.id: unseen, "probe": probe()})
    assert [each.policyName for each in alone.AnalyzeStack(vpc, None).diagnostics] == ["type-unseen"]
    assert list(beside.AnalyzeStack(vpc, None).diagnostics) == []


# Environments and levels

RELAXED = {"dev": "disabled", "staging": "advisory", "prod": "mandatory"}


@pytest.mark.parametrize(
    ("stack", "expected"), [("dev", []), ("staging", ["advisory"]), ("prod", ["mandatory"]), ("acme-eu", ["mandatory"])]
)
def test_the_stacks_name_sets_the_environment_and_another_name_gets_the_strictest(stack: str, expected: list) -> None:
    assert levels(analyzer(probe(**RELAXED)), stack) == expected


def test_the_stacks_configuration_overrides_its_name() -> None:
    pack = analyzer(probe(**RELAXED))
    pack.ConfigureStack(wire.AnalyzerStackConfigureRequest(config={"ml-platform:environment": "staging"}), None)
    assert levels(pack, "dev") == ["advisory"]


def test_the_packs_configuration_overrides_the_stacks() -> None:
    pack = analyzer(probe(**RELAXED))
    pack.ConfigureStack(wire.AnalyzerStackConfigureRequest(config={"ml-platform:environment": "dev"}), None)
    configure(pack, **{PROFILE.id: {"environment": "prod"}})
    assert levels(pack, "dev") == ["mandatory"]


@pytest.mark.parametrize(
    ("stack", "expected"),
    [*((name, ["mandatory"]) for name in ("prod", "eu-prod", "prod.2", "production")), ("product", []), ("reprod", [])],
)
def test_nothing_that_a_change_says_of_its_environment_lowers_production(stack: str, expected: list) -> None:
    pack = analyzer(probe(**RELAXED))
    config = {"ml-platform:environment": "dev"}
    pack.ConfigureStack(wire.AnalyzerStackConfigureRequest(stack=stack, config=config), None)
    reported = next(each for each in pack.GetAnalyzerInfo(empty_pb2.Empty(), None).policies if each.name == "probe")
    assert (reported.enforcementLevel == wire.MANDATORY) is bool(expected)
    configure(pack, **{PROFILE.id: {"environment": "dev"}})
    assert levels(pack, stack) == expected


def test_a_configured_level_overrides_that_of_the_environment() -> None:
    pack = analyzer(probe(**RELAXED))
    pack.ConfigureStack(wire.AnalyzerStackConfigureRequest(config={"ml-platform:environment": "dev"}), None)
    configure(pack, probe={"enforcementLevel": "mandatory"})
    assert levels(pack, "dev") == ["mandatory"], "a stack can be stricter than its environment"


def test_without_configuration_the_levels_of_the_environment_apply() -> None:
    pack = analyzer(probe(**RELAXED))
    configure(pack)
    assert (levels(pack, "dev"), levels(pack, "staging")) == ([], ["advisory"]), (
        "the engine always sends a level for each rule: by default the one that the pack reported"
    )


def test_a_disabled_rule_is_reported_as_not_applicable() -> None:
    pack = analyzer(probe(**RELAXED))
    response = pack.Analyze(wire.AnalyzeRequest(type=VPC, urn=urn(VPC, stack="dev"), properties=to_struct({})), None)
    assert [(n.policy_name, n.reason) for n in response.not_applicable] == [("probe", "disabled in dev")]


def test_an_option_has_a_default_a_value_of_the_environment_and_a_configured_one() -> None:
    def check(resource: Resource, *, most: float) -> list[tuple[str, str]]:
        return [("cidrBlock", f"most={most:g}")]

    pack = analyzer(probe(check=check, options={"most": Option("Most.", 1, {"dev": 2})}))

    def first_line(stack: str) -> str:
        request = wire.AnalyzeRequest(type=VPC, urn=urn(VPC, stack=stack), properties=to_struct({}))
        return pack.Analyze(request, None).diagnostics[0].message.split("\n")[0]

    assert "most=1" in first_line("prod")
    assert "most=2" in first_line("dev")
    configure(pack, probe={"most": 3})
    assert "most=3" in first_line("dev")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (
            {"node-imdsv3": {"enforcementLevel": "advisory"}},
            "node-imdsv3 is no rule of the policy pack. Did you mean node-imdsv2?",
        ),
        (
            {"node-imds-hop-limit": {"maxhops": 2}},
            "maxhops is no option of node-imds-hop-limit. Did you mean max_hops? Its options: max_hops.",
        ),
        ({"node-imdsv2": {"hops": 2}}, "hops is no option of node-imdsv2. It has no options: drop it."),
        ({PROFILE.id: {"env": "dev"}}, "env is no option of profile."),
    ],
)
def test_a_misspelt_configuration_is_refused_with_the_nearest_name(given: dict, expected: str) -> None:
    with pytest.raises(RefusedError) as refusal:
        configure(Analyzer(ALL), **given)
    assert expected in str(refusal.value), (
        "a misspelt rule in a configuration file would change nothing, without a message"
    )


def test_the_engine_can_check_the_types_of_options() -> None:
    info = {it.name: it for it in Analyzer(ALL).GetAnalyzerInfo(empty_pb2.Empty(), None).policies}
    schema = json_format.MessageToDict(info["eks-control-plane-logs"].configSchema)["properties"]
    assert schema["types"] == {
        "type": "array",
        "items": {"type": "string"},
        "description": "Log types that must be on.",
    }
    assert json_format.MessageToDict(info["cost-monthly-cap"].configSchema)["properties"]["usd"]["type"] == "number"
    assert info[PROFILE.id].configSchema.properties["environment"], "the environment can be set in the same file"


def test_a_message_has_what_why_fix_with_the_edit_more_and_a_waiver() -> None:
    rule = probe(mend={"ports[].open": False}, stack_file={"clusters.<name>.open": False})
    (diagnostic,) = (
        analyzer(replace(rule, check=lambda _: [("ports[2].open", "is true")]))
        .Analyze(request(rule, Case({})), None)
        .diagnostics
    )
    what, *parts = diagnostic.message.splitlines()
    assert what == "ports[2].open is true."
    assert [part.partition(": ")[0] for part in parts] == ["Why", "Fix", "More", "Waive"]
    assert parts[1] == "Fix: Fix. In the stack file: clusters.<name>.open: false. In the program: ports[2].open: false."
    assert diagnostic.urn in parts[3]


def test_the_engine_gets_every_rule_with_its_severity_and_fix() -> None:
    policies = Analyzer(ALL).GetAnalyzerInfo(empty_pb2.Empty(), None).policies
    assert {it.name for it in policies} == {*ALL, *(notice.id for notice in NOTICES)}
    assert all(it.severity for it in policies)
    assert all(it.remediation_steps for it in policies if it.name in ALL)


# Stacks


def test_links_follow_the_engines_record_of_dependencies_before_ids() -> None:
    request = stack_request(
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
    Analyzer({rule.id: rule}, today=lambda: TODAY).AnalyzeStack(request, None)
    assert seen == [["b"]], "at the first preview every id is unknown, and unknown ids cannot be compared"


def test_the_monthly_cap_counts_what_a_preview_knows_of_the_inputs_alone() -> None:
    eip, cap = "aws:ec2/eip:Eip", "cost-monthly-cap"
    stack = stack_request({"it": Sample(eip, {"publicIpv4Pool": UNKNOWN})})
    for inputs, said in (({"domain": "vpc"}, "may reach $"), (None, "is not in the sum")):
        analyzer = pack(ALL[cap], {"usd": 1})
        if inputs is not None:
            analyzer.Analyze(wire.AnalyzeRequest(type=eip, urn=urn(eip), properties=to_struct(inputs)), None)
        (told,) = [each.message for each in analyzer.AnalyzeStack(stack, None).diagnostics]
        assert said in told, "an output that is not known yet has no price"


def test_an_empty_stack_passes() -> None:
    assert not Analyzer(ALL, today=lambda: TODAY).AnalyzeStack(wire.AnalyzeStackRequest(), None).diagnostics


# Against Pulumi's own SDK, which implements the same protocol


@pytest.mark.parametrize("rule", RESOURCE_RULES, ids=lambda rule: rule.id)
def test_values_are_decoded_as_pulumis_own_sdk_decodes_them(rule: Rule) -> None:
    deserialize = pytest.importorskip("pulumi_policy.deserialize").deserialize_properties
    for case in rule.bad.values():
        message = to_struct({**case.props, "nothing": None, "secret": Secret({"deep": [Secret(1), UNKNOWN]})})
        sdk_value = deserialize(json_format.MessageToDict(message))
        assert opened(from_struct(message)) == from_struct(to_struct(sdk_value))


def test_a_finding_is_what_pulumis_own_sdk_would_send() -> None:
    sdk = pytest.importorskip("pulumi_policy.policy")
    sdk_pack = sdk._PolicyAnalyzerServicer(
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
    analyze_request = request(probe(), Case({}))
    (expected,) = sdk_pack.Analyze(analyze_request, None).diagnostics
    (diagnostic,) = analyzer(probe()).Analyze(analyze_request, None).diagnostics
    for field in ("policyName", "policyPackName", "policyPackVersion", "description", "enforcementLevel", "severity"):
        assert getattr(diagnostic, field) == getattr(expected, field), field


def test_every_method_of_the_protocol_is_implemented() -> None:
    from pulumi.runtime.proto.analyzer_pb2_grpc import AnalyzerServicer

    methods = [name for name in vars(AnalyzerServicer) if name[0].isupper()]
    assert methods, "there is nothing to check"
    missing = [name for name in methods if getattr(Analyzer, name) is getattr(AnalyzerServicer, name)]
    assert missing == [], "the engine would get an error where the SDK has an answer"


# The pack itself


def test_the_pack_in_this_repository_starts() -> None:
    assert build().GetAnalyzerInfo(empty_pb2.Empty(), None).name == "ml-platform"


def test_no_module_has_the_name_of_a_standard_one() -> None:
    folder = Path(__file__).parents[2] / "policies"
    hidden = {path.stem for path in folder.glob("*.py")} & set(sys.stdlib_module_names)
    assert hidden == set(), "the engine starts the pack in its folder, so Python imports these modules first"


def test_checking_a_resource_takes_less_than_two_milliseconds() -> None:
    pack = Analyzer(ALL, today=lambda: TODAY)
    requests = [request(rule, case) for rule in RESOURCE_RULES for case in rule.bad.values()]
    for each in requests:
        pack.Analyze(each, None)
    times = []
    for _ in range(5):
        start = time.perf_counter()
        for each in requests:
            pack.Analyze(each, None)
        times.append((time.perf_counter() - start) / len(requests))
    assert min(times) < 0.002, f"{min(times) * 1000:.2f} ms a resource would slow down a stack of 500 resources"


def test_a_resource_is_decoded_once_for_all_rules() -> None:
    reads: list[str] = []

    def read() -> dict[str, Any]:
        reads.append("once")
        return {"tags": {}}

    resource = Resource(
        urn=urn(VPC), kind=VPC, read=read, context=EvaluationContext("prod", date(2026, 1, 1)), reads=Reads()
    )
    assert (resource.value, resource.value) == ({"tags": {}}, {"tags": {}})
    assert reads == ["once"]

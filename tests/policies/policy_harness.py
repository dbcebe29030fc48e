"""Turns the cases of the rules into requests of the engine, and sends them to the pack."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from pulumi.runtime.proto import analyzer_pb2 as wire

from common.wire import to_struct
from policies.analyzer import Analyzer
from policies.evaluate import Finding
from policies.registry import rules
from policies.rule import PROVIDER, Case, EvaluationContext, Rule, Sample, StackCase, StackRule

TODAY = date(2026, 11, 1)
ALL = rules()
RESOURCE_RULES = [rule for rule in ALL.values() if isinstance(rule, Rule)]
STACK_RULES = [rule for rule in ALL.values() if isinstance(rule, StackRule)]


def urn(kind: str, name: str = "it", stack: str = "prod") -> str:
    return f"urn:pulumi:{stack}::ml-platform::{kind}::{name}"


def found_at(case: StackCase) -> tuple[str, str]:
    """Returns the URN and the path of the finding of a bad case. Of a resource that is gone, the path is its URN."""
    assert case.at, "a bad case must say which resource and path the finding names"
    name, path = case.at
    return (urn(case.resources[name].type, name, case.environment) if name in case.resources else path), path


def kind_of(rule: Rule, case: Case) -> str:
    return case.type or rule.types[0].replace("*", "ec2/vpc:Vpc")


def as_case(case: Mapping[str, Any] | Case) -> Case:
    return case if isinstance(case, Case) else Case(case)


def good_cases(rule: Rule) -> Iterator[tuple[str, Case]]:
    return ((name, as_case(case)) for name, case in rule.good.items())


def request(rule: Rule, case: Case) -> wire.AnalyzeRequest:
    kind = kind_of(rule, case)
    return wire.AnalyzeRequest(
        type=kind,
        urn=urn(kind, stack=case.environment),
        name="it",
        properties=to_struct(case.props),
        options=wire.AnalyzerResourceOptions(protect=case.protect),
        provider=wire.AnalyzerProviderResource(type="pulumi:providers:aws", properties=to_struct(case.provider)),
    )


def stack_request(resources: Mapping[str, Sample], stack: str = "prod") -> wire.AnalyzeStackRequest:
    def resource(name: str, sample: Sample) -> wire.AnalyzerResource:
        message = wire.AnalyzerResource(
            type=sample.type,
            urn=urn(sample.type, name, stack),
            name=name,
            properties=to_struct(sample.props),
            options=wire.AnalyzerResourceOptions(
                parent=urn(resources[sample.parent].type, sample.parent, stack) if sample.parent in resources else ""
            ),
            provider=wire.AnalyzerProviderResource(
                type="pulumi:providers:aws", properties=to_struct(PROVIDER), urn=sample.provider
            ),
        )
        for key, targets in sample.links.items():
            for target in (targets,) if isinstance(targets, str) else targets:
                message.propertyDependencies[key].urns.append(urn(resources[target].type, target, stack))
        return message

    root = wire.AnalyzerResource(type="pulumi:pulumi:Stack", urn=urn("pulumi:pulumi:Stack", "ml-platform", stack))
    return wire.AnalyzeStackRequest(resources=[root, *(resource(*item) for item in resources.items())])


class Recording(Analyzer):
    """A pack that keeps what its rules find."""

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        self.findings: list[Finding] = []

    def _report(
        self,
        rule: Rule | StackRule,
        findings: list[Finding],
        evaluation: EvaluationContext,
        response: wire.AnalyzeResponse,
    ) -> None:
        self.findings += findings
        super()._report(rule, findings, evaluation, response)


def pack(rule: Rule | StackRule, options: Mapping[str, Any] | None = None) -> Recording:
    """Returns a pack of one rule. With options, it is configured in the way of the engine."""
    analyzer = Recording({rule.id: rule}, today=lambda: TODAY)
    if options:
        levels = {info.name: info.enforcementLevel for info in analyzer.GetAnalyzerInfo(None, None).policies}
        config = wire.ConfigureAnalyzerRequest()
        config.policyConfig[rule.id].enforcementLevel = levels[rule.id]
        config.policyConfig[rule.id].properties.update(options)
        analyzer.Configure(config, None)
    return analyzer


def findings(rule: Rule | StackRule, case: Case | StackCase) -> list[Finding]:
    """Returns what the rule finds in a case."""
    recording = pack(rule, case.options)
    if isinstance(rule, Rule) and isinstance(case, Case):
        recording.Analyze(request(rule, case), None)
    elif isinstance(case, StackCase):
        recording.AnalyzeStack(stack_request(case.resources, case.environment), None)
    return recording.findings


def check_resource(rule: Rule, case: Case) -> list[wire.AnalyzeDiagnostic]:
    return list(pack(rule, case.options).Analyze(request(rule, case), None).diagnostics)


def check_stack(rule: StackRule, case: StackCase) -> list[wire.AnalyzeDiagnostic]:
    return list(
        pack(rule, case.options).AnalyzeStack(stack_request(case.resources, case.environment), None).diagnostics
    )

"""The policy pack as a server for the engine: the `Analyzer` service of Pulumi's policy protocol.

The pack implements the protocol itself instead of using pulumi_policy's PolicyPack. That class decodes every resource
once per rule, passes secrets as plain text, cannot vary a level by stack, and stops at an exception in a rule; see
docs/decisions/0005-policies.md. Source of the protocol: proto/pulumi/analyzer.proto of pulumi/pulumi, read 2026-11.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial, reduce
from typing import Any, cast

import grpc
from google.protobuf import empty_pb2, json_format, struct_pb2
from pulumi.runtime.proto import analyzer_pb2 as wire
from pulumi.runtime.proto import analyzer_pb2_grpc, plugin_pb2

from common.policy_options import mistakes as option_mistakes
from common.urns import stack_of
from common.version import VERSION
from common.wire import from_struct
from policies.evaluate import Finding, evaluate_rule, evaluate_stack_rule
from policies.options import known, schema, strictest
from policies.production import NAMESPACE, Production, accounts_of
from policies.rule import ENVIRONMENTS, Environment, Level, Rule, Severity, StackRule
from policies.views import OF_PROVIDER, EvaluationContext, Reads, Resource, Stack
from policies.waivers import MOST_RESOURCES, Waiver, entry_for, today

PACK = "ml-platform"
DOCS = "docs/policies/README.md"
AWS_PROVIDER = "pulumi:providers:aws"
_LEVELS: Mapping[Level, int] = {"advisory": wire.ADVISORY, "mandatory": wire.MANDATORY, "disabled": wire.DISABLED}
_SEVERITIES: Mapping[Severity, int] = {
    "low": wire.POLICY_SEVERITY_LOW,
    "medium": wire.POLICY_SEVERITY_MEDIUM,
    "high": wire.POLICY_SEVERITY_HIGH,
    "critical": wire.POLICY_SEVERITY_CRITICAL,
}


@dataclass(frozen=True)
class Notice:
    """A kind of report that comes from the pack itself and not from a rule."""

    id: str
    level: Level
    severity: Severity
    why: str


PROFILE = Notice("profile", "advisory", "low", "Sets the environment whose levels and limits apply to the stack.")
CRASHED = Notice("rule-crashed", "mandatory", "critical", "A rule raised an error, so the resource was not checked.")
DEFERRED = Notice("rule-deferred", "advisory", "low", "A rule needs a value that is unknown until the update.")
APPLIED = Notice("waiver-applied", "advisory", "low", "Every run lists the waivers that it used.")
UNUSED = Notice("waiver-unused", "advisory", "low", "A waiver that nothing needs could hide a later finding.")
EXPIRED = Notice("waiver-expired", "mandatory", "medium", "A waiver stops working after its last day.")
BROAD = Notice("waiver-broad", "mandatory", "medium", "A waiver for many resources switches the rule off, in silence.")
IN_PRODUCTION = Notice(
    "production", "advisory", "high", "What is production says so, for its defaults and its readers."
)
NOTICES = (PROFILE, IN_PRODUCTION, CRASHED, DEFERRED, APPLIED, UNUSED, EXPIRED, BROAD)

NOT_ABOUT_ACCESS = ("cost-", "gpu-", "secret-no-plaintext")
"""Beginnings of rules whose look at a type does not say that it is closed."""


class Analyzer(analyzer_pb2_grpc.AnalyzerServicer):
    """Checks resources and stacks against `rules`, with the levels of the stack's environment.

    The environment is prod for a stack that is `production`, whatever else says; else `{"profile": {"environment":
    "dev"}}` in the file given with `--policy-pack-config`; else the stack's `ml-platform:environment`; else the stack's
    name, if it is dev or staging; else prod, the strictest.

    Options come from that file and from the stack's `ml-platform:policies`. Where both set one, the stricter value
    applies; where nobody can say which is stricter, that of the file. In production no value is looser than a floor.
    only_shows: for a preview that refuses nothing. That file then sets each level, in production too, and all options.
    """

    def __init__(
        self,
        rules: Mapping[str, Rule | StackRule],
        waivers: Iterable[Waiver] = (),
        today: Callable[[], date] = today,
        production: Production | None = None,
        only_shows: bool = False,
    ) -> None:
        self._rules, self._waivers = rules, tuple(waivers)
        self._today = today()  # once: an update over midnight is not refused half-way
        self._production, self._only_shows = production or Production(), only_shows
        self._resource_rules = [rule for rule in rules.values() if isinstance(rule, Rule)]
        self._stack_rules = [rule for rule in rules.values() if isinstance(rule, StackRule)]
        self._by_type: dict[str, list[Rule]] = {}
        judging = (rule for rule in rules.values() if not rule.id.startswith(NOT_ABOUT_ACCESS))
        self._seen = frozenset(kind for rule in judging for kind in rule.types)
        self._configured: Mapping[str, wire.PolicyConfig] = {}
        self._given_environment, self._stack, self._accounts = "", "", ""
        self._is_production = self._told_of_production = False
        self._of_pack: Mapping[str, Mapping[str, Any]] = {}
        self._of_stack: Mapping[str, Mapping[str, Any]] = {}
        self._options_in_force: dict[tuple[str, Environment, bool], dict[str, Any]] = {}
        self._reported_levels: dict[str, Level] = {}
        self._used_waivers: dict[Waiver, set[str]] = {}  # -> URNs that it covers
        self._judged: dict[str, Resource] = {}  # URN -> the resource by its inputs

    # Methods that the engine calls

    def GetAnalyzerInfo(self, request: empty_pb2.Empty, context: grpc.ServicerContext) -> wire.AnalyzerInfo:  # noqa: N802
        """Returns the rules, with their levels in the environment as far as it is known."""
        environment = self._environment("")
        self._reported_levels = {rule.id: rule.level(environment) for rule in self._rules.values()}
        policies = [_policy_info(rule, environment) for rule in self._rules.values()]
        return wire.AnalyzerInfo(
            name=PACK, version=VERSION, supportsConfig=True, policies=[*policies, *map(_notice_info, NOTICES)]
        )

    def GetPluginInfo(self, request: empty_pb2.Empty, context: grpc.ServicerContext) -> plugin_pb2.PluginInfo:  # noqa: N802
        """Returns the pack's version."""
        return plugin_pb2.PluginInfo(version=VERSION)

    def Handshake(  # noqa: N802
        self, request: wire.AnalyzerHandshakeRequest, context: grpc.ServicerContext
    ) -> wire.AnalyzerHandshakeResponse:
        """Returns an empty answer: the pack needs nothing from the engine."""
        return wire.AnalyzerHandshakeResponse()

    def ConfigureStack(  # noqa: N802
        self, request: wire.AnalyzerStackConfigureRequest, context: grpc.ServicerContext
    ) -> wire.AnalyzerStackConfigureResponse:
        """Stores the stack's name, and what its settings say. Refuses options that do not exist, or are too loose."""
        if problems := self.configure_stack(request.stack, request.config):
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"{NAMESPACE}policies: " + "; ".join(problems))
        return wire.AnalyzerStackConfigureResponse()

    def Configure(self, request: wire.ConfigureAnalyzerRequest, context: grpc.ServicerContext) -> empty_pb2.Empty:  # noqa: N802
        """Stores levels and options. Refuses names of rules and options that do not exist, and suggests the nearest."""
        if problems := self.configure(request.policyConfig):
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "policy pack configuration: " + "; ".join(problems))
        return empty_pb2.Empty()

    def Analyze(self, request: wire.AnalyzeRequest, context: grpc.ServicerContext) -> wire.AnalyzeResponse:  # noqa: N802
        """Checks one resource by its inputs."""
        response = wire.AnalyzeResponse()
        self._see_account(request.properties if request.type == AWS_PROVIDER else request.provider.properties)
        evaluation = self._evaluation_context(request.urn)
        self._report_production(response)
        resource = self._judged[request.urn] = _resource(request, evaluation, Reads())
        for rule in self._rules_for(request.type):
            if self._runs(rule, evaluation.environment, response):
                self._report(
                    rule,
                    evaluate_rule(rule, resource, self._options(rule, evaluation.environment)),
                    evaluation,
                    response,
                )
        return response

    def AnalyzeStack(self, request: wire.AnalyzeStackRequest, context: grpc.ServicerContext) -> wire.AnalyzeResponse:  # noqa: N802
        """Checks the whole stack by its outputs, then reports on waivers.

        The provider of a cluster that does not exist yet is not configured at preview. The engine then sends its
        resources without outputs, and the pack uses their inputs.
        """
        response, reads = wire.AnalyzeResponse(), Reads()
        urn = request.resources[0].urn if request.resources else ""
        evaluation = self._evaluation_context(urn)
        resources = _linked(request.resources, evaluation, reads, self._judged)
        kinds = {resource.type for resource in resources}
        for rule in self._stack_rules:
            if self._runs(rule, evaluation.environment, response):
                of_rule = {kind for kind in kinds if rule.covers(kind)}
                covered = [resource for resource in resources if resource.type in of_rule]
                stack = Stack(urn, evaluation, covered, self._seen)
                findings = evaluate_stack_rule(rule, stack, self._options(rule, evaluation.environment))
                self._report(rule, findings, evaluation, response)
        self._report_production(response)
        self._told_of_production = False  # an update comes after its preview
        self._report_waivers(stack_of(urn), evaluation.today, response)
        return response

    def Remediate(self, request: wire.AnalyzeRequest, context: grpc.ServicerContext) -> wire.RemediateResponse:  # noqa: N802
        """Returns an empty answer: the pack changes no resource."""
        return wire.RemediateResponse()

    def Cancel(self, request: empty_pb2.Empty, context: grpc.ServicerContext) -> empty_pb2.Empty:  # noqa: N802
        """Does nothing: a check takes milliseconds."""
        return empty_pb2.Empty()

    # Rules, levels and options that apply

    def configure(self, config: Mapping[str, wire.PolicyConfig]) -> list[str]:
        """Stores levels and options, and returns what is wrong with them; with mistakes nothing is stored."""
        known_here: dict[str, Any] = {**known(self._rules), **{notice.id: {} for notice in NOTICES}}
        known_here[PROFILE.id] = {"environment": {"type": "string", "enum": list(ENVIRONMENTS)}}
        values = {name: json_format.MessageToDict(each.properties) for name, each in config.items()}
        problems = [f"{'.'.join(path)} {sentence}" for path, sentence in option_mistakes(values, known_here)]
        why = "" if self._only_shows else self._production.why(self._stack, self._accounts)
        if not problems and why:
            problems = [*self._too_low(config, why), *self._too_loose(values, why)]
        if not problems:
            self._configured, self._of_pack = dict(config), values
            self._options_in_force.clear()
        return problems

    def configure_stack(self, stack: str, config: Mapping[str, str]) -> list[str]:
        """Stores a stack's name and what its settings say, and returns what is wrong with its options of rules.

        config: full keys, such as `ml-platform:environment` -> text.
        """
        self._told_of_production = False
        self._stack, self._accounts = stack, accounts_of(config)
        self._given_environment = config.get(f"{NAMESPACE}environment", "")
        try:
            values = {} if self._only_shows else json.loads(config.get(f"{NAMESPACE}policies") or "{}")
        except ValueError:
            values = None
        if not isinstance(values, dict):
            return ["is no map of rules. Write for example cost-monthly-cap: {usd: 30000}."]
        problems = [f"{'.'.join(path)} {sentence}" for path, sentence in option_mistakes(values, known(self._rules))]
        if not problems and (why := self._production.why(self._stack, self._accounts)):
            problems = list(self._too_loose(values, why, of_stack_file=True))
        self._of_stack = {} if problems else values
        self._options_in_force.clear()
        return problems

    def _too_low(self, config: Mapping[str, wire.PolicyConfig], why: str) -> Iterator[str]:
        for name in config:
            rule = self._rules.get(name)
            if rule and self._lowered(rule, self._configured_level(rule, "prod", config)):
                yield (
                    f"{name} is critical, and stack {self._stack} is production ({why}), so no configuration lowers "
                    "its level. Drop it, and write a waiver in policies/waivers.yaml for the resource, with owner, "
                    "reason and last day."
                )

    def _too_loose(
        self, values: Mapping[str, Mapping[str, Any]], why: str, of_stack_file: bool = False
    ) -> Iterator[str]:
        for name, options in values.items():
            for option, value in options.items() if name in self._rules else ():
                floor = self._production.floor(self._rules[name], option, value, of_stack_file)
                limit = self._production.floors_of(self._rules[name], of_stack_file).get(option)
                if floor != value:
                    yield (
                        f"{name}.{option} is {json.dumps(value)}, and stack {self._stack} is production ({why}), where "
                        f"it may be no looser than {json.dumps(limit)}. Write that; or a waiver in "
                        "policies/waivers.yaml; or, for all of production, as floors in policies/production.yaml "
                        f"{name}: {json.dumps({option: value})}."
                    )

    def _environment(self, urn: str) -> Environment:
        profile = self._configured.get(PROFILE.id)
        configured = profile.properties.fields["environment"].string_value if profile else ""
        stack = stack_of(urn) or self._stack
        if self._production.why(stack, self._accounts):
            return "prod"
        return _named(configured, self._given_environment, stack)

    def _evaluation_context(self, urn: str) -> EvaluationContext:
        self._stack = stack_of(urn) or self._stack
        self._is_production = bool(self._production.why(self._stack, self._accounts))
        return EvaluationContext(self._environment(urn), self._today)

    def _see_account(self, provider: struct_pb2.Struct) -> None:
        """Stores the account of production in which a resource is built, whatever the stack's settings say."""
        fields = provider.fields
        if self._production.accounts:
            account = self._production.account_in(" ".join(str(fields[key]) for key in OF_PROVIDER if key in fields))
            self._accounts += f" {account}" if account not in self._accounts else ""

    def _level(self, rule: Rule | StackRule, environment: Environment) -> Level:
        """Returns the environment's level, unless the configured one differs from what GetAnalyzerInfo reported.

        The engine sends a level for every rule: where nobody configured one, it sends back the reported level.
        """
        level = self._configured_level(rule, environment, self._configured)
        return "mandatory" if self._is_production and not self._only_shows and self._lowered(rule, level) else level

    def _configured_level(
        self, rule: Rule | StackRule, environment: Environment, config: Mapping[str, wire.PolicyConfig]
    ) -> Level:
        configured = config.get(rule.id)
        if configured is None or configured.enforcementLevel == _LEVELS[self._reported_levels[rule.id]]:
            return rule.level(environment)
        names = {number: name for name, number in _LEVELS.items()}
        return names.get(configured.enforcementLevel, "mandatory")

    def _lowered(self, rule: Rule | StackRule, level: Level) -> bool:
        """Tells whether nobody may set this level in production."""
        return rule.severity == "critical" and level != "mandatory"

    def _runs(self, rule: Rule | StackRule, environment: Environment, response: wire.AnalyzeResponse) -> bool:
        if self._level(rule, environment) != "disabled":
            return True
        reason = f"disabled in {environment}"
        response.not_applicable.append(wire.PolicyNotApplicable(policy_name=rule.id, reason=reason))
        return False

    def _options(self, rule: Rule | StackRule, environment: Environment) -> dict[str, Any]:
        key = (rule.id, environment, self._is_production)
        if key not in self._options_in_force:
            given = (self._of_pack.get(rule.id, {}), self._of_stack_file(rule))
            self._options_in_force[key] = {
                name: self._value(rule, name, [each[name] for each in given if name in each], environment)
                for name in rule.options
            }
        return self._options_in_force[key]

    def _of_stack_file(self, rule: Rule | StackRule) -> Mapping[str, Any]:
        given, floor = self._of_stack.get(rule.id, {}), self._production.floor
        return {each: floor(rule, each, given[each], True) for each in given} if self._is_production else given

    def _value(self, rule: Rule | StackRule, name: str, given: list[Any], environment: Environment) -> Any:
        option = rule.options[name]
        production = self._production if self._is_production else Production()
        value = reduce(partial(strictest, option), given) if given else production.default(rule, name, environment)
        return production.floor(rule, name, value)

    def _rules_for(self, kind: str) -> list[Rule]:
        if kind not in self._by_type:
            self._by_type[kind] = [rule for rule in self._resource_rules if rule.covers(kind)]
        return self._by_type[kind]

    # Diagnostics

    def _report(
        self,
        rule: Rule | StackRule,
        findings: list[Finding],
        evaluation: EvaluationContext,
        response: wire.AnalyzeResponse,
    ) -> None:
        for finding in findings:
            if finding.kind == "crashed":
                text = (
                    f"The rule {rule.id} {finding.message} on {finding.urn}, so this resource was not checked.\n"
                    "Fix: repair the rule, or disable it in the configuration."
                )
                response.diagnostics.append(self._notice(CRASHED, text, finding.urn))
            elif finding.kind == "deferred":
                response.diagnostics.append(
                    self._notice(DEFERRED, f"{rule.id}: {finding.path} {finding.message}.", finding.urn)
                )
            elif waiver := self._waiver_for(finding, evaluation.today):
                response.diagnostics.append(self._notice(APPLIED, f"Waived: {waiver}.", finding.urn))
            else:
                level = self._level(rule, evaluation.environment)
                response.diagnostics.append(_violation(rule, level, finding, evaluation.today))

    def _waiver_for(self, finding: Finding, today: date) -> Waiver | None:
        matching = [waiver for waiver in self._waivers if waiver.covers(finding.rule, finding.urn)]
        for waiver in matching:
            self._used_waivers.setdefault(waiver, set()).add(finding.urn)
        return next((waiver for waiver in matching if not waiver.has_expired(today)), None)

    def _report_production(self, response: wire.AnalyzeResponse) -> None:
        """Says once why a stack is judged as prod whose settings, or whose name, say something else.

        As early as it is known: the rules of prod may stop the preview at its first resource.
        """
        why = self._production.why(self._stack, self._accounts)
        said = _named(self._given_environment, self._stack)
        if why and said != "prod" and not self._told_of_production:
            self._told_of_production = True
            text = (
                f"Stack {self._stack} is judged as prod ({why}), but says {said}.\n"
                "Fix: write environment: prod and its account_id in the stack file, or build it elsewhere."
            )
            response.diagnostics.append(self._notice(IN_PRODUCTION, text, ""))

    def _report_waivers(self, stack: str, today: date, response: wire.AnalyzeResponse) -> None:
        for waiver in self._waivers:
            if waiver.stack == stack and waiver.has_expired(today):
                text = f"Expired: {waiver}.\nFix: change the resource, or renew the waiver with a new date."
                response.diagnostics.append(self._notice(EXPIRED, text, ""))
            elif waiver.stack == stack and waiver not in self._used_waivers:
                response.diagnostics.append(self._notice(UNUSED, f"Unused: {waiver}.\nFix: remove it.", ""))
            elif waiver.stack == stack and (count := len(self._used_waivers[waiver])) > MOST_RESOURCES:
                text = (
                    f"Covers {count} resources: {waiver}.\nFix: write one for at most {MOST_RESOURCES}, by their names."
                )
                response.diagnostics.append(self._notice(BROAD, text, ""))

    def _notice(self, notice: Notice, message: str, urn: str) -> wire.AnalyzeDiagnostic:
        level = "advisory" if self._only_shows else notice.level
        message = f"{message}\nMore: {DOCS}#{notice.id}"
        return _diagnostic(notice.id, notice.why, level, notice.severity, message, urn)


def _named(*names: str) -> Environment:
    """Returns the first of the names that is an environment; prod, the strictest, when none is."""
    return next((name for name in names if name in ENVIRONMENTS), "prod")


def _resource(
    request: wire.AnalyzeRequest | wire.AnalyzerResource,
    evaluation: EvaluationContext,
    reads: Reads,
    judged: Resource | None = None,
) -> Resource:
    resource = Resource(
        urn=request.urn,
        kind=request.type,
        read=lambda: from_struct(request.properties) if request.properties.fields or not judged else judged.value,
        read_provider=lambda: from_struct(request.provider.properties),
        provider_urn=request.provider.urn,
        protect=request.options.protect,
        parent=request.options.parent,
        context=evaluation,
        reads=reads,
    )
    resource.inputs_of = judged or resource
    return resource


def _linked(
    requests: Iterable[wire.AnalyzerResource],
    evaluation: EvaluationContext,
    reads: Reads,
    judged: Mapping[str, Resource],
) -> list[Resource]:
    by_urn = {each.urn: (_resource(each, evaluation, reads, judged.get(each.urn)), each) for each in requests}
    for resource, request in by_urn.values():
        resource.links = {
            key: [by_urn[urn][0] for urn in dependencies.urns if urn in by_urn]
            for key, dependencies in request.propertyDependencies.items()
        }
    return [resource for resource, _ in by_urn.values()]


def _policy_info(rule: Rule | StackRule, environment: Environment) -> wire.PolicyInfo:
    kind = wire.POLICY_TYPE_RESOURCE if isinstance(rule, Rule) else wire.POLICY_TYPE_STACK
    info = wire.PolicyInfo(
        name=rule.id,
        displayName=rule.id,
        description=rule.why,
        enforcementLevel=cast(Any, _LEVELS[rule.level(environment)]),
        severity=cast(Any, _SEVERITIES[rule.severity]),
        policy_type=kind,
        tags=list(rule.standards),
        remediation_steps=rule.fix,
        url=f"{DOCS}#{rule.id}",
    )
    for name, option in rule.options.items():
        info.configSchema.properties.update({name: schema(option)})
    return info


def _notice_info(notice: Notice) -> wire.PolicyInfo:
    info = wire.PolicyInfo(
        name=notice.id,
        displayName=notice.id,
        description=notice.why,
        enforcementLevel=cast(Any, _LEVELS[notice.level]),
        severity=cast(Any, _SEVERITIES[notice.severity]),
        url=f"{DOCS}#{notice.id}",
    )
    if notice is PROFILE:
        info.configSchema.properties.update({"environment": {"type": "string", "enum": list(ENVIRONMENTS)}})
    return info


def _violation(rule: Rule | StackRule, level: Level, finding: Finding, today: date) -> wire.AnalyzeDiagnostic:
    waive = entry_for(rule.id, finding.urn, today)
    parts = {"Why": rule.why, "Fix": rule.fix_at(finding.path), "More": f"{DOCS}#{rule.id}", "Waive": waive}
    message = "\n".join([f"{finding.path} {finding.message}.", *(f"{name}: {text}" for name, text in parts.items())])
    return _diagnostic(rule.id, rule.why, level, rule.severity, message, finding.urn)


def _diagnostic(
    name: str, description: str, level: Level, severity: Severity, message: str, urn: str
) -> wire.AnalyzeDiagnostic:
    return wire.AnalyzeDiagnostic(
        policyName=name,
        policyPackName=PACK,
        policyPackVersion=VERSION,
        description=description,
        message=message,
        urn=urn,
        enforcementLevel=cast(Any, _LEVELS[level]),
        severity=cast(Any, _SEVERITIES[severity]),
    )

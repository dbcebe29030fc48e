"""Judges without an engine: `python -m policies.check (--state FILE | --stack NAME | --plan FILE | --objects FILE)`.

It reads what `pulumi stack export`, `pulumi preview --json` or `helm template` prints, runs the pack in this process,
and writes which rules passed, failed, were waived, wait for a value, or did not apply. Exit status: 0; 1 when a
mandatory rule failed; 2 when there is nothing to judge.
"""

import argparse
import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Xml

import yaml
from pulumi.runtime.proto import analyzer_pb2 as wire

from common.markdown import plain
from common.urns import name_of, stack_of, type_of
from common.values import SECRET_SIGNATURE, SIGNATURE_KEY, UNKNOWN, Secret
from common.version import VERSION
from common.wire import to_struct
from policies.analyzer import BROAD, DOCS, EXPIRED, IN_PRODUCTION, PACK, UNUSED, Analyzer, Notice
from policies.evaluate import NEEDED, WAITS, Finding
from policies.manifests import resources_of_manifests
from policies.pack import PRODUCTION, WAIVERS
from policies.production import NAMESPACE, ProductionError
from policies.production import load as load_production
from policies.registry import rules, statement_of
from policies.rule import ENVIRONMENTS, Level, Rule, StackRule
from policies.views import EvaluationContext
from policies.waivers import WaiverError, entry_for, load, today

STATUSES = ("failed", "crashed", "deferred", "waived", "passed", "not applicable")
ENCRYPTED = "may be a secret that is encrypted here, and this rule needs it: export or preview with --show-secrets"
_THAT_LEAVE_A_RESOURCE = ("same", "create", "update", "replace", "import")
"""Operations that the summary of a preview counts."""
_SHAPES: Mapping[str, type] = {"inputs": dict, "outputs": dict, "propertyDependencies": dict, "parent": str}
_STATUS = {"violation": "failed", "crashed": "crashed", "deferred": "deferred"}
_OF_THE_PACK = {notice.id: notice for notice in (IN_PRODUCTION, EXPIRED, BROAD, UNUSED)}
"""What the pack says itself. What crashed, is deferred or waived is an outcome of its rule."""
_NOT_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class CannotJudgeError(Exception):
    """The input cannot be read. The text says what, why and what to give."""


@dataclass(frozen=True)
class Outcome:
    """What a rule or the pack itself said about one resource, or that a rule passed or did not apply.

    file, line: of the program that declares the resource, where the engine recorded it. edit: path -> the value there
    that passes, where the rule knows it; None: nothing. waiver: what covers it, with owner, reason and last day.
    """

    rule: str
    status: str
    level: Level
    severity: str
    urn: str = ""
    path: str = ""
    message: str = ""
    file: str = ""
    line: int = 0
    edit: Mapping[str, Any] = field(default_factory=dict)
    waiver: str = ""

    @property
    def sentence(self) -> str:
        """What was said, in one line, without the place."""
        said = " ".join(filter(None, (self.path, *self.message.removesuffix(".").splitlines()))) + "."
        return f"{said} Waived: {self.waiver}." if self.waiver else said


class _Recording(Analyzer):
    """The pack, which also keeps what each rule said."""

    def __init__(self, *given: Any, places: Mapping[str, tuple[str, int]]) -> None:
        super().__init__(*given)
        self.outcomes: list[Outcome] = []
        self._places = places

    def _report(
        self,
        rule: Rule | StackRule,
        findings: list[Finding],
        evaluation: EvaluationContext,
        response: wire.AnalyzeResponse,
    ) -> None:
        super()._report(rule, findings, evaluation, response)
        level = self._level(rule, evaluation.environment)
        for each in findings:
            waived = self._waiver_for(each, evaluation.today) if each.kind == "violation" else None
            file, line = self._places.get(each.urn, ("", 0))
            status = "waived" if waived else _STATUS[each.kind]
            given = (rule.id, status, level, rule.severity, each.urn, each.path, each.message, file, line)
            edit = rule.mend_at(each.path) if status == "failed" else {}
            self.outcomes.append(Outcome(*given, edit, str(waived or "")))

    def levels(self, urn: str) -> dict[str, Level]:
        """Returns rule id -> its level for the stack."""
        return {rule.id: self._level(rule, self._environment(urn)) for rule in self._rules.values()}


def resources_of(document: Any) -> list[Mapping[str, Any]]:
    """Returns the resources in an export, a checkpoint or the output of `pulumi preview --json`.

    Raises CannotJudgeError, also for a preview that failed or leaves out what stays as it is.
    """
    given = document if isinstance(document, Mapping) else {}
    deployment = given.get("deployment") or _map(_map(given.get("checkpoint")).get("latest"))
    if "steps" in given:
        found = _planned(given)
    elif "deployment" in given or "resources" in deployment:
        found = _map(deployment).get("resources") or []
    else:
        raise CannotJudgeError(
            "it has neither resources nor steps. Give what `pulumi stack export` or `pulumi preview --json` prints."
        )
    _check_shapes(found)
    return [each for each in found if not each.get("delete") and not each.get("external")]


def _check_shapes(resources: Any) -> None:
    """Raises CannotJudgeError for what is no resource as the engine writes it."""
    for number, each in enumerate(resources if isinstance(resources, list) else [resources], 1):
        given = _map(each)
        if any(not isinstance(given.get(key), str) for key in ("urn", "type")):
            raise CannotJudgeError(f"number {number} in it is no resource with urn and type. Export the stack again.")
        links = _map(given.get("propertyDependencies")).values()
        texts = [urn for urns in links if isinstance(urns, list) for urn in urns]
        wrong = [key for key, shape in _SHAPES.items() if not isinstance(given.get(key) or shape(), shape)]
        if not all(isinstance(urns or [], list) for urns in links) or not all(isinstance(urn, str) for urn in texts):
            wrong.append("propertyDependencies")
        if wrong:
            raise CannotJudgeError(f"{given['urn']} has a wrong {wrong[0]}. Export the stack again.")


def _map(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _planned(plan: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Returns the resources of a preview, with the default providers, which it leaves out: they are its `config`.

    Source: shouldShow in pkg/backend/display of pulumi/pulumi, tried on the engine v3.259; read 2026-11.
    """
    steps = [_map(step) for step in plan["steps"]] if isinstance(plan["steps"], list) else []
    told = plan.get("diagnostics")
    errors = [each for each in map(_map, told if isinstance(told, list) else ()) if each.get("severity") == "error"]
    if errors:
        said = " ".join(str(errors[0].get("message")).split())
        raise CannotJudgeError(f"the preview failed, so its plan is not whole: {said} Mend that, and preview again.")
    shown = Counter(str(step.get("op")) for step in steps)
    shown["replace"] = max(shown["replace"], shown["create-replacement"])  # the same, with --show-replacement-steps
    summary = _map(plan.get("changeSummary"))
    if wrong := [op for op, count in summary.items() if not isinstance(count, int)]:
        raise CannotJudgeError(f"changeSummary.{wrong[0]} is no number. Preview again.")
    if missing := sum(max(0, summary.get(op, 0) - shown[op]) for op in _THAT_LEAVE_A_RESOURCE):
        raise CannotJudgeError(
            f"the plan leaves out {missing} resources that stay as they are, so rules about the stack would be wrong. "
            "Write it with `pulumi preview --json --show-sames`."
        )
    found = [step["newState"] for step in steps if step.get("newState")]
    _check_shapes(found)
    found = list({each["urn"]: each for each in found}.values())  # one that is replaced may be there more than once
    urns = {str(_map(each).get("provider") or "").rpartition("::")[0] for each in found}
    for urn in sorted(urns - {_map(each).get("urn") for each in found}):
        if not name_of(urn).startswith("default"):
            continue
        package = type_of(urn).rpartition(":")[2]
        own = {key.partition(":")[2]: text for key, text in settings_of(plan).items() if key.startswith(f"{package}:")}
        found.append({"urn": urn, "type": type_of(urn), "inputs": own})
    return found


def settings_of(plan: Any) -> dict[str, str]:
    """Returns the configuration in the output of `pulumi preview --json` as text, without secrets."""
    config = _map(_map(plan).get("config"))
    return {key: text for key, text in config.items() if isinstance(text, str) and text != "[secret]"}


def judge(
    resources: Sequence[Mapping[str, Any]],
    config: Mapping[str, Any] | None = None,
    environment: str = "",
    waivers: Path = WAIVERS,
    today: Callable[[], date] = today,
    settings: Mapping[str, str] | None = None,
) -> list[Outcome]:
    """Returns what the pack says about resources as a state has them, by rule.

    config: as in the file for `--policy-pack-config`. environment: dev, staging or prod; "": by the stack's name.
    settings: the stack's configuration: full keys, such as `ml-platform:policies`, -> text.
    Raises CannotJudgeError for a configuration that the pack refuses, ProductionError and WaiverError.
    """
    places = {each["urn"]: _place(each) for each in resources}
    production = load_production(PRODUCTION, rules())
    pack = _Recording(rules(), load(waivers, rules(), today()), today, production, places=places)
    _configure(pack, config or {}, environment, stack_of(resources[0]["urn"]) if resources else "", settings or {})
    messages = [_message(each, {other["urn"]: other for other in resources}) for each in resources]
    kinds, told = [each.type for each in messages], list[wire.AnalyzeDiagnostic]()
    for state, message in zip(resources, messages, strict=True):
        request = wire.AnalyzeRequest(
            type=message.type,
            urn=message.urn,
            name=message.name,
            properties=to_struct(opened(state.get("inputs") or {})),
            options=message.options,
            provider=message.provider,
        )
        told += pack.Analyze(request, None).diagnostics
    for each in [*told, *pack.AnalyzeStack(wire.AnalyzeStackRequest(resources=messages), None).diagnostics]:
        if notice := _OF_THE_PACK.get(each.policyName):
            pack.outcomes.append(Outcome(notice.id, "failed", notice.level, notice.severity, message=each.message))
    encrypted = {each["urn"] for each in resources if _has_encrypted(each)}
    pack.outcomes = [
        replace(each, message=ENCRYPTED) if each.urn in encrypted and each.message in (NEEDED, WAITS) else each
        for each in pack.outcomes
    ]
    said = {outcome.rule for outcome in pack.outcomes}
    levels = pack.levels(resources[0]["urn"] if resources else "")
    for rule in rules().values():
        if rule.id not in said:
            applies = levels[rule.id] != "disabled" and any(map(rule.covers, kinds))
            status = "passed" if applies else "not applicable"
            pack.outcomes.append(Outcome(rule.id, status, levels[rule.id], rule.severity))
    return sorted(pack.outcomes, key=lambda each: (STATUSES.index(each.status), each.rule, each.urn, each.path))


def _configure(
    pack: Analyzer, config: Mapping[str, Any], environment: str, stack: str, settings: Mapping[str, str]
) -> None:
    if problems := pack.configure_stack(stack, settings):
        raise CannotJudgeError("; ".join(problems))
    reported = {info.name: info.enforcementLevel for info in pack.GetAnalyzerInfo(None, None).policies}
    request = wire.ConfigureAnalyzerRequest()
    for name, given in {**config, **({"profile": {"environment": environment}} if environment else {})}.items():
        if not isinstance(given, str | Mapping):
            raise CannotJudgeError(f"{name} is {json.dumps(given)}. Write a level, or a map of options.")
        options = {"enforcementLevel": given} if isinstance(given, str) else dict(given)
        level = options.pop("enforcementLevel", None)
        if level is not None and level not in ("advisory", "mandatory", "disabled"):
            raise CannotJudgeError(f'{name}: there is no level "{level}". Write advisory, mandatory or disabled.')
        request.policyConfig[name].enforcementLevel = (
            wire.EnforcementLevel.Value(level.upper()) if level else reported.get(name, wire.ADVISORY)
        )
        request.policyConfig[name].properties.update(options)
    if problems := pack.configure(request.policyConfig):
        raise CannotJudgeError("; ".join(problems))


def _has_encrypted(value: Any) -> bool:
    if isinstance(value, Mapping):
        return "ciphertext" in value or any(map(_has_encrypted, value.values()))
    return isinstance(value, list) and any(map(_has_encrypted, value))


def opened(value: Any) -> Any:
    """Returns a value of a state with its secrets marked. A secret that is encrypted is unknown."""
    if isinstance(value, Mapping):
        if value.get(SIGNATURE_KEY) == SECRET_SIGNATURE:
            return Secret(_plaintext(value["plaintext"]) if "plaintext" in value else UNKNOWN)
        return {key: opened(item) for key, item in value.items()}
    return [opened(item) for item in value] if isinstance(value, list) else value


def _plaintext(text: Any) -> Any:
    try:
        return json.loads(text)
    except (TypeError, ValueError):
        raise CannotJudgeError("a secret in it is no JSON. Export the stack again.") from None


def _message(state: Mapping[str, Any], by_urn: Mapping[str, Mapping[str, Any]]) -> wire.AnalyzerResource:
    provider_urn = str(state.get("provider") or "").rpartition("::")[0]
    provider = by_urn.get(provider_urn, {})
    outputs = state.get("outputs") or state.get("inputs") or {}
    identity = {"id": state["id"]} if state.get("id") else {}
    message = wire.AnalyzerResource(
        type=state["type"],
        urn=state["urn"],
        name=name_of(state["urn"]),
        properties=to_struct(opened({**outputs, **identity})),
        options=wire.AnalyzerResourceOptions(protect=bool(state.get("protect")), parent=state.get("parent") or ""),
        provider=wire.AnalyzerProviderResource(
            type=provider.get("type", ""), urn=provider_urn, properties=to_struct(opened(provider.get("inputs") or {}))
        ),
    )
    for key, urns in (state.get("propertyDependencies") or {}).items():
        message.propertyDependencies[key].urns.extend(urns or ())
    return message


def _place(state: Mapping[str, Any]) -> tuple[str, int]:
    match = re.fullmatch(r"project:///?(.+?)#(\d+)(?:,\d+)?", str(state.get("sourcePosition") or ""))
    return (match[1], int(match[2])) if match else ("", 0)


def is_refused(outcomes: Iterable[Outcome]) -> bool:
    """Tells whether a mandatory rule failed, a rule crashed, or a waiver covers too much or has expired."""
    return any(each.status == "crashed" or (each.status == "failed" and each.level == "mandatory") for each in outcomes)


@dataclass(frozen=True)
class Page:
    """The outcomes in each form. today: the day from which a waiver counts."""

    outcomes: Sequence[Outcome]
    today: date = field(default_factory=today)

    @cached_property
    def counts(self) -> dict[str, int]:
        """Status -> how many rules have it; a rule with several has its gravest."""
        worst: dict[str, str] = {}
        for each in self.outcomes:
            worst.setdefault(each.rule, each.status)
        return {status: sum(1 for each in worst.values() if each == status) for status in STATUSES}

    @property
    def verdict(self) -> str:
        """One line: how many rules have each status."""
        return f"{sum(self.counts.values())} rules: " + ", ".join(f"{n} {status}" for status, n in self.counts.items())

    def _said(self) -> Iterator[tuple[str, str, list[Outcome]]]:
        """Yields rule, status and outcomes of each rule that said something."""
        groups: dict[tuple[str, str], list[Outcome]] = {}
        for each in self.outcomes:
            if each.urn or each.message:
                groups.setdefault((each.rule, each.status), []).append(each)
        yield from ((rule, status, said) for (rule, status), said in groups.items())

    def _by_rule(self) -> Iterator[tuple[str, list[str], list[str]]]:
        """Yields for each rule that said something: a title, what it said, a waiver to paste and the other URNs."""
        for rule_id, status, said in self._said():
            rule, failed = _record(rule_id), [each for each in said if status == "failed" and each.urn]
            urns = list(dict.fromkeys(each.urn for each in failed))
            lines = [f"{_short(each.urn)}{_line(each)}: {each.sentence}" for each in said]
            lines += [f"Why: {rule.why}"]
            if not isinstance(rule, Notice):
                lines += [f"Fix: {rule.fix_at(*(each.path for each in failed))}"]
            waivers = [entry_for(rule_id, urn, self.today) for urn in urns[:1]] + [f"# or: {urn}" for urn in urns[1:]]
            title = f"{rule_id}: {status}, {said[0].level}, {rule.severity}, {len(said)} finding{'s' * (len(said) > 1)}"
            yield title, [*lines, f"More: {DOCS}#{rule_id}"], waivers

    def text(self) -> str:
        """Returns the findings by rule, the gravest first, and the verdict as the last line."""
        lines = []
        for title, said, waivers in self._by_rule():
            said += [*(f"Waive: {each}" for each in waivers[:1]), *waivers[1:]]
            lines += [title, *(f"  {line}" for line in said), ""]
        return "\n".join([*lines, self.verdict])

    def markdown(self) -> str:
        """Returns a heading with the verdict, and a part for each rule that said something."""
        lines = ["## Policies", "", f"{self.verdict}.", ""]
        for title, said, waivers in self._by_rule():
            lines += [f"### {title}", "", *(f"- {plain(line)}" for line in said), ""]
            lines += ["```yaml", *waivers, "```", ""] if waivers else []
        return "\n".join(lines)

    def json(self) -> str:
        """Returns counts, outcomes and what the rules say of them as JSON."""
        said = {
            each: {
                "why": _record(each).why,
                "fix": getattr(_record(each), "fix", ""),
                "stack_file": dict(getattr(_record(each), "stack_file", {})),
                "more": f"{DOCS}#{each}",
            }
            for each in sorted({rule_id for rule_id, _, _ in self._said()})
        }
        outcomes = [asdict(each) for each in self.outcomes]
        return json.dumps({"counts": self.counts, "rules": said, "outcomes": outcomes}, indent=2)

    def sarif(self) -> str:
        """Returns SARIF 2.1.0. Source: OASIS, "Static Analysis Results Interchange Format 2.1.0"; read 2026-11."""
        described = [
            {
                "id": rule.id,
                "shortDescription": {"text": statement_of(rule.id)},
                "fullDescription": {"text": rule.why},
                "help": {"text": f"{rule.fix_at()} See {DOCS}#{rule.id}."},
                "properties": {"tags": list(rule.standards), "severity": rule.severity},
            }
            for rule in rules().values()
        ]
        described += [{"id": each.id, "shortDescription": {"text": each.why}} for each in _OF_THE_PACK.values()]
        seen = Counter[str]()
        results = [
            {
                "ruleId": each.rule,
                "level": "none" if each.status == "deferred" else "error" if is_refused([each]) else "warning",
                "kind": "open" if each.status == "deferred" else "fail",  # which takes no level
                "message": {"text": f"{_short(each.urn)}: {each.sentence}"},
                "locations": [_location(each)],
                "partialFingerprints": {"urn/v1": _numbered(f"{each.rule} {each.urn} {each.path}", seen)},
                **({"properties": {"edit": dict(each.edit)}} if each.edit else {}),
                **({"suppressions": [{"kind": "external", "justification": each.waiver}]} if each.waiver else {}),
            }
            for _, _, said in self._said()
            for each in said
        ]
        driver = {"name": PACK, "version": VERSION, "informationUri": DOCS, "rules": described}
        schema = "https://json.schemastore.org/sarif-2.1.0.json"
        run = {"tool": {"driver": driver}, "results": results}
        return json.dumps({"$schema": schema, "version": "2.1.0", "runs": [run]}, indent=2)

    def junit(self) -> str:
        """Returns one test case for each rule, in JUnit's XML."""
        counted = self.counts
        suite = Xml.Element(
            "testsuite",
            name=PACK,
            tests=str(sum(counted.values())),
            failures=str(counted["failed"]),
            errors=str(counted["crashed"]),
            skipped=str(counted["not applicable"] + counted["deferred"]),
        )
        by_rule: dict[str, list[Outcome]] = {}
        for each in self.outcomes:
            by_rule.setdefault(each.rule, []).append(each)
        tags = {
            "failed": "failure",
            "crashed": "error",
            "deferred": "skipped",
            "not applicable": "skipped",
            "waived": "system-out",
        }
        for rule_id, said in by_rule.items():
            case = Xml.SubElement(suite, "testcase", classname=PACK, name=rule_id)
            if tag := tags.get(said[0].status):
                shown = "\n".join(f"{each.urn or 'the stack'}: {each.sentence}" for each in said if each.message)
                message = {} if tag == "system-out" else {"message": said[0].status}
                Xml.SubElement(case, tag, message).text = _NOT_XML.sub("\ufffd", shown)
        return Xml.tostring(suite, encoding="unicode", xml_declaration=True)


def _record(rule_id: str) -> Rule | StackRule | Notice:
    return _OF_THE_PACK.get(rule_id) or rules()[rule_id]


def _numbered(fingerprint: str, seen: Counter[str]) -> str:
    """Returns a fingerprint that no result before it has: several may be about one place."""
    seen[fingerprint] += 1
    return f"{fingerprint} {seen[fingerprint]}" if seen[fingerprint] > 1 else fingerprint


def _location(outcome: Outcome) -> dict[str, Any]:
    place: dict[str, Any] = {"logicalLocations": [{"fullyQualifiedName": outcome.urn, "kind": "resource"}]}
    if outcome.file:
        region = {"startLine": outcome.line}
        place["physicalLocation"] = {"artifactLocation": {"uri": outcome.file}, "region": region}
    return place


def _line(outcome: Outcome) -> str:
    return f" ({outcome.file}:{outcome.line})" if outcome.file else ""


def _short(urn: str) -> str:
    return f"{urn.split('::')[2].rpartition('$')[2]} {name_of(urn)}" if urn.count("::") > 2 else urn or "the stack"


FORMATS: Mapping[str, Callable[[Page], str]] = {
    "text": Page.text,
    "json": Page.json,
    "sarif": Page.sarif,
    "junit": Page.junit,
    "markdown": Page.markdown,
}


def _read(arguments: argparse.Namespace) -> tuple[list[Any], dict[str, str]]:
    """Returns resources and the configuration of the stack, as far as the source has it. Raises CannotJudgeError."""
    resources, settings = _source(arguments)
    if all(each["type"].startswith("pulumi:") for each in resources):
        raise CannotJudgeError("it has no resource to judge. Give a stack, plan or manifests with one.")
    return resources, _settings_in(arguments.settings) if arguments.settings else settings


def _source(arguments: argparse.Namespace) -> tuple[list[Any], dict[str, str]]:
    if arguments.stack:
        exported = _pulumi("stack", "export", "--stack", arguments.stack)
        return resources_of(exported), _settings(arguments.stack)
    file = arguments.state or arguments.plan or arguments.objects
    try:
        content = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
    except OSError as error:
        raise CannotJudgeError(f"{file} cannot be read: {error.strerror}.") from None
    if arguments.objects:
        return resources_of_manifests(content, arguments.namespace), {}
    try:
        document = json.loads(content)
    except ValueError as error:
        raise CannotJudgeError(f"{file} is not JSON: {error}.") from None
    if arguments.state and not arguments.settings:
        print("A state has no options of policies, environment and accounts: give its --settings.", file=sys.stderr)
    return resources_of(document), settings_of(document) if arguments.plan else {}


def _settings_in(file: Path) -> dict[str, str]:
    """Returns the configuration in a stack file as text, without secrets."""
    try:
        given = _map(_map(yaml.safe_load(file.read_text(encoding="utf-8"))).get("config"))
    except yaml.YAMLError as error:
        raise CannotJudgeError(f"{file} is not YAML: {' '.join(str(error).split())}") from None
    config = {str(key): each for key, each in given.items()}
    if not any(key.startswith((NAMESPACE, "aws:")) for key in config):
        raise CannotJudgeError(f"{file} has no setting of {NAMESPACE[:-1]} under config. Give the stack file.")
    plain = {key: each for key, each in config.items() if "secure" not in _map(each)}
    return {key: each if isinstance(each, str) else json.dumps(each, default=str) for key, each in plain.items()}


def _settings(stack: str) -> dict[str, str]:
    """Returns the configuration of a stack as text, without secrets."""
    return {
        key: each["value"] for key, each in _pulumi("config", "--json", "--stack", stack).items() if "value" in each
    }


def _pulumi(*arguments: str) -> Any:
    command = ("pulumi", *arguments)
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        raise CannotJudgeError(
            f"{' '.join(command)} does not start: {error}. Install Pulumi, or give --state."
        ) from None
    if done.returncode:
        raise CannotJudgeError(f"{' '.join(command)} fails: {done.stderr.strip()}")
    return json.loads(done.stdout)


def main(arguments: Sequence[str]) -> int:
    """Judges and prints. Returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m policies.check", description=__doc__.partition("\n")[0])
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--state", metavar="FILE", help="what `pulumi stack export` printed; - for standard input")
    source.add_argument("--stack", metavar="NAME", help="a stack of your own Pulumi, which is exported")
    source.add_argument(
        "--plan", metavar="FILE", help="what `pulumi preview --json --show-sames` printed; - for standard input"
    )
    source.add_argument("--objects", metavar="FILE", help="Kubernetes manifests, in YAML or JSON; - for standard input")
    parser.add_argument("--namespace", metavar="NAME", default="", help="of --objects that name none")
    parser.add_argument("--format", choices=FORMATS, default="text")
    parser.add_argument("--config", metavar="FILE", help="as for --policy-pack-config")
    parser.add_argument("--settings", metavar="FILE", type=Path, help="the stack file, for a state, which has none")
    parser.add_argument("--environment", choices=ENVIRONMENTS, default="", help="default: by the stack's name")
    parser.add_argument("--waivers", metavar="FILE", type=Path, default=WAIVERS)
    given = parser.parse_args(arguments)
    try:
        config = json.loads(Path(given.config).read_text(encoding="utf-8")) if given.config else {}
        if not isinstance(config, dict):
            raise CannotJudgeError(
                f'{given.config} is no map of rules. Write for example {{"node-no-ssh": "advisory"}}.'
            )
        resources, settings = _read(given)
        outcomes = judge(resources, config, given.environment, given.waivers, settings=settings)
    except (CannotJudgeError, ProductionError, WaiverError, OSError, ValueError) as error:
        print(f"The stack cannot be judged: {error}", file=sys.stderr)
        return 2
    print(FORMATS[given.format](Page(outcomes)))
    return int(is_refused(outcomes))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

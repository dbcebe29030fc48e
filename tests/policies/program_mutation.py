"""`python -m tests.policies.program_mutation [STACK ...]`: which wrong changes of our own stacks the pack notices.

It takes the resources of a stack as a preview has them and makes the changes that people make by mistake: a switch
turned, a property or a list left out, a strict value exchanged for the weak one beside it, `*` and 0.0.0.0/0 written, a
number made 100 times as large, a statement or its condition left out, `protect` taken away, a whole resource left out.
Each is made once for each property of a type. A change that AWS or the API server refuses, or that changes nothing, is
none: the simulator says which. It prints how many are noticed, for how many `program_changes.yaml` has a reason, how
many are open, and the rules that never spoke.
"""

import argparse
import copy
import json
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path as File
from typing import Any

import yaml

from common.values import UNKNOWN
from policies.evaluate import evaluate_rule, evaluate_stack_rule
from policies.rule import EvaluationContext, Rule, StackRule
from policies.views import Reads, Resource, Stack, show
from simulator.provider import Refusal
from tests.components.whole_stacks import STACKS, built
from tests.in_process.providers import Registered
from tests.policies.policy_harness import ALL, RESOURCE_RULES, STACK_RULES, TODAY

Path = tuple[str | int, ...]
GUARDS = re.compile(
    r"(?i)encrypt|kms|public|cidr|policy|protect|privilege|capabilit|runas|readonlyroot|seccomp|host(network|pid|ipc|path)|"
    r"httptokens|hoplimit|securitygroup|versioning|retention|mutability|scanonpush|tls|ssl|flowlog|enabledclusterlog|"
    r"authenticationmode|bootstrapcluster|accessconfig|principal|verbs|accessscope|kubernetesgroups|allowedaccount|"
    r"pod-security|networkpolic|ipblock|namespaceselector|serviceaccount|automount|limits|requests|enablekeyrotation|"
    r"deletionwindow|objectlock|lockconfiguration|blockpublic|ignorepublic|restrictpublic|forcedestroy|image$|digest|"
    r"taints|metadataoptions|securitycontext|tags$|validationactions|roleref|subjects|sourceselection"
)
"""Names in the path of a property that guards something. Only those are changed."""
_HARMLESS = re.compile(
    r"pod-security\.kubernetes\.io/(warn|audit)|(consolidation|eviction|reclaim|deletion|creation|refresh|rotation|renewal|dns|"
    r"preemption|instancestore)policy|retentionpolicy|resource-policy|sampledrequests|ignoredra",
    re.I,
)
"""What holds one of these names and guards nothing: it warns, or says when something is renewed or tidied up."""
_WHO = re.compile(r"(?i)(principal(arn)?|serviceaccount|policyarn|accesspolicy|kubernetesgroups\[\d+\])$")
"""Properties where people write `*` for everybody."""
_MORE_IS_STRICTER = re.compile(r"(?i)retention|window|runas")
_WEAKER = {
    "Fail": "Ignore",
    "Deny": "Audit",
    "required": "optional",
    "restricted": "privileged",
    "baseline": "privileged",
    "RuntimeDefault": "Unconfined",
    "IMMUTABLE": "MUTABLE",
    "Enabled": "Suspended",
    "aws:kms": "AES256",
    "API": "API_AND_CONFIG_MAP",
}
"""A strict value -> the weak one that the same property takes."""
EVERYBODY = [{"kind": "Group", "name": "system:authenticated", "apiGroup": "rbac.authorization.k8s.io"}]
ADMIN = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"}
_GUARDIANS = re.compile(
    r":(BucketPolicy|BucketPublicAccessBlock|BucketVersioning|BucketServerSideEncryptionConfiguration|BucketLogging|"
    r"BucketOwnershipControls|FlowLog|DefaultSecurityGroup|Budget|MetricAlarm|LogMetricFilter|LogGroup|VaultLockConfiguration|"
    r"Selection|FileSystemPolicy|QueuePolicy|TopicPolicy|TopicSubscription|DetectorFeature|WebAcl|AccessEntry|"
    r"AccessPolicyAssociation|NetworkPolicy|ResourceQuota|LimitRange|ValidatingAdmissionPolicy(Binding)?|PrometheusRule|"
    r"ServiceAccountPatch|PodDisruptionBudget|AuthorizationPolicy|PodIdentityAssociation|BucketLifecycleConfiguration)$"
)
"""Resources that guard others. Each is left out once for each component that makes it."""
ARGUED = File(__file__).with_name("program_changes.yaml")
"""Reason -> the changes that no rule notices, as patterns of what the list prints."""
EVERY_OBJECT = {"kubernetes:*"}
"""Stack rules about all pods together are about places on nodes, and would take most of the time."""
WIDE = "0.0.0.0/0"
_CIDR = re.compile(r"\d+\.\d+\.\d+\.\d+/\d+")


@dataclass(frozen=True)
class Change:
    """One wrong change of one resource."""

    kind: str
    path: str
    what: str
    props: Mapping[str, Any]
    protect: bool | None = None
    gone: bool = False
    holder: str = ""

    @property
    def guards(self) -> bool:
        """Tells whether the property guards something."""
        return bool(GUARDS.search(self.path.replace(".", ""))) and not _HARMLESS.search(self.path)

    def __str__(self) -> str:
        path = re.sub(r"\[\d+\]", "[]", self.path)
        return f"{self.kind.rpartition(':')[2]} {path}{': ' if path else ''}{self.what}"


class Judge:
    """The rules over the resources of one stack, which stay as they are but for one change at a time."""

    def __init__(self, stack: str) -> None:
        self.cloud = cloud = built(stack, preview=True)
        environment = STACKS[stack]().environment
        context, reads = EvaluationContext(environment, TODAY), Reads()
        self.props: dict[str, Mapping[str, Any]] = {}
        self.resources: dict[str, Resource] = {}
        registered = cloud.registered
        for urn, each in registered.items():
            provider = each.provider.rpartition("::")[0]
            self.props[urn] = each.inputs
            self.resources[urn] = Resource(
                urn=urn,
                kind=each.type,
                read=lambda urn=urn: self.props[urn],
                context=context,
                reads=reads,
                protect=each.protect,
                parent=each.parent,
                read_provider=lambda provider=provider: registered[provider].inputs if provider in registered else {},
                provider_urn=provider,
            )
        for urn, each in registered.items():
            self.resources[urn].links = {
                key: [self.resources[target] for target in sorted(targets) if target in self.resources]
                for key, targets in each.property_dependencies.items()
            }
        self.seen = frozenset(kind for rule in ALL.values() for kind in rule.types)
        self.options = {
            rule.id: {name: option.value_in(environment) for name, option in rule.options.items()}
            for rule in ALL.values()
        }
        self.stacks = {
            rule.id: [each for each in self.resources.values() if rule.covers(each.type)] for rule in STACK_RULES
        }
        self.before: dict[tuple[str, str], set[tuple[str, str]]] = {}

    def _findings(self, rule: Rule | StackRule, resource: Resource) -> set[tuple[str, str]]:
        if isinstance(rule, Rule):
            found = evaluate_rule(rule, resource, self.options[rule.id])
        else:
            first = next(iter(self.resources.values()))
            stack = Stack(first.urn, first.context, self.stacks[rule.id], self.seen)
            found = evaluate_stack_rule(rule, stack, self.options[rule.id])
        return {(each.urn, each.path) for each in found if each.kind != "deferred"}

    def _rules(self, kind: str) -> list[Rule | StackRule]:
        near = [rule for rule in STACK_RULES if kind.startswith("aws:") or not EVERY_OBJECT & {*rule.types}]
        return [rule for rule in (*RESOURCE_RULES, *near) if rule.covers(kind)]

    def notice(self, urn: str, change: Change) -> set[str]:
        """Returns the rules that find more after the change than before."""
        resource, kept = self.resources[urn], self.props[urn]
        protect = resource.protect
        rules = [rule for rule in self._rules(resource.type) if not (change.gone and isinstance(rule, Rule))]
        for rule in rules:
            key = (rule.id, urn if isinstance(rule, Rule) else "")
            if key not in self.before:
                self.before[key] = self._findings(rule, resource)
        self.props[urn] = change.props
        resource.protect = protect if change.protect is None else change.protect
        resource.__dict__.pop("_properties", None)
        whole = self.stacks
        if change.gone:
            self.stacks = {rule: [each for each in stack if each.urn != urn] for rule, stack in whole.items()}
        try:
            return {
                rule.id
                for rule in rules
                if self._findings(rule, resource) - self.before[rule.id, urn if isinstance(rule, Rule) else ""]
            }
        finally:
            self.props[urn], resource.protect, self.stacks = kept, protect, whole
            resource.__dict__.pop("_properties", None)

    def is_possible(self, urn: str, change: Change) -> bool:
        """Tells whether the simulator takes the change, and has another resource then."""
        if change.gone or change.protect is not None:
            return True
        was = self.cloud.registered[urn]
        provider = self.cloud.registered.get(was.provider.rpartition("::")[0])
        config = provider.inputs if provider else None
        new = Registered(urn, dict(change.props))
        try:
            self.cloud.providers.create(new, config, preview=True)
        except (Refusal, KeyError):  # a key that the SDK requires, and so the simulator reads
            return False
        finally:
            self.cloud.providers.create(Registered(urn, was.inputs), config, preview=True)
        return new.checked != was.checked and (new.outputs != was.outputs or not new.outputs)

    def changes(self) -> Iterator[tuple[str, Change]]:
        """Yields one resource and change for each property of a type and each way to change it."""
        done: set[tuple[str, str, str]] = set()
        for urn, resource in self.resources.items():
            if resource.type.startswith(("aws:", "kubernetes:")) and "apiextensions" not in resource.type:
                for change in self._of(resource, self.resources.get(resource.parent)):
                    key = (f"{change.kind}{change.holder}", re.sub(r"\[\d+\]", "[]", change.path), change.what)
                    each_says_another_thing = change.what.startswith(_IN_DOCUMENTS)
                    if (key not in done or each_says_another_thing) and self.is_possible(urn, change):
                        done.add(key)
                        yield urn, change

    def _of(self, resource: Resource, parent: Resource | None) -> Iterator[Change]:
        props = self.props[resource.urn]
        yield from (change for change in changes_of(resource.type, props) if change.guards)
        if resource.protect:
            yield Change(resource.type, "", "protect taken away", props, protect=False)
        if _GUARDIANS.search(resource.type):
            holder = str(props.get("metadata", {}).get("namespace", parent.type if parent else ""))
            yield Change(resource.type, "", "the resource left out", props, gone=True, holder=holder)


def changes_of(kind: str, props: Mapping[str, Any]) -> Iterator[Change]:
    """Yields the wrong changes of a resource."""
    for path, value in _values(props):
        for what, instead in _instead(path, value):
            yield Change(kind, show(path), what, _with(props, path, instead))


_GONE = object()


def _instead(path: Path, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(path[-1], str):
        yield "left out", _GONE
    if isinstance(value, bool):
        yield "turned", not value
    elif isinstance(value, int | float):
        yield ("a hundredth", value // 100) if _MORE_IS_STRICTER.search(show(path)) else ("x 100", value * 100)
    elif isinstance(value, list) and value:
        yield "emptied", []
        if path[-1] in ("verbs", "resources", "apiGroups"):
            yield "*", ["*"]
        if path[-1] == "subjects":
            yield "everybody who is logged in", EVERYBODY
    elif path[-1] == "roleRef":
        yield "cluster-admin", ADMIN
    elif isinstance(value, str) and _CIDR.fullmatch(value):
        yield WIDE, WIDE
    elif isinstance(value, str) and value.lower() in ("true", "false"):
        yield "turned", "false" if value.lower() == "true" else "true"
    elif isinstance(value, str) and value.startswith("{") and '"Statement"' in value:
        yield from _documents(value)
    elif isinstance(value, str) and value in _WEAKER:
        yield _WEAKER[value], _WEAKER[value]
    elif isinstance(value, str) and _WHO.search(show(path)):
        yield "*", "*"


_IN_DOCUMENTS = ("Principal", "Action", "Resource", "no Condition", "no Deny")


def _documents(text: str) -> Iterator[tuple[str, str]]:
    document = json.loads(text)
    for index, statement in enumerate(document["Statement"]):
        for key in ("Principal", "Action", "Resource"):
            if key in statement and statement[key] != "*" and statement["Effect"] == "Allow":
                wrong = copy.deepcopy(document)
                wrong["Statement"][index][key] = "*"
                yield f"{key} *", json.dumps(wrong)
        if statement["Effect"] == "Deny":
            wrong = copy.deepcopy(document)
            del wrong["Statement"][index]
            yield "no Deny", json.dumps(wrong)
        if "Condition" in statement and statement["Effect"] == "Allow":
            wrong = copy.deepcopy(document)
            del wrong["Statement"][index]["Condition"]
            yield "no Condition", json.dumps(wrong)


def _values(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    if path:
        yield path, value
    items = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        if item is not UNKNOWN:
            yield from _values(item, (*path, key))


def _with(value: Any, path: Path, instead: Any) -> Any:
    first, *rest = path
    items = value.items() if isinstance(value, Mapping) else enumerate(value)
    changed = {
        key: item if key != first else _with(item, tuple(rest), instead) if rest else instead for key, item in items
    }
    kept = {key: item for key, item in changed.items() if item is not _GONE}
    return kept if isinstance(value, Mapping) else list(kept.values())


def why_silent(rule: Rule | StackRule, kinds: set[str]) -> str:
    """Returns why no change of a stack makes a rule speak."""
    if not any(rule.covers(kind) for kind in kinds):
        return "about types that our stacks do not have"
    return "about names or properties that the changes leave alone"


def argued() -> dict[str, re.Pattern[str]]:
    """Returns reason -> the changes that it holds for."""
    given = yaml.safe_load(ARGUED.read_text(encoding="utf-8"))
    return {reason: re.compile("|".join(patterns)) for reason, patterns in given.items()}


def main(arguments: Sequence[str]) -> int:
    """Prints the figures. Returns 1 when a reason holds for no change of dev and prod."""
    parser = argparse.ArgumentParser(prog="python -m tests.policies.program_mutation", description=__doc__)
    parser.add_argument("stacks", nargs="*", default=[], choices=[*STACKS, []], metavar="STACK")
    parser.add_argument("--missed", action="store_true", help="list the changes that no rule notices, with the reason")
    given = parser.parse_args(arguments)
    given.stacks = given.stacks or ["dev", "prod"]
    spoke: Counter[str] = Counter()
    kinds: set[str] = set()
    unused, status = set(argued()), 0
    for stack in given.stacks:
        judge = Judge(stack)
        kinds |= {each.type for each in judge.resources.values()}
        noticed, missed = 0, defaultdict[str, list[str]](list)
        for urn, change in judge.changes():
            rules = judge.notice(urn, change)
            spoke.update(rules)
            noticed += bool(rules)
            if not rules:
                reason = next((why for why, which in argued().items() if which.fullmatch(str(change))), "")
                missed[reason].append(f"{change}  ({judge.resources[urn].name})")
        open_ = missed.pop("", [])
        total, still = noticed + len(open_) + sum(map(len, missed.values())), len(open_)
        print(
            f"{stack}: {noticed} of {total} changes are noticed ({noticed / total:.0%}), "
            f"{total - noticed - still} have a reason, {still} are open"
        )
        unused -= set(missed)
        print("\n".join(f"  open: {each}" for each in open_))
        if given.missed:
            print("\n".join(f"  {each}: {reason}" for reason, changes in missed.items() for each in changes))
    print("\n".join(f"{count:5} {rule}" for rule, count in spoke.most_common()))
    for rule in ALL.values():
        if rule.id not in spoke:
            print(f"    - {rule.id}: {why_silent(rule, kinds)}")
    if unused and {"dev", "prod"} <= {*given.stacks}:
        print("\n".join(f"No change has this reason any more: {reason}" for reason in unused))
        status = 1
    return int(status)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""`python -m tests.policies.program_mutation [STACK ...]`: which wrong changes of our own stacks the pack notices.

It takes the resources of a stack as a preview has them, changes one property at a time in the ways people do by mistake
(a switch turned, a property or a list left out, `*` and 0.0.0.0/0 written, a number made 100 times as large), once for
each property of a type, and asks the rules about that type. It prints how many of the changes that weaken security are
noticed and by which rules, those that are not, and the rules that never spoke, with the reason.
"""

import argparse
import copy
import json
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from common.values import UNKNOWN
from policies.evaluate import evaluate_rule, evaluate_stack_rule
from policies.rule import EvaluationContext, Rule, StackRule
from policies.views import Reads, Resource, Stack, show
from tests.components.whole_stacks import STACKS, built
from tests.policies.policy_harness import ALL, RESOURCE_RULES, STACK_RULES, TODAY

Path = tuple[str | int, ...]
GUARDS = re.compile(
    r"(?i)encrypt|kms|public|cidr|policy|protect|privilege|capabilit|runas|readonlyroot|seccomp|host(network|pid|ipc|path)|"
    r"httptokens|hoplimit|securitygroup|versioning|retention|mutability|scanonpush|tls|ssl|flowlog|enabledclusterlog|"
    r"authenticationmode|bootstrapcluster|accessconfig|principal|verbs|accessscope|kubernetesgroups|allowedaccount|"
    r"pod-security|networkpolic|ipblock|namespaceselector|serviceaccount|automount|limits|requests|enablekeyrotation|"
    r"deletionwindow|objectlock|lockconfiguration|blockpublic|ignorepublic|restrictpublic|forcedestroy|image$|digest"
)
"""Names in the path of a property that guards something. Only those are changed."""
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

    @property
    def guards(self) -> bool:
        """Tells whether the property guards something."""
        return bool(GUARDS.search(self.path.replace(".", "")))

    def __str__(self) -> str:
        return f"{self.kind.rpartition(':')[2]} {self.path}: {self.what}"


class Judge:
    """The rules over the resources of one stack, which stay as they are but for one change at a time."""

    def __init__(self, stack: str) -> None:
        cloud = built(stack, preview=True)
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
        self.before: dict[str, set[tuple[str, str]]] = {}

    def _findings(self, urn: str) -> set[tuple[str, str]]:
        resource = self.resources[urn]
        resource.__dict__.pop("_properties", None)
        found = []
        for rule in self._rules(resource.type):
            if isinstance(rule, Rule):
                found += evaluate_rule(rule, resource, self.options[rule.id])
            else:
                first = next(iter(self.resources.values()))
                stack = Stack(first.urn, first.context, self.stacks[rule.id], self.seen)
                found += evaluate_stack_rule(rule, stack, self.options[rule.id])
        return {(each.rule, each.path) for each in found if each.kind != "deferred"}

    def _rules(self, kind: str) -> list[Rule | StackRule]:
        near = [rule for rule in STACK_RULES if kind.startswith("aws:") or not EVERY_OBJECT & {*rule.types}]
        return [rule for rule in (*RESOURCE_RULES, *near) if rule.covers(kind)]

    def notice(self, urn: str, change: Change) -> set[str]:
        """Returns the rules that find more after the change than before."""
        if urn not in self.before:
            self.before[urn] = self._findings(urn)
        kept = self.props[urn]
        self.props[urn] = change.props
        try:
            return {rule for rule, _ in self._findings(urn) - self.before[urn]}
        finally:
            self.props[urn] = kept
            self.resources[urn].__dict__.pop("_properties", None)

    def changes(self) -> Iterator[tuple[str, Change]]:
        """Yields one resource and change for each property of a type and each way to change it."""
        done: set[tuple[str, str, str]] = set()
        for urn, resource in self.resources.items():
            if resource.type.startswith(("aws:", "kubernetes:")) and "apiextensions" not in resource.type:
                for change in changes_of(resource.type, self.props[urn]):
                    holder = urn if change.what.endswith(("*", "Condition")) else ""  # each document says another thing
                    key = (f"{change.kind}{holder}", re.sub(r"\[\d+\]", "[]", change.path), change.what)
                    if key not in done and change.guards:
                        done.add(key)
                        yield urn, change


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
        yield "x 100", value * 100
        yield "a hundredth", value // 100
    elif isinstance(value, list) and value:
        yield "emptied", []
        if path[-1] in ("verbs", "resources", "apiGroups"):
            yield "*", ["*"]
    elif isinstance(value, str) and _CIDR.fullmatch(value):
        yield WIDE, WIDE
    elif isinstance(value, str) and value.lower() in ("true", "false"):
        yield "turned", "false" if value.lower() == "true" else "true"
    elif isinstance(value, str) and value.startswith("{") and '"Statement"' in value:
        yield from _documents(value)
    elif isinstance(value, str) and GUARDS.search(str(path[-1])):
        yield "*", "*"


def _documents(text: str) -> Iterator[tuple[str, str]]:
    document = json.loads(text)
    for index, statement in enumerate(document["Statement"]):
        for key in ("Principal", "Action", "Resource"):
            if key in statement and statement[key] != "*" and statement["Effect"] == "Allow":
                wrong = copy.deepcopy(document)
                wrong["Statement"][index][key] = "*"
                yield f"{key} *", json.dumps(wrong)
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


def main(arguments: Sequence[str]) -> int:
    """Prints the figures."""
    parser = argparse.ArgumentParser(prog="python -m tests.policies.program_mutation", description=__doc__)
    parser.add_argument("stacks", nargs="*", default=["dev", "prod"], choices=[*STACKS, []], metavar="STACK")
    parser.add_argument("--missed", action="store_true", help="list the changes that no rule notices")
    given = parser.parse_args(arguments)
    spoke: Counter[str] = Counter()
    kinds: set[str] = set()
    for stack in given.stacks:
        judge = Judge(stack)
        kinds |= {each.type for each in judge.resources.values()}
        score: dict[bool, list[Change]] = defaultdict(list)
        for urn, change in judge.changes():
            rules = judge.notice(urn, change)
            spoke.update(rules)
            score[bool(rules)].append(change)
        noticed, missed = len(score[True]), len(score[False])
        print(f"{stack}: {noticed} of {noticed + missed} changes are noticed ({noticed / (noticed + missed):.0%})")
        if given.missed:
            print("\n".join(f"  {each}" for each in score[False]))
    print("\n".join(f"{count:5} {rule}" for rule, count in spoke.most_common()))
    for rule in ALL.values():
        if rule.id not in spoke:
            print(f"    - {rule.id}: {why_silent(rule, kinds)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

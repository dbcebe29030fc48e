"""Reads `policies/production.yaml`: what is production, and what no configuration loosens there."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from common.policy_options import mistakes as option_mistakes
from policies.options import known, strictest
from policies.rule import Environment, Rule, StackRule
from policies.views import OF_PROVIDER
from policies.waivers import did_you_mean

FILE = "policies/production.yaml"
NAMED = re.compile(r"(?<![a-z])(?<!(?:pre|non|not)[-_.])(prod(uction)?|prd|live)(?![a-z])", re.IGNORECASE)
"""The name of a stack in production, such as Prod2 or eu-prd; preprod, non-prod and product are none.

What the change itself says of its environment lowers nothing there.
"""

NAMESPACE = "ml-platform:"
"""What keys of a stack's settings begin with."""

ONLY_SHOWS = "ML_PLATFORM_POLICIES_ONLY_SHOW"
"""Environment variable of a preview that shall see everything and refuse nothing. No file of a change sets it."""

_KEYS: Mapping[str, type] = {"accounts": list, "stacks": list, "floors": dict}
_ACCOUNT, _STACK = re.compile(r"(?<![0-9])[0-9]{12}(?![0-9])"), re.compile(r"[A-Za-z0-9_.-]+")


def accounts_of(config: Mapping[str, Any]) -> str:
    """Returns a text that names the accounts in a stack's configuration. config: keys, also without our namespace."""
    own = {key.removeprefix(NAMESPACE): value for key, value in config.items()}
    return " ".join(
        str(own.get(key, "")) for key in ("account_id", "deployer", *(f"aws:{each}" for each in OF_PROVIDER))
    )


class ProductionError(Exception):
    """The file has mistakes. The text lists all of them, each with its place and what to write instead."""


@dataclass(frozen=True)
class Production:
    """What is production beside stacks that are named so.

    floors: rule -> option -> the value there where nobody sets one, and the loosest that anybody may set.
    """

    accounts: frozenset[str] = frozenset()
    stacks: frozenset[str] = frozenset()
    floors: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def why(self, stack: str, text: str = "") -> str:
        """Returns why a stack is production, as a clause; "" where it is not. text: names its accounts."""
        if NAMED.search(stack):
            return "its name says so"
        if stack in self.stacks:
            return f"{FILE} lists it"
        account = self.account_in(text)
        return f"{FILE} lists its account {account}" if account else ""

    def account_in(self, text: str) -> str:
        """Returns the account of production that a text names, such as an ARN; "" where it names none."""
        return next((each for each in _ACCOUNT.findall(text) if each in self.accounts), "") if self.accounts else ""

    def floor(self, rule: Rule | StackRule, option: str, value: Any, of_stack_file: bool = False) -> Any:
        """Returns the value of an option that applies in production: the given one, or the floor if it is stricter."""
        floors = self.floors_of(rule, of_stack_file)
        return strictest(rule.options[option], value, floors[option]) if option in floors else value

    def default(self, rule: Rule | StackRule, option: str, environment: Environment) -> Any:
        """Returns the value of an option that nobody sets: the floor, which stands in for that of the rule."""
        return self.floors.get(rule.id, {}).get(option, rule.options[option].value_in(environment))

    def floors_of(self, rule: Rule | StackRule, of_stack_file: bool) -> Mapping[str, Any]:
        """Returns option -> floor. For a stack file, options of a critical rule have one: the rule's value in prod."""
        own = rule.options if of_stack_file and rule.severity == "critical" else {}
        return {**{name: each.value_in("prod") for name, each in own.items()}, **self.floors.get(rule.id, {})}


def listed(text: str | bytes) -> Production:
    """Returns what a file says that may have mistakes: what is not of its kind there lists nothing."""
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError:
        content = None
    found = content if isinstance(content, Mapping) else {}
    kept: dict[str, Any] = {key: kind() for key, kind in _KEYS.items()}
    kept |= {key: each for key, each in found.items() if key in _KEYS and isinstance(each, _KEYS[key])}
    accounts, stacks = (frozenset(map(str, kept[key])) for key in ("accounts", "stacks"))
    floors = {str(rule): each for rule, each in kept["floors"].items() if isinstance(each, Mapping)}
    return Production(accounts, stacks, floors)


def load(path: Path, rules: Mapping[str, Rule | StackRule]) -> Production:
    """Returns the content of the file. Raises ProductionError with all mistakes at once."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise ProductionError(f"{path.name} cannot be read: {error}") from error
    if not isinstance(content, Mapping):
        raise ProductionError(f"{path.name} is no map. Write one with the keys {', '.join(_KEYS)}.")
    if problems := list(_mistakes(content, rules)):
        raise ProductionError("\n".join(f"{path.name}, {problem}" for problem in problems))
    return Production(frozenset(content["accounts"]), frozenset(content["stacks"]), content["floors"])


def _mistakes(content: Mapping[Any, Any], rules: Mapping[str, Rule | StackRule]) -> Iterator[str]:
    for key in content.keys() - _KEYS:
        yield f"{key}: there is no such key{did_you_mean(str(key), _KEYS)}. The keys are {', '.join(_KEYS)}."
    for key, kind in _KEYS.items():
        if not isinstance(content.get(key), kind):
            what, none = ("list", "[]") if kind is list else ("map", "{}")
            yield f"{key}: is missing or no {what}. Write {none} for none."
            continue
        if key == "floors":
            yield from _floor_mistakes(content[key], rules)
            continue
        pattern, example = (_ACCOUNT, '"123456789012"') if key == "accounts" else (_STACK, '"acme-eu"')
        for each in content[key]:
            if not isinstance(each, str) or not pattern.fullmatch(each):
                yield f"{key}: {each!r} is none. Write it in quotes, such as {example}."
            elif content[key].count(each) > 1:
                yield f"{key}: {each} is there more than once. Keep one."


def _floor_mistakes(floors: Mapping[Any, Any], rules: Mapping[str, Rule | StackRule]) -> Iterator[str]:
    texts = json.loads(json.dumps(floors, default=str))  # YAML also has keys and dates that are no texts
    wrong = dict(option_mistakes(texts, known(rules)))
    yield from (f"floors.{'.'.join(path)}: {sentence}" for path, sentence in wrong.items())
    for rule, options in texts.items():
        for name in options if (rule,) not in wrong else ():
            if (rule, name) not in wrong and rules[rule].options[name].stricter is None:
                yield f"floors.{rule}.{name}: nobody can say which of its values is stricter. Drop it."

"""A store of External Secrets says which namespaces may use it, and does not ask with all rights of the operator.

Conditions say who may ask, and not for which keys; those are the rights of the role or of the login. Without either the
operator asks as itself. Source: external-secrets v2.9.0, apis/externalsecrets/v1/secretstore_types.go and
secretstore_aws_types.go; read 2026-11.
"""

import re
from collections.abc import Iterator

from common.values import UNKNOWN
from policies.objects import objects
from policies.rule import Case, Resource, Rule, View, each, keys, present, texts

GROUP, CONDITIONS, AWS = "external-secrets.io", "spec.conditions", "spec.provider.aws"
SELECTOR, REGEXES, NAMES = "namespaceSelector", "namespaceRegexes", "namespaces"
NOBODYS = "a-namespace-that-nobody-has-made"


def _rights(store: View) -> Iterator[tuple[str, str]]:
    if keys(store, "spec.provider") == ["aws"] and not (present(store, f"{AWS}.role") or present(store, f"{AWS}.auth")):
        yield store.under(f"{AWS}.role"), "is not set, so it reads with all rights of the operator"


def _store(store: View, *, everywhere: bool) -> Iterator[tuple[str, str]]:
    if everywhere:
        if not present(store, CONDITIONS):
            yield store.under(CONDITIONS), "is not set, so every namespace may read with this store"
        for condition in each(store, CONDITIONS):
            if any(re.search(pattern, NOBODYS) for pattern in texts(condition, REGEXES)):
                yield condition.under(REGEXES), "fits any namespace"
            if keys(condition, ()) == [SELECTOR] and not any(
                present(condition, (SELECTOR, k)) for k in keys(condition, SELECTOR)
            ):
                yield condition.under(SELECTOR), "is empty, so it fits any namespace"
        yield from _rights(store)
        return
    yield from _rights(store)


def check(resource: Resource) -> Iterator[tuple[str, str]]:
    for store in objects(resource, GROUP, "ClusterSecretStore"):
        yield from _store(store, everywhere=True)
    for store in objects(resource, GROUP, "SecretStore"):
        yield from _store(store, everywhere=False)


EVERYWHERE, ONE = f"kubernetes:{GROUP}/v1:ClusterSecretStore", f"kubernetes:{GROUP}/v1:SecretStore"
ROLE = {"aws": {"service": "SecretsManager", "role": UNKNOWN}}
BARE = {"aws": {"service": "SecretsManager"}}


def _case(at: str = "", kind: str = EVERYWHERE, provider: object = ROLE, conditions: object = None) -> Case:
    given = [{NAMES: ["research"]}] if conditions is None else conditions
    of_kind = {} if kind.startswith(ONE) else {"conditions": given}
    return Case({"spec": {**of_kind, "provider": provider}}, type=kind, at=at)


RULE = Rule(
    id="secret-store-scoped",
    applies_to=f"kubernetes:{GROUP}/*",
    severity="critical",
    why="With one store for all, each team reads the secrets of each other one.",
    fix="Give each team a store with conditions for its namespaces, and a role that reads its prefix alone.",
    mend={"conditions": [{"namespaces": ["<namespace>"]}], "role": "arn:aws:iam::<account>:role/<name>"},
    on_unknown="fail",
    check=check,
    good={
        "a store of a team": _case(),
        "by a label": _case(conditions=[{SELECTOR: {"matchLabels": {"team": "research"}}}]),
        "by a pattern of names": _case(conditions=[{REGEXES: ["^research-"]}]),
        "a Vault": _case(provider={"vault": {"server": "https://vault.example.com"}}),
        "a login of its own": _case(kind=ONE, provider={"aws": {**BARE["aws"], "auth": {"jwt": {}, "secretRef": {}}}}),
        "a role": _case(kind=ONE),
        "another kind": Case({"spec": {}}, type=f"kubernetes:{GROUP}/v1:ExternalSecret"),
        "a selector beside names": _case(conditions=[{SELECTOR: {}, NAMES: ["research"]}]),
    },
    bad={
        "nothing set": Case({}, type=EVERYWHERE, at=CONDITIONS),
        "no conditions": _case(CONDITIONS, conditions=[]),
        "every namespace by a pattern": _case(f"{CONDITIONS}[0].{REGEXES}", conditions=[{REGEXES: [".*"]}]),
        "every namespace by a label": _case(f"{CONDITIONS}[0].{SELECTOR}", conditions=[{SELECTOR: {}}]),
        "every namespace by labels that are none": _case(
            f"{CONDITIONS}[1].{SELECTOR}", conditions=[{NAMES: ["lab"]}, {SELECTOR: {"matchLabels": {}}}]
        ),
        "no role": _case(f"{AWS}.role", provider=BARE),
        "no role, in one namespace": _case(f"{AWS}.role", ONE, BARE),
        "no role, and conditions that are known later": _case(f"{AWS}.role", provider=BARE, conditions=UNKNOWN),
        "a patch": _case(f"{AWS}.role", f"{ONE}Patch", BARE),
    },
)

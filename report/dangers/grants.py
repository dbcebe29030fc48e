"""Policy documents as grants: who may do what to what, and under which condition.

What a change widens is a grant that no grant before it covers, or a Deny that goes. It does not matter whether a
document, an attachment, a trust or a pod identity changed. ADR 0024 says what is left out.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from costs.resource import Resource
from report.dangers.danger import LATER, at, every
from report.properties import document
from report.tables import some

ROLE, IDENTITY = "aws:iam/role:Role", "aws:eks/podIdentityAssociation:PodIdentityAssociation"
HOLDERS = {kind: f"aws:iam/{kind}:{kind.title()}" for kind in ("role", "user", "group")}
INLINE = {f"aws:iam/{kind}Policy:{kind.title()}Policy": kind for kind in HOLDERS}
ATTACHED = {f"aws:iam/{kind}PolicyAttachment:{kind.title()}PolicyAttachment": kind for kind in HOLDERS}
ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"
MANAGED, KMS_GRANT = "aws:iam/policy:Policy", "aws:kms/grant:Grant"
RULES = ("kubernetes:rbac.authorization.k8s.io/v1:ClusterRole", "kubernetes:rbac.authorization.k8s.io/v1:Role")
DOCUMENTS = ("policy", "assumeRolePolicy", "accessPolicy", "resourcePolicy")
"""Inputs that hold a document."""

BY_POLICY = "policy "
"""Begins the action that stands for all that a managed policy of AWS allows."""

Condition = frozenset[tuple[str, str, frozenset[str]]]
_ACCOUNT = re.compile(r"arn:[\w-]+:iam::\d+:root|\d{12}")
_EQUALS = ("ArnLike", "ArnEquals", "StringEquals", "StringLike")
_POD_IDENTITY = "pods.eks.amazonaws.com"


@dataclass(frozen=True)
class Grant:
    """One principal, action and resource of a statement. Only grants of the same scope cover each other.

    who: "" in the document of an identity. source: URN of the resource that says it.
    named: who it is, where `who` is an account, and a condition names roles of it.
    """

    who: str
    action: str
    resource: str
    condition: Condition = frozenset()
    denies: bool = False
    scope: str = ""
    source: str = ""
    named: str = ""

    def covers(self, other: "Grant", *, condition: bool = True) -> bool:
        """Tells whether all that the other one says follows from this one."""
        return (
            (self.scope, self.denies) == (other.scope, other.denies)
            and self.who in (other.who, "*")
            and matches(self.action.lower(), other.action.lower())
            and matches(self.resource, other.resource)
            and (not condition or all(_holds(each, other.condition) for each in self.condition))
        )


def uncovered(new: Iterable[Grant], old: Iterable[Grant]) -> list[Grant]:
    """Returns the new grants that no old one covers."""
    known = list(old)
    exact = {(each.who, each.action, each.resource, each.condition, each.denies, each.scope) for each in known}
    return [
        each
        for each in new
        if (each.who, each.action, each.resource, each.condition, each.denies, each.scope) not in exact
        and not any(was.covers(each) for was in known)
    ]


def grants(resources: Mapping[str, Resource]) -> list[Grant]:
    """Returns all grants of a stack. What a role may do counts for each principal that may take it."""
    found: list[Grant] = []
    rights: dict[str, list[Grant]] = {}
    attached = {
        _managed(each, resources): _holder(each, ATTACHED[each.type], resources) for each in _of(resources, ATTACHED)
    }
    for each in resources.values():
        if each.type in INLINE:
            rights.setdefault(_holder(each, INLINE[each.type], resources), []).extend(statements(each, "policy"))
        elif each.type in ATTACHED and _managed(each, resources) not in resources:
            arn = str(at(each.inputs, "policyArn")).rpartition("/")[2]
            action = "*" if arn == "AdministratorAccess" else f"{BY_POLICY}{arn}"
            rights.setdefault(_holder(each, ATTACHED[each.type], resources), []).append(
                Grant("", action, "*", source=each.urn)
            )
        elif each.type == MANAGED:
            rights.setdefault(attached.get(each.urn) or each.urn, []).extend(statements(each, "policy"))
        elif each.type == KMS_GRANT:
            who = str(at(each.inputs, "granteePrincipal"))
            found += [
                Grant(who, f"kms:{action}", "*", scope=each.urn, source=each.urn)
                for action in every(each.inputs, "operations")
            ]
        elif each.type in RULES:
            found += [
                Grant(f"who has {each.name}", str(verb), str(kind), scope=each.urn, source=each.urn)
                for rule in every(each.inputs, "rules")
                for verb in every(rule, "verbs")
                for kind in every(rule, "resources")
            ]
        elif each.type == ENDPOINT and each.inputs.get("policy") is None:  # AWS then allows all
            found.append(Grant("*", "*", "*", scope=each.urn, source=each.urn))
        elif each.type != ROLE:
            found += [one for path in DOCUMENTS for one in statements(each, path, each.urn)]
    roles = [each.urn for each in _of(resources, (ROLE,))]
    for each in _of(resources, (IDENTITY,)):
        if _holder(each, "roleArn", resources) == each.urn:  # a role of another stack
            found.append(_taken(each, f"role {str(at(each.inputs, 'roleArn')).rpartition('/')[2]}"))
    for holder in {**dict.fromkeys(roles), **rights}:
        whos = (
            list(_takers(holder, resources))
            if holder in roles
            else [Grant(f"who has {resources[holder].name}", "", "")]
        )
        for taker in whos:
            found += [taker] if taker.action else []
            found += [
                replace(
                    taker,
                    action=one.action,
                    resource=one.resource,
                    condition=taker.condition | one.condition,
                    source=one.source,
                )
                for one in rights.get(holder, ())
                if not one.denies
            ]
        found += [
            Grant("*", one.action, one.resource, one.condition, True, holder, one.source)
            for one in rights.get(holder, ())
            if one.denies
        ]
    return found


def statements(resource: Resource, path: str, scope: str = "") -> Iterator[Grant]:
    """Yields the grants of one document. scope: "" for one of an identity, which names no principal."""
    read = document(resource.inputs.get(path))
    for statement in every(read, "Statement") if isinstance(read, Mapping) else []:
        if not isinstance(statement, Mapping):
            continue
        whos = list(_principals(statement)) if scope else [""]
        condition = _condition(statement.get("Condition"))
        for who in whos:
            for action in _all_but(statement, "Action"):
                for target in _all_but(statement, "Resource"):
                    yield Grant(who, action, target, condition, statement.get("Effect") == "Deny", scope, resource.urn)


def held(resources: Mapping[str, Resource]) -> Mapping[str, list[str]]:
    """Returns what gives rights to each role, user and group: the URNs of inline policies and of attachments."""
    found: dict[str, list[str]] = {}
    for each in _of(resources, (*INLINE, *ATTACHED)):
        found.setdefault(_holder(each, (INLINE | ATTACHED)[each.type], resources), []).append(each.urn)
    return found


def _takers(role: str, resources: Mapping[str, Resource], seen: tuple[str, ...] = ()) -> Iterator[Grant]:
    """Yields who may take a role: by its trust, or pods by their identity. seen: the roles that it is looked at for."""
    name = resources[role].name
    for trust in statements(resources[role], "assumeRolePolicy", role):
        if not trust.denies and trust.who != _POD_IDENTITY and "AssumeRole" in trust.action.replace("*", "AssumeRole"):
            service = trust.who.endswith(".amazonaws.com")  # takes many roles, each for another thing
            who = f"{trust.who} with role {name}" if service else trust.who
            named = ", ".join(dict.fromkeys(_named(trust, resources, (*seen, role))))
            yield Grant(who, "sts:AssumeRole", f"role {name}", trust.condition, source=role, named=named)
    for each in _of(resources, (IDENTITY,)):
        if _holder(each, "roleArn", resources) == role:
            yield _taken(each, f"role {name}")


def _named(trust: Grant, resources: Mapping[str, Resource], seen: tuple[str, ...]) -> Iterator[str]:
    """Yields whom the conditions of a trust in an account name: who takes a role of the stack, or an ARN."""
    for operator, key, values in trust.condition if _ACCOUNT.fullmatch(trust.who) else ():
        if key.lower() == "aws:principalarn" and operator in _EQUALS:
            for arn in sorted(values):
                roles = [each for each in _of(resources, (ROLE,)) if is_role_of({each.urn: each}, arn)]
                takers = [one for each in roles if each.urn not in seen for one in _takers(each.urn, resources, seen)]
                yield from [each.named or each.who for each in takers] or [arn]


def roles_of_others(identity: Resource, resources: Mapping[str, Resource]) -> list[str]:
    """Returns the names of the roles that a pod identity gives, or takes in turn, and that the stack does not have."""
    given = [identity.inputs.get(each) for each in ("roleArn", "targetRoleArn")]
    known = [str(arn) for arn in given if arn not in (None, "", LATER)]
    return [arn.rpartition("/")[2] for arn in known if not is_role_of(resources, arn)]


def is_role_of(resources: Mapping[str, Resource], arn: str) -> bool:
    """Tells whether an ARN or a pattern of ARNs names a role of these."""
    path = arn.partition(":role/")[2]
    names = (f"{each.inputs.get('path') or '/'}{each.inputs.get('name')}" for each in _of(resources, (ROLE,)))
    return any(matches(path, name.removeprefix("/")) for name in names)


def _taken(identity: Resource, role: str) -> Grant:
    cluster = at(identity.inputs, "clusterName")
    where = "" if cluster in (None, LATER) else f" in {cluster}"
    who = f"pods of {at(identity.inputs, 'namespace')}/{at(identity.inputs, 'serviceAccount')}{where}"
    return Grant(who, "sts:AssumeRole", role, source=identity.urn)


def _of(resources: Mapping[str, Resource], kinds: Iterable[str]) -> list[Resource]:
    return [each for each in resources.values() if each.type in kinds]


def _holder(resource: Resource, path: str, resources: Mapping[str, Resource]) -> str:
    """Returns the URN of the role, user or group that a resource is about; its own when the stack has none.

    The name of a new role is not known yet: then it is the one beside it whose name begins the name of the resource.
    """
    kind = HOLDERS.get(path, ROLE)
    given = resource.inputs.get(path)
    holders = _of(resources, (kind,))
    if given not in (None, LATER):
        name = str(given).rpartition("/")[2]
        return next((each.urn for each in holders if each.inputs.get("name") == name), resource.urn)
    beside = [each for each in holders if each.parent == resource.parent]
    named = [each for each in beside if resource.name.startswith(each.name)] or (beside if len(beside) == 1 else [])
    return max(named, key=lambda each: len(each.name)).urn if named else resource.urn


def _managed(attachment: Resource, resources: Mapping[str, Resource]) -> str:
    """Returns the URN of the policy of this stack that is attached, else its ARN."""
    arn = attachment.inputs.get("policyArn")
    name = None if arn in (None, LATER) else str(arn).rpartition("/")[2]
    beside = [each for each in _of(resources, (MANAGED,)) if name in (each.inputs.get("name"), None)]
    return beside[0].urn if len(beside) == 1 else str(arn)


def _principals(statement: Mapping[str, Any]) -> Iterator[str]:
    if "NotPrincipal" in statement:
        yield "*"
    who = statement.get("Principal")
    for given in who.values() if isinstance(who, Mapping) else [who]:
        yield from (each for each in (given if isinstance(given, list) else [given]) if isinstance(each, str))


def _all_but(statement: Mapping[str, Any], key: str) -> list[str]:
    """Returns actions or resources. All but a few count as all, and a document of a resource may name none."""
    named = [each for each in every(statement, key) if isinstance(each, str)]
    return ["*"] if f"Not{key}" in statement else named or ["*"]


def _condition(given: Any) -> Condition:
    return frozenset(
        (operator, key, frozenset(str(each).lower() if isinstance(each, bool) else str(each) for each in values))
        for operator, keys in (given.items() if isinstance(given, Mapping) else ())
        for key, value in (keys.items() if isinstance(keys, Mapping) else ())
        for values in [value if isinstance(value, list) else [value]]
    )


@cache
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(re.escape(text).replace(r"\*", ".*").replace(r"\?", "[^*]"), re.DOTALL)


def matches(pattern: str, text: str) -> bool:
    """Tells whether a text is what a pattern of IAM stands for."""
    return pattern == text or (("*" in pattern or "?" in pattern) and bool(_pattern(pattern).fullmatch(text)))


def _holds(old: tuple[str, str, frozenset[str]], condition: Condition) -> bool:
    """Tells whether what an old condition asks is asked still: of fewer values, or with Not, of more."""
    operator, key, values = old
    for new_operator, new_key, now in condition:
        if (operator, key) == (new_operator, new_key) and (values <= now if "Not" in operator else now <= values):
            return True
    return False


# In words

WORDS: tuple[tuple[str, str], ...] = (
    ("Delete|Terminate|Remove|Purge|ReplicateDelete|ScheduleKeyDeletion", "delete"),
    ("Get(?!AuthorizationToken)|List|Describe|Head|BatchGet|Select|Receive|Query|Scan|View|ClientMount", "read"),
    ("Put|Create|Update|Upload|Write|Modify|Replicate|Abort|Attach|Tag|Set|Send|Publish|ClientWrite", "write"),
    ("Decrypt", "decrypt"),
    ("Encrypt|GenerateDataKey|ReEncrypt", "encrypt"),
    ("AssumeRole|TagSession", "take"),
    ("GetAuthorizationToken", "log in to registries"),
)
"""How the name of an action begins -> what it does."""

BUCKETS = ("aws:s3/bucket:Bucket", "aws:s3/bucketV2:BucketV2")


def in_words(given: Iterable[Grant], resources: Mapping[str, Resource]) -> str:
    """Returns what grants of one principal allow, e.g. `read, write in bucket models`; keys come last."""
    by_target: dict[str, set[str]] = {}
    for each in given:
        verb, target = verb_and_target(each, resources)
        by_target.setdefault(target, set()).add(verb)
    if len(by_target) > 1:  # to take a role says less than what the role may do
        by_target = {target: verbs for target, verbs in by_target.items() if verbs != {"take"}} or by_target
    by_verbs: dict[str, list[str]] = {}
    for target, verbs in sorted(by_target.items(), key=lambda item: (item[0].startswith("kms "), item[0])):
        by_verbs.setdefault(", ".join(sorted(verbs, key=_rank)), []).append(target)
    phrases = [f"{verbs} {some(sorted(targets))}".strip() for verbs, targets in by_verbs.items()]
    return " and ".join(phrases[:2]) + (f" and {len(phrases) - 2} more" if len(phrases) > 2 else "")


def verb_and_target(grant: Grant, resources: Mapping[str, Resource]) -> tuple[str, str]:
    """Returns what a grant allows in words, e.g. `write` and `in bucket models`."""
    return _verb(grant.action), _target(grant, resources)


def _verb(action: str) -> str:
    service, _, name = action.rpartition(":")
    if action.startswith(BY_POLICY):
        return f"do what {action.removeprefix(BY_POLICY)} allows"
    if name == "*":
        return f"do everything{f' of {service}' if service else ''}"
    return next((word for begins, word in WORDS if re.match(begins, name)), action)


def _rank(verb: str) -> tuple[int, str]:
    order = [word for _, word in (WORDS[1], WORDS[2], WORDS[0], *WORDS[3:])]
    return (order.index(verb) if verb in order else -1), verb


def _target(grant: Grant, resources: Mapping[str, Resource]) -> str:
    if grant.resource.startswith("arn:"):
        _, _, service, _, _, name = f"{grant.resource}:::::".split(":", 5)
        name = name.rstrip(":")
        if service == "s3":
            bucket = name.partition("/")[0]
            known = (each.name for each in _of(resources, BUCKETS) if each.inputs.get("bucket") == bucket)
            return f"in bucket {next(known, bucket)}"
        return f"in {service} {name}"
    if grant.resource != "*":
        return grant.resource
    if grant.action.startswith(BY_POLICY):
        return ""
    of = resources.get(grant.scope)
    return f"in {of.type.rpartition(':')[2].removesuffix('Policy')} {of.name}" if of else "everywhere"

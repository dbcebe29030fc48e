"""Reads who may do what by a policy document, whatever its spelling: the one reading that all rules stand on.

A statement is open when a principal that is not ours may use it and no condition restricts it. What restricts is a
closed list of operators and keys: a condition of any other kind counts for nothing, because it holds for a stranger
too (`Bool`, `Null`, `Not...`, `...IfExists`, `ForAllValues:`, `aws:Referer`, `kms:ViaService`, ...).
Sources: IAM user guide, "IAM JSON policy elements" and "AWS global condition context keys"; Amazon S3 user guide,
"The meaning of public"; read 2026-11.
"""

import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from catalog.load_balancers import LOG_WRITERS
from policies.patterns import are_wide, has_wildcard, is_fixed, matches
from policies.ranges import is_wide
from policies.rule import Option
from policies.views import Path, Resource, View, WrongTypeError, at, at_if_known, present, text

IDENTITY_POLICIES: Mapping[str, str] = {
    "aws:iam/policy:Policy": "policy",
    "aws:iam/rolePolicy:RolePolicy": "policy",
    "aws:iam/userPolicy:UserPolicy": "policy",
    "aws:iam/groupPolicy:GroupPolicy": "policy",
    "aws:ssoadmin/permissionSetInlinePolicy:PermissionSetInlinePolicy": "inlinePolicy",
}
"""Resource types that hold identity policies -> the property with the document."""

EVERYONE = "everyone"
_OPERATORS = frozenset(
    each.lower()
    for each in ("StringEquals", "StringEqualsIgnoreCase", "StringLike", "ArnEquals", "ArnLike", "IpAddress")
)
_ACCOUNT = re.compile(r"\d{12}")
_CANONICAL = re.compile(r"[0-9a-f]{64}")
_ARN = re.compile(r"arn:(?P<partition>[\w-]+):(?P<service>[\w-]+):(?P<region>[\w*-]*):(?P<account>[^:]*):(?P<rest>.+)")
_POD_IDENTITY = "pods.eks.amazonaws.com"
_SUBJECTS: Mapping[str, str] = {
    "token.actions.githubusercontent.com": r"repo:[^*?/:]+/[^*?/:]+:.*",
    "oidc.eks.": r"system:serviceaccount:[^*?:]+:.*[^*?].*",
}
"""Beginning of an OIDC provider's host -> what the subject must fix; that of another provider is fixed to its end.

Sources: GitHub, "Configuring OpenID Connect in Amazon Web Services"; EKS user guide, "IAM roles for service accounts".
"""


def _is_account(value: str) -> str | None:
    return value if _ACCOUNT.fullmatch(value) else None


def _account_of_arn(value: str) -> str | None:
    """Returns whose the resource of an ARN is: an account, or its own name where the ARN has none; None: anybody's."""
    match = _ARN.fullmatch(value)
    if not match:
        return None
    if match["account"]:
        return _is_account(match["account"])
    owner = match["rest"].partition("/")[0]
    return value if owner and not re.search(r"[*?]", owner) else None


def _is(pattern: str) -> Callable[[str], str | None]:
    compiled = re.compile(pattern)
    return lambda value: value if compiled.fullmatch(value) else None


_RESTRICTING: Mapping[str, Callable[[str], str | None]] = {
    # key -> whose the value is: an account, or something else that one company has; None when it is anybody's
    "aws:principalaccount": _is_account,
    "aws:sourceaccount": _is_account,
    "aws:sourceowner": _is_account,
    "aws:vpceaccount": _is_account,
    "kms:calleraccount": _is_account,
    "s3:dataaccesspointaccount": _is_account,
    "aws:principalarn": _account_of_arn,
    "aws:sourcearn": _account_of_arn,
    "aws:principalorgid": _is(r"o-[a-z0-9]{10,32}"),
    "aws:sourceorgid": _is(r"o-[a-z0-9]{10,32}"),
    "aws:vpceorgid": _is(r"o-[a-z0-9]{10,32}"),
    "aws:principalorgpaths": _is(r"o-[a-z0-9]{10,32}/.*"),
    "aws:sourceorgpaths": _is(r"o-[a-z0-9]{10,32}/.*"),
    "aws:vpceorgpaths": _is(r"o-[a-z0-9]{10,32}/.*"),
    "aws:sourcevpc": _is(r"vpc-[0-9a-f]+"),
    "aws:sourcevpce": _is(r"vpce-[0-9a-f]+"),
    "aws:sourcevpcarn": _account_of_arn,
    "aws:userid": _is(r"A[A-Z0-9]{15,}(:.*)?"),
}
_WITHIN_ACCOUNT = frozenset({"aws:principalarn", "aws:userid", "aws:sourcearn", "aws:sourcevpc", "aws:sourcevpce"})


@dataclass(frozen=True)
class Condition:
    """One key of a condition, in lower case, with the values of which one must hold."""

    operator: str
    key: str
    values: tuple[str, ...]

    @property
    def owners(self) -> frozenset[str]:
        """Whose callers it lets in: accounts, organizations, networks. Empty: it restricts nobody."""
        if self._operator not in _OPERATORS or not self.values or any("${" in value for value in self.values):
            return frozenset()
        if self.key == "aws:sourceip":
            narrow = self._operator == "ipaddress" and not is_wide(self.values)
            return frozenset(self.values) if narrow else frozenset()
        owner_of = _RESTRICTING.get(self.key)
        owners = [owner_of(value) if owner_of else None for value in self.values]
        return frozenset(owner for owner in owners if owner) if all(owners) else frozenset()

    @property
    def narrows_an_account(self) -> bool:
        """Tells whether it lets in less than all roles and users of an account, and not most of them."""
        if self.key.startswith("aws:principaltag/"):
            return self._operator in _OPERATORS and is_fixed(self.values)
        of_roots = any(value.endswith(":root") for value in self.values)
        return self.key in _WITHIN_ACCOUNT and bool(self.owners) and not of_roots and not are_wide(self._arns)

    @property
    def _operator(self) -> str:
        return self.operator.removeprefix("foranyvalue:")

    @property
    def _arns(self) -> list[str]:
        return [value for value in self.values if value.startswith("arn:")]


@dataclass(frozen=True)
class Principal:
    """Somebody whom a statement names. kind: aws, service, federated or canonicaluser.

    An account has one canonical user, by which its number is not known: it is ours where it is trusted by that id.
    """

    kind: str
    name: str

    @property
    def owner(self) -> str:
        """EVERYONE, an account or a canonical user; "" for a service and a provider of identities."""
        if has_wildcard(self.name):
            return EVERYONE
        if self.kind != "aws":
            return self.name if self.kind == "canonicaluser" else ""
        match = _ARN.fullmatch(self.name)
        return self.name if _ACCOUNT.fullmatch(self.name) else match["account"] if match else ""

    @property
    def is_account(self) -> bool:
        """Tells whether it is a whole account: by its number, or by its root."""
        return bool(_ACCOUNT.fullmatch(self.name) or re.fullmatch(r"arn:[\w-]+:iam::\d{12}:root", self.name))


@dataclass(frozen=True)
class Grant:
    """One statement of a policy document. statement: where it is. allows: whether its effect is Allow."""

    statement: View
    allows: bool

    @cached_property
    def all_principals_but(self) -> tuple[Principal, ...]:
        """Whom it names by NotPrincipal. With Allow, that is everybody else."""
        return tuple(self._principals("NotPrincipal"))

    @cached_property
    def principals(self) -> tuple[Principal, ...]:
        """Whom it names by Principal."""
        return tuple(self._principals("Principal"))

    @cached_property
    def conditions(self) -> tuple[Condition, ...]:
        """Its conditions; all of them must hold."""
        return tuple(self._conditions())

    def is_for(self, action: str) -> bool:
        """Tells whether the statement is about this action, such as `iam:PassRole`."""
        return self._covers("Action", action.lower(), lower=True)

    def is_on(self, resource: str) -> bool:
        """Tells whether the statement is about the resource, an ARN of the partition aws; others are taken as it."""
        return self._covers("Resource", resource, lower=False)

    def is_for_all(self, actions: Collection[str]) -> bool:
        """Tells whether the statement is about each of the actions."""
        return all(map(self.is_for, actions))

    def denies_plaintext(self, actions: Collection[str], resources: Collection[str] = ()) -> bool:
        """Tells whether it denies the actions on the resources to everybody who does not use TLS, and nothing less.

        Conditions are joined by and: with a second one, some requests without TLS get through.
        """
        asks = [(each.operator.removesuffix("ifexists"), each.key, "false" in each.values) for each in self.conditions]
        return (
            not self.allows
            and asks == [("bool", "aws:securetransport", True)]
            and any(principal.name == "*" for principal in self.principals)
            and self.is_for_all(actions)
            and all(map(self.is_on, resources))
        )

    def open_to(self, own: Collection[str]) -> tuple[str, str]:
        """Returns where and to whom an Allow is open beside the accounts `own`; ("", "") when it is to nobody.

        own: the accounts whose principals may be let in. Empty: they are not known, and no account is a stranger.
        """
        if not self.allows:
            return "", ""
        strangers = [principal.owner for principal in self.principals if principal.owner]
        if self.all_principals_but:
            closed = self._restricted_to(own)
            return ("", "") if closed else (self.statement.under("NotPrincipal"), "everyone but a few")
        where = self.statement.under("Principal")
        if EVERYONE in strangers:
            owners = self._restricting_owners()
            foreign = sorted(owner for owner in owners if is_foreign(owner, own))
            if owners and not foreign:
                return "", ""
            return where, f"the account {foreign[0]}" if foreign else EVERYONE
        foreign = sorted(owner for owner in strangers if is_foreign(owner, own))
        return (where, f"the account {foreign[0]}") if foreign and not self._restricted_to(own) else ("", "")

    def whole_accounts(self) -> bool:
        """Tells whether an Allow names a whole account, and no condition narrows it to some of its principals."""
        named = any(principal.is_account for principal in self.principals)
        return self.allows and named and not any(each.narrows_an_account for each in self.conditions)

    def unscoped_identity(self) -> tuple[str, str]:
        """Returns where and why identities of another system are let in that are not named; ("", "") when all are.

        Of a provider of OpenID Connect the subject and the audience are fixed, of EKS Pod Identity the account or the
        cluster.
        """
        if not self.allows:
            return "", ""
        for principal in self.principals:
            if principal.kind == "service" and principal.name == _POD_IDENTITY and not self._restricting_owners():
                return (
                    self.statement.under("Condition"),
                    "has no aws:SourceAccount and no aws:SourceArn: who has iam:PassRole may give it to any cluster",
                )
            if principal.kind == "federated" and (missing := self._not_fixed(principal.name)):
                return self.statement.under("Condition"), missing
        return "", ""

    def source(self, own: Collection[str]) -> str:
        """Returns for whom its services act: "" for ours or for nobody known, else EVERYONE or an account.

        own: our accounts, as in `open_to`.
        """
        bounds = [condition.owners for condition in self.conditions if condition.owners]
        foreign = sorted(owner for owners in bounds for owner in owners if is_foreign(owner, own))
        ours = [owners for owners in bounds if owners.isdisjoint(foreign)]
        if not bounds:
            return EVERYONE
        if ours and (not foreign or any(not owner.startswith("arn:") for owners in ours for owner in owners)):
            return ""  # the name of a bucket says nothing of whose it is beside an account that is not ours
        return f"the account {foreign[0]}"

    def _not_fixed(self, provider: str) -> str:
        host = provider.rpartition("oidc-provider/")[2].lower()
        if ":saml-provider/" in provider or host == EVERYONE:
            return ""
        fixed = {key: self._fixed(f"{host}:{key}", key, host) for key in ("aud", "sub")}
        if host == "cognito-identity.amazonaws.com":
            del fixed["sub"]
        missing = [f"{host}:{key}" for key, is_fixed in fixed.items() if not is_fixed]
        return f"does not fix {' and '.join(missing)}: others who log in there may use the role" if missing else ""

    def _fixed(self, name: str, key: str, host: str) -> bool:
        known = (each for start, each in _SUBJECTS.items() if host.startswith(start) and key == "sub")
        pattern = next(known, r"[^*?]+")
        return any(
            each.key == name
            and each.operator.removeprefix("foranyvalue:") in ("stringequals", "stringlike")
            and each.values
            and all(re.fullmatch(pattern, value) and "${" not in value for value in each.values)
            for each in self.conditions
        )

    def _restricting_owners(self) -> frozenset[str]:
        """Returns whom the narrowest condition lets in. Conditions are joined by and: each alone is a bound."""
        bounds = [condition.owners for condition in self.conditions if condition.owners]
        return min(bounds, key=len, default=frozenset())

    def _restricted_to(self, own: Collection[str]) -> bool:
        bounds = [condition.owners for condition in self.conditions if condition.owners]
        return any(not any(is_foreign(owner, own) for owner in owners) for owners in bounds)

    def _principals(self, element: str) -> Iterator[Principal]:
        value = at(self.statement, element, {})
        if isinstance(value, str):
            yield Principal("aws", value)
        elif isinstance(value, dict):
            inside = View(self.statement.resource, value, self.statement.under(element))
            yield from (Principal(kind.lower(), name) for kind in value for name in listed(inside, kind))
        else:
            raise WrongTypeError(self.statement.resource, self.statement.under(element), "a string or a map", value)

    def _conditions(self) -> Iterator[Condition]:
        operators = at(self.statement, "Condition", {})
        where = self.statement.under("Condition")
        if not isinstance(operators, dict):
            raise WrongTypeError(self.statement.resource, where, "a map", operators)
        for operator, by_key in operators.items():
            if not isinstance(by_key, dict):
                raise WrongTypeError(self.statement.resource, f"{where}.{operator}", "a map", by_key)
            for key, value in by_key.items():
                values = value if isinstance(value, list) else [value]
                yield Condition(operator.lower(), key.lower(), tuple(map(_shown, values)))

    def _covers(self, element: str, wanted: str, *, lower: bool) -> bool:
        given, excluded = listed(self.statement, element), listed(self.statement, f"Not{element}")
        if excluded:
            return not any(matches(_compared(each, lower), wanted) for each in excluded)
        return any(matches(_compared(each, lower), wanted) for each in given)


def _shown(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _compared(pattern: str, lower: bool) -> str:
    return pattern.lower() if lower else re.sub(r"^arn:aws[\w-]*:", "arn:aws:", pattern)


def is_foreign(owner: str, own: Collection[str]) -> bool:
    """Tells whether it is a known account that is none of ours. Organizations and networks are named on purpose."""
    is_one = _ACCOUNT.fullmatch(owner) or _CANONICAL.fullmatch(owner)
    return bool(own) and is_one is not None and owner not in own


def listed(statement: View, key: Path) -> list[str]:
    """Returns the element `key` (Action, Resource, ...) as a list, whether it is one string or a list of strings."""
    value = at(statement, key, [])
    if isinstance(value, str):
        return [value]
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return value
    raise WrongTypeError(statement.resource, statement.under(key), "a string or a list of strings", value)


def grants(view: View, path: Path) -> Iterator[Grant]:
    """Yields the statements of the document at `path`, which is a JSON string or a map; none where absent.

    Raises NotKnownError, and WrongTypeError for what is not a policy document.
    """
    document: Any = at(view, path)
    if isinstance(document, str):
        try:
            document = json.loads(document) if document.strip() else None
        except ValueError:
            raise WrongTypeError(view.resource, view.under(path), "a JSON document", document) from None
    if document is None:
        return
    if not isinstance(document, dict):
        raise WrongTypeError(view.resource, view.under(path), "a policy document", document)
    value = document.get("Statement", [])
    for index, given in enumerate(value if isinstance(value, list) else [value]):
        statement = View(view.resource, given, f"{view.under(path)}.Statement[{index}]")
        yield Grant(statement, text(statement, "Effect").lower() == "allow")


TRUSTED = Option(
    "Accounts beside the stack's own, in quotes, whose principals may be let in; or their canonical user ids.",
    [],
    stricter="fewer",
)


def own_accounts(resource: Resource, trusted: Collection[str] = ()) -> frozenset[str]:
    """Returns the accounts that are ours: those that the provider is held to, and trusted ones. Empty: it is to none.

    Raises NotKnownError when they are unknown before the update, so that nobody counts as ours meanwhile.
    """
    allowed = at(resource.provider, "allowedAccountIds")
    if isinstance(allowed, str):
        allowed = json.loads(allowed)
    return frozenset([*allowed, *trusted]) if allowed else frozenset()


def open_to(grant: Grant, trusted: Collection[str]) -> tuple[str, str]:
    """Returns where and to whom an Allow is open beside our accounts and trusted ones; see `Grant.open_to`.

    Load balancers of AWS may write their logs to a bucket.
    """
    names_owners = grant.all_principals_but or any(each.owner for each in grant.principals)
    if not grant.allows or not names_owners:
        return "", ""
    writes = {each.lower() for each in listed(grant.statement, "Action")} == {"s3:putobject"}
    return grant.open_to(own_accounts(grant.statement.resource, [*trusted, *(LOG_WRITERS if writes else ())]))


def let_in(view: View, path: Path, harm: str, trusted: Collection[str] = ()) -> Iterator[tuple[str, str]]:
    """Yields what lets in strangers in the resource policy at `path`. harm: what they then may do."""
    for grant in grants(view, path):
        where, whom = open_to(grant, trusted)
        if whom:
            yield where, f"is {whom}, and no condition keeps it to principals of ours: {harm}"


def is_own_key(view: View, path: Path) -> bool:
    """Tells whether `path` names a key that is not one of AWS's. One that is unknown is made in the same stack."""
    if not present(view, path):
        return False
    name = at_if_known(view, path)
    return name is None or not re.search(r"(^|[:/])alias/aws/", str(name))

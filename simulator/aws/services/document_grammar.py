"""The grammar of policy documents: one reader for all of them. What each service refuses: document_kinds.py.

Sources, read 2026-11: IAM User Guide, "Grammar of the IAM JSON policy language"; getmoto/moto
tests/test_iam/test_iam_policies.py (documents tried on IAM); versity/versitygw tests/integration and iamapi/policy (the
same for trust policies and bucket policies).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from catalog.iam import iam_names
from common.spelling import nearest
from simulator.aws import paths, tokens
from simulator.aws.constraints import network
from simulator.aws.messages import AwsError
from simulator.aws.operation_context import OperationContext, principal_of
from simulator.aws.services.documents import listed
from simulator.values import has_unknown

_ELEMENT = re.compile("Sid|Effect|Condition|(Not)?(Principal|Action|Resource)")
_OPERATOR = re.compile(
    r"(ForAnyValue:|ForAllValues:)?(Null|(String(Not)?Equals(IgnoreCase)?|String(Not)?Like|Arn(Not)?(Equals|Like)|"
    r"(Numeric|Date)((Not)?Equals|(LessThan|GreaterThan)(Equals)?)|Bool|BinaryEquals|(Not)?IpAddress)(IfExists)?)"
)
_DATE = re.compile(
    r"-?\d+(-(0?[1-9]|1[0-2])(-(0?[1-9]|[12]\d|3[01]))?)?"
    r"(t(([01]?\d|2[0-3])(:[0-5]?\d(:[0-5]?\d(\.\d{1,9})?)?)?(z|[+-]([01]\d|2[0-3])(:[0-5]\d)?)?)?)?",
    re.IGNORECASE,
)
_AWS_PRINCIPAL = re.compile(
    r"arn:(?P<partition>aws[a-z-]*):(iam|sts)::(?P<account>\d{12}|cloudfront):"
    r"(root|(?P<role>role)/[^*?]+|(user|assumed-role|federated-user)/[^*?]+)"
)
ALIKE = 0.85
"""How much a name is like a known one that is meant."""
_UNIQUE_ID = re.compile(r"A(ROA|IDA|GPA)[A-Z0-9]{12,}")
_FEDERATED = re.compile(r"arn:(?P<partition>aws[a-z-]*):iam::\d{12}:(oidc|saml)-provider/.+|[a-z0-9-]+(\.[a-z0-9-]+)+")
IAM_PATHS = (
    *("user/", "federated-user/", "role/", "group/", "instance-profile/", "mfa/", "server-certificate/", "policy/"),
    *("sms-mfa/", "saml-provider/", "oidc-provider/", "report/", "access-report/"),
)


class Fault(NamedTuple):
    """One fault. kind: the key of a row's words. value: what fills {value} there."""

    kind: str
    value: Any = ""
    retried: bool = False


class Statement(NamedTuple):
    """A statement of a document, and the operation that writes it."""

    content: Mapping[str, Any]
    op: OperationContext

    def texts(self, *elements: str) -> list[str]:
        """Returns the texts of some elements."""
        return [each for element in elements for each in listed(self.content.get(element)) if isinstance(each, str)]

    def condition_keys(self) -> list[str]:
        """Returns the keys of all conditions, in lower case, as AWS compares them."""
        conditions = self.content.get("Condition")
        tests = conditions.values() if isinstance(conditions, dict) else ()
        return [key.lower() for each in tests if isinstance(each, dict) for key in each]


Reader = Callable[[Statement], Iterator[Fault]]


@dataclass(frozen=True)
class Grammar:
    """A kind of document, and what its service refuses.

    words: kinds of faults, separated by spaces -> AWS's words, in the order in which AWS looks for the faults. A fault
    without words is one that the service takes. own: reads what only this kind of document has.
    outside: whether principals are people and machines from outside of the cloud: that a role is missing there says
    nothing, and is for preflight to find.
    """

    code: str
    words: Mapping[str, str]
    own: Reader | None = None
    outside: bool = False

    def of(self, path: str) -> Callable[[OperationContext], None]:
        """Returns the rule of the documents at a path. A document that is not known yet, or stays, is not judged."""

        def rule(op: OperationContext) -> None:
            before = [text for _, text in paths.find(op.before, path)]
            for _, text in paths.find(op.inputs, path):
                if not has_unknown(text) and text and text not in before:
                    self(op, text)

        return rule

    def __call__(self, op: OperationContext, text: str) -> None:
        """Raises AwsError for the first fault that the service refuses."""
        found = [fault for fault in _faults(text, op, self.own) if not (self.outside and fault.retried)]
        faults = {fault.kind: fault for fault in reversed(found)}
        for kinds, words in self.words.items():
            for fault in (faults[kind] for kind in kinds.split() if kind in faults):
                at = max(text.find(json.dumps(fault.value)), 0) + 1
                raise AwsError(self.code, words.format(value=fault.value, at=at), retried=fault.retried)


def _faults(text: str, op: OperationContext, own: Reader | None) -> Iterator[Fault]:
    try:
        document = json.loads(text)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        yield Fault("json")
        return
    yield from (Fault("unknown-element", key) for key in document if key not in ("Version", "Id", "Statement"))
    version = document.get("Version")
    if version != "2012-10-17":
        kind = "no-version" if version is None else "old-version" if version == "2008-10-17" else "version"
        yield Fault(kind, version)
    if not isinstance(document.get("Id", ""), str):
        yield Fault("form", "Id")
    statements = listed(document.get("Statement"))
    if not statements:
        yield Fault("empty-statement" if "Statement" in document else "no-statement")
    sids = [each["Sid"] for each in statements if isinstance(each, dict) and each.get("Sid")]
    yield from (Fault("equal-sids", sid) for index, sid in enumerate(sids) if sid in sids[:index])
    for each in statements:
        if not isinstance(each, dict):
            yield Fault("form", "Statement")
            continue
        for reader in (_elements, _actions, _resources, _conditions, _principals, *([own] if own else [])):
            yield from reader(Statement(each, op))


def _elements(statement: Statement) -> Iterator[Fault]:
    content = statement.content
    yield from (Fault("unknown-element", key) for key in content if not _ELEMENT.fullmatch(key))
    effect, sid = content.get("Effect"), content.get("Sid", "")
    if effect is None:
        yield Fault("no-effect")
    elif effect not in ("Allow", "Deny"):
        yield Fault("effect-letters" if str(effect).capitalize() in ("Allow", "Deny") else "effect", effect)
    if not isinstance(sid, str):
        yield Fault("form", "Sid")
    elif not re.fullmatch("[0-9A-Za-z]*", sid):
        yield Fault("sid-letters", sid)
    for element in ("Action", "Resource"):
        both = (element, f"Not{element}")
        if both[0] in content and both[1] in content:
            yield Fault("form", both[1])
        values = [each for key in both for each in listed(content.get(key))]
        if any(not isinstance(each, str) for each in values):
            yield Fault("form", element)
        if not values:
            yield Fault(f"no-{element.lower()}")


def _actions(statement: Statement) -> Iterator[Fault]:
    for action in statement.texts("Action", "NotAction"):
        vendor, colon, rest = action.partition(":")
        if not colon and action != "*":
            yield Fault("no-vendor", action)
        elif ":" in rest:
            yield Fault("colons", action)
        elif not re.fullmatch(r"[a-zA-Z0-9.-]+|\*", vendor):
            yield Fault("vendor", vendor)


def _resources(statement: Statement) -> Iterator[Fault]:
    if {"Resource", "NotResource"} & set(statement.content):
        yield Fault("resource-given")
    partition = statement.op.region_facts.partition
    for resource in statement.texts("Resource", "NotResource"):
        if resource == "*":
            continue
        parts = resource.split(":", 5)
        if len(parts) == 1:
            yield Fault("resource", resource)
        elif not fnmatchcase(partition, parts[1]):
            shown = ":".join(["arn", parts[1], *[*parts[2:], *"****"][:4]])
            yield Fault("partition", f'Partition "{parts[1]}" is not valid for resource "{shown}".')
        elif len(parts) == 2:
            yield Fault("short-resource", resource)
        elif (len(parts) < 6 and "::" in resource) or not parts[2]:
            yield Fault("legacy", resource)
        elif len(parts) == 6 and parts[2] == "iam" and parts[4] != "aws":
            if parts[3]:
                yield Fault("region", f"IAM resource {resource} cannot contain region information.")
            elif not parts[5].startswith((*IAM_PATHS, "assumed-role/", "delegation-request/", "*", "root", "$")):
                yield Fault("iam-path", resource)
        elif len(parts) == 6 and parts[2] == "s3" and parts[3] and not parts[4]:
            yield Fault("region", f"Resource {resource} can not contain region information.")


def _conditions(statement: Statement) -> Iterator[Fault]:
    conditions = statement.content.get("Condition", {})
    if not isinstance(conditions, dict) or any(not isinstance(tests, dict) for tests in conditions.values()):
        yield Fault("form", "Condition")
        return
    for operator, tests in conditions.items():
        if tests and not _OPERATOR.fullmatch(operator):
            yield Fault("operator", operator)
        for key, values in tests.items():
            if any(not isinstance(value, str | int | float) for value in listed(values)) or values is None:
                yield Fault("form", key)
                continue
            for value in map(str, listed(values)):
                if "Date" in operator and "${" not in value and not _is_date(value):
                    yield Fault("date", value)
                if "IpAddress" in operator and "${" not in value and network(value) is None:
                    yield Fault("address", value)


def _is_date(value: str) -> bool:
    return int(value) < 1 << 63 if value.isdigit() else bool(_DATE.fullmatch(value))


def _principals(statement: Statement) -> Iterator[Fault]:
    content = statement.content
    given = [name for name in ("Principal", "NotPrincipal") if name in content]
    if not given:
        yield Fault("no-principal")
        return
    yield Fault("principal-given")
    if "NotPrincipal" in given:
        yield Fault("all-but-principal" if content.get("Effect") == "Allow" else "not-principal")
    for principals in (content[name] for name in given):
        if isinstance(principals, str):
            yield Fault("any-principal" if principals == "*" else "principal-form", principals)
        elif not isinstance(principals, dict) or not principals:
            yield Fault("empty-principal" if principals in ({}, None) else "principal-form")
        else:
            for kind, values in principals.items():
                for value in listed(values) or [""]:
                    yield from _principal(statement.op, kind, value)


def _principal(op: OperationContext, kind: str, value: Any) -> Iterator[Fault]:
    shown = Fault("principal", f'"{kind.upper()}":"{value}"')
    partition = op.region_facts.partition
    if kind == "Federated":
        federated = _FEDERATED.fullmatch(str(value))
        if not federated or federated["partition"] not in (None, partition):
            yield Fault("federated", value)
    elif kind == "Service":
        if not _is_service(str(value), partition):
            yield shown
    elif kind == "AWS":
        found = _AWS_PRINCIPAL.fullmatch(str(value))
        if value == "*" or re.fullmatch(r"\d{12}", str(value)) or _UNIQUE_ID.fullmatch(str(value)):
            return
        if not found or found["partition"] != partition:
            yield shown
        elif found["role"] and found["account"] == op.account and not op.call.preview and _is_missing(op, value):
            yield shown._replace(retried=True)
    elif kind != "CanonicalUser":
        yield Fault("principal", f'"{kind}"')


def _is_missing(op: OperationContext, role: str) -> bool:
    """Returns whether the account has no such role. Roles of services and of people come from elsewhere."""
    if ":role/aws-" in role or role == principal_of(op.call.config, op.region_facts.partition):
        return False
    entries = op.cloud.of_type(tokens.ACCESS_ENTRY)
    return op.find(tokens.ROLE, "arn", role) is None and all(row.state["principalArn"] != role for row in entries)


def _is_service(value: str, partition: str) -> bool:
    """Returns whether a service may exist: no source lists all of them, so only a misspelt one does not."""
    match = re.fullmatch(r"([a-z0-9.-]+)\.amazonaws\.com(\.cn)?", value)
    if not match or (match[2] and partition != "aws-cn"):
        return re.fullmatch(r"alexa-[a-z]+\.amazon\.com|.+\.aws\.internal", value) is not None
    known = iam_names()["services"]
    name = re.sub(r"\.[a-z]{2}(-[a-z]+)+-\d+(?=\.|$)", "", match[1])
    parts, _, parent = name.rpartition(".")
    alike = [each for each in known if each.rpartition(".")[2] == parent] if parts else known
    return name in known or nearest(name, alike, cutoff=ALIKE) is None

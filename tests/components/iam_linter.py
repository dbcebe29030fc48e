"""IAM documents of a stack, and what is wrong with them: by the linter `parliament`, and by two rules of our own.

The rules: nobody gets an action by a wildcard, nor every resource of a kind without a condition. An action that AWS
lets nobody scope to resources may have all of them; which ones those are, the linter's data say.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal, NamedTuple, Protocol

import parliament
from parliament.statement import get_privilege_info

Kind = Literal["identity", "trust", "resource"]
EVERY_ONE_OF_A_KIND = re.compile(r"\*|[a-z-]+[/:]\*")  # what follows the account in an ARN: `*`, `key/*`

# Part of a finding -> why it stands all the same. What is read of AWS was read 2026-11.
JUSTIFIED: Mapping[str, str] = {
    "'ecr:BatchImportUpstreamImage', 'required_format': '*'": "the data of the linter is older than what the ECR guide "
    "does: it gives the right for repositories",
    ", Everything: ": "the policy that AWS gives an endpoint at first; it gives no rights to anybody",
    ", OwnAccounts: allows *": "the policy of an endpoint gives no rights, and this one holds calls to named accounts",
    "PublicBuckets: lets everybody in": "AWS's own buckets, which nodes read; what else they may, their roles say",
    "TokensOfKubernetes: lets everybody in": "a pod has no account before STS has answered it",
    "AccountDelegatesToIam: allows kms:*": "a key that its account does not govern can become unmanageable for ever",
    "Unknown condition kms:ResourceAliases for action kms:": "missing in the data of the linter; the KMS guide has it",
    "Unknown condition elasticloadbalancing:CreateAction for action": "missing in the data of the linter; the ELB user "
    "guide has it, for tags during creation",
    "Unknown condition kms:EncryptionContext:aws:logs:arn for action kms:DescribeKey": "idle there; the statement is "
    "that of the CloudWatch guide",
    "ArnLike requires a value of type Arn but given String": "an encryption context is text to the linter, and "
    "this one is the ARN of a log group; the CloudWatch guide compares it so",
    "LaunchOnImagesAndNetwork: allows ec2:RunInstances, ec2:CreateFleet on": "what a machine is started from is not "
    "Karpenter's and has no tag of it; what is started has to have one, by the next statement",
    "ReadInstanceProfiles: allows iam:GetInstanceProfile on": "IAM gives reading a profile no condition on its tags, "
    "and Karpenter names its own by a digest",
    "'ssm:GetParameter', 'required_format': 'arn:*:ssm:*:*:parameter/*'": "parameters of AWS have no account in their "
    "ARN, which the linter takes for a mistake",
}


class Holder(Protocol):
    """A resource, as far as it matters here."""

    @property
    def name(self) -> str: ...

    @property
    def type(self) -> str: ...

    @property
    def inputs(self) -> dict[str, Any]: ...


class Document(NamedTuple):
    """One document, where it stands, and what kind it is."""

    owner: str
    kind: Kind
    content: Mapping[str, Any]

    @property
    def statements(self) -> list[dict[str, Any]]:
        found = self.content["Statement"]
        return found if isinstance(found, list) else [found]


def documents(resources: Iterable[Holder]) -> Iterator[Document]:
    """Every document among the inputs of the resources, whatever their types are called."""
    for resource in resources:
        for key, value in resource.inputs.items():
            content = _parsed(value)
            if content is not None:
                identity: Kind = "identity" if resource.type.startswith("aws:iam/") else "resource"
                yield Document(resource.name, "trust" if key == "assumeRolePolicy" else identity, content)


def findings(document: Document) -> Iterator[str]:
    """What is wrong, justified or not."""
    for statement in document.statements:
        name = statement.get("Sid", "a statement without Sid")
        if statement["Effect"] == "Allow":
            yield from (f"{document.owner}, {name}: {sentence}" for sentence in _too_wide(statement, document.kind))
        yield from (f"{document.owner}, {name}: {sentence}" for sentence in _linted(statement, document.kind))
    if document.kind == "identity":
        yield from (f"{document.owner}: {sentence}" for sentence in _mismatches(document))


def _parsed(value: Any) -> Mapping[str, Any] | None:
    try:
        found = json.loads(value) if isinstance(value, str) else value
    except ValueError:
        return None
    return found if isinstance(found, dict) and "Statement" in found else None


def _texts(statement: Mapping[str, Any], key: str) -> list[str]:
    found = statement.get(key, [])
    return [found] if isinstance(found, str) else list(found)


def _too_wide(statement: Mapping[str, Any], kind: Kind) -> Iterator[str]:
    actions = _texts(statement, "Action")
    yield from (f"allows {action}" for action in actions if "*" in action)
    if "NotAction" in statement or "NotResource" in statement:
        yield "allows all but what it names"
    if "Condition" in statement:
        return
    if kind == "identity":
        wide = [resource for resource in _texts(statement, "Resource") if _every_one(resource)]
        scoped = [action for action in actions if "*" not in action and _can_be_scoped(action)]
        if wide and scoped:
            yield f"allows {', '.join(scoped)} on {', '.join(wide)} without a condition"
    elif "*" in json.dumps(statement.get("Principal", "*")):
        yield "lets everybody in without a condition"


def _every_one(resource: str) -> bool:
    parts = resource.split(":", 5)
    if len(parts) < 6:
        return resource == "*"
    if parts[2] == "s3":  # a bucket, then what is in it
        return parts[5].startswith("*")
    return EVERY_ONE_OF_A_KIND.fullmatch(parts[5]) is not None


def _can_be_scoped(action: str) -> bool:
    service, name = action.split(":")
    try:
        return any(kind["resource_type"] for kind in get_privilege_info(service, name)["resource_types"])
    except parliament.UnknownActionException:
        return True


def _linted(statement: Mapping[str, Any], kind: Kind) -> Iterator[str]:
    """What the linter says of one statement. A trust policy has no resource, and the linter wants one."""
    whole = {**statement, **({} if "Resource" in statement else {"Resource": "*"})}
    for issue, detail in _parliament(whole):
        if issue in ("RESOURCE_MISMATCH", "RESOURCE_STAR") or (kind != "identity" and issue == "RESOURCE_POLICY"):
            continue  # the first is looked at over all statements, the second above
        yield f"{issue}: {detail}"


def _mismatches(document: Document) -> Iterator[str]:
    """Actions that no statement gives the kind of resource that they need: one statement may give each its part."""
    resources: dict[str, set[str]] = defaultdict(set)
    for statement in document.statements:
        for action in _texts(statement, "Action") if statement["Effect"] == "Allow" else ():
            resources[action] |= set(_texts(statement, "Resource"))
    for action, named in resources.items():
        whole = {"Effect": "Allow", "Action": [action], "Resource": sorted(named)}
        yield from (f"{issue}: {detail}" for issue, detail in _parliament(whole) if issue == "RESOURCE_MISMATCH")


def _parliament(statement: Mapping[str, Any]) -> list[tuple[str, str]]:
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    return [(found.issue, str(found.detail)) for found in parliament.analyze_policy_string(policy).findings]

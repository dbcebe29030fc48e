"""An endpoint of the VPC leads to named accounts only.

Without a policy, AWS lets everybody do everything through an endpoint. What names its resources may be for everybody:
public buckets of AWS, and the exchange of a token of Kubernetes for a named role.
Sources: AWS PrivateLink guide, "Control access to VPC endpoints using endpoint policies"; IAM user guide, "AWS global
condition context keys" and "IfExists"; read 2026-11.
"""

import json
import re
from collections.abc import Iterator

from catalog.endpoints import WITHOUT_POLICY
from policies.iam_documents import allows, names, statements
from policies.rule import Case, Resource, Rule, View, at, present, text

ENDPOINT, POLICY = "aws:ec2/vpcEndpoint:VpcEndpoint", "policy"
OWN = frozenset(
    f"aws:{of}{key}".lower() for of in ("Principal", "Resource") for key in ("Account", "OrgID", "OrgPaths", "Arn")
)
_ANY = re.compile(r"[*?]+|arn:[\w*-]*:(iam|sts)?::?[*?].*")
_EQUALS = ("StringEquals", "StringEqualsIgnoreCase", "StringLike", "ArnEquals", "ArnLike")


def _is_narrow(statement: View) -> bool:
    """Tells whether a condition names accounts. With IfExists or a wildcard alone it lets in who has none."""
    condition = at(statement, "Condition", {})
    for operator, keys in condition.items() if isinstance(condition, dict) else ():
        narrows = operator.removeprefix("ForAnyValue:") in _EQUALS and isinstance(keys, dict)
        for key, value in keys.items() if narrows else ():
            values = [str(each) for each in (value if isinstance(value, list) else [value])]
            if key.lower() in OWN and values and not any(_ANY.fullmatch(each) for each in values):
                return True
    return False


def check(resource: Resource) -> Iterator[tuple[str, str]]:
    if text(resource, "serviceName").endswith(tuple(f".{each}" for each in WITHOUT_POLICY)):
        return
    if not present(resource, POLICY):
        yield POLICY, "is not given, so everybody may do everything through it"
        return
    for statement in statements(resource, POLICY):
        everything = present(statement, "NotResource") or "*" in names(statement, "Resource")
        if allows(statement) and everything and not _is_narrow(statement):
            yield statement.under("Condition"), "names no account: data may leave to an account of anybody"


def _policy(
    resource: object = "*", key: str = "Resource", effect: str = "Allow", **condition: object
) -> dict[str, str]:
    grant = {"Effect": effect, "Principal": "*", "Action": "*", key: resource}
    return {POLICY: json.dumps({"Statement": [{**grant, **({"Condition": condition} if condition else {})}]})}


AT = f"{POLICY}.Statement[0].Condition"
OURS = {"aws:PrincipalAccount": "111122223333"}

RULE = Rule(
    id="net-endpoint-scoped",
    applies_to=ENDPOINT,
    severity="medium",
    standards=("AWS data perimeter",),
    why="Who is in a pod could carry data out through an endpoint, with credentials of another account.",
    fix="Write network.endpoints.policies: own; or a Condition on aws:PrincipalAccount or aws:ResourceAccount.",
    dev="disabled",
    staging="advisory",
    prod="advisory",
    check=check,
    good={
        "own principals": _policy(StringEquals=OURS),
        "an organization": _policy(StringEquals={"aws:ResourceOrgID": ["o-a1b2c3d4e5"]}),
        "a role of one account": _policy(ArnLike={"aws:PrincipalArn": "arn:aws:iam::111122223333:role/*"}),
        "named buckets for everybody": _policy(["arn:aws:s3:::al2023-repos-us-west-2-de612dc2/*"]),
        "a service that takes no policy": {"serviceName": "com.amazonaws.us-west-2.eks-auth"},
        "a denial": _policy(effect="Deny"),
    },
    bad={
        "nothing set": Case({}, at=POLICY),
        "none for a service that takes one": Case({"serviceName": "com.amazonaws.us-west-2.eks"}, at=POLICY),
        "everything": Case(_policy(), at=AT),
        "everything in a list": Case(_policy(["arn:aws:s3:::a", "*"]), at=AT),
        "all but some": Case(_policy("arn:aws:s3:::a", "NotResource"), at=AT),
        "a condition on another thing": Case(_policy(Bool={"aws:SecureTransport": "true"}), at=AT),
        "a condition that lets in who has no account": Case(_policy(StringEqualsIfExists=OURS), at=AT),
        "any account": Case(_policy(StringLike={"aws:PrincipalAccount": "*"}), at=AT),
        "any principal": Case(_policy(ArnLike={"aws:PrincipalArn": "arn:aws:iam::*:role/*"}), at=AT),
        "all but one account": Case(_policy(StringNotEquals=OURS), at=AT),
        "no value at all": Case(_policy("*", "Resource", "Allow", **{"ForAllValues:StringEquals": OURS}), at=AT),
    },
)

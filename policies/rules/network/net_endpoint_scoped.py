"""An endpoint of the VPC leads to named accounts only.

Without a policy, AWS lets everybody do everything through an endpoint. What names its resources may be for everybody:
public buckets of AWS, and the exchange of a token of Kubernetes for a named role.
Sources: AWS PrivateLink guide, "Control access to VPC endpoints using endpoint policies"; IAM user guide, "AWS global
condition context keys" and "IfExists"; read 2026-11.
"""

import json
from collections.abc import Iterator
from dataclasses import replace

from catalog.endpoints import WITHOUT_POLICY
from policies.grants import Grant, grants, listed
from policies.rule import Case, Resource, Rule, present, text

ENDPOINT, POLICY = "aws:ec2/vpcEndpoint:VpcEndpoint", "policy"
OWN = frozenset(f"aws:principal{key}" for key in ("account", "orgid", "orgpaths", "arn"))


def _is_narrow(grant: Grant) -> bool:
    """Tells whether a condition names accounts. With IfExists or a wildcard alone it lets in who has none."""
    about_callers = (replace(each, key=each.key.replace(":resource", ":principal")) for each in grant.conditions)
    return any(condition.key in OWN and condition.owners for condition in about_callers)


def check(resource: Resource) -> Iterator[tuple[str, str]]:
    if text(resource, "serviceName").endswith(tuple(f".{each}" for each in WITHOUT_POLICY)):
        return
    if not present(resource, POLICY):
        yield POLICY, "is not given, so everybody may do everything through it"
        return
    for grant in grants(resource, POLICY):
        given = grant.statement
        everything = present(given, "NotResource") or any(not each.strip("*?") for each in listed(given, "Resource"))
        if grant.allows and everything and not _is_narrow(grant):
            yield given.under("Condition"), "names no account: data may leave to an account of anybody"


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
    fix="Write a policy with a Condition on aws:PrincipalAccount or aws:ResourceAccount.",
    mend={"Condition": {"StringEquals": {"aws:PrincipalAccount": "<account>"}}},
    stack_file={"network.endpoints.policies": "own"},
    dev="disabled",
    staging="advisory",
    prod="advisory",
    check=check,
    good={
        "own principals": _policy(StringEquals=OURS),
        "an organization": _policy(StringEquals={"aws:ResourceOrgID": ["o-a1b2c3d4e5"]}),
        "a part of an organization": _policy(StringLike={"aws:PrincipalOrgPaths": "o-a1b2c3d4e5/r-1/*"}),
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

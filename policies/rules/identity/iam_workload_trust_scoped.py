"""Roles for identities of another system name the ones that may have them: subject and audience, account or cluster.

Sources: EKS user guide, "IAM roles for service accounts" and "EKS Pod Identity"; GitHub, "Configuring OpenID Connect
in Amazon Web Services"; read 2026-11.
"""

import json
from collections.abc import Iterator

from policies.grants import grants
from policies.rule import Case, Resource, Rule


def check(resource: Resource) -> Iterator[tuple[str, str]]:
    for grant in grants(resource, "assumeRolePolicy"):
        where, problem = grant.unscoped_identity()
        if problem:
            yield where, problem


def _trust(principal: object, condition: object = None, effect: str = "Allow") -> dict[str, str]:
    statement = {"Effect": effect, "Principal": principal, "Action": "sts:AssumeRole", "Condition": condition or {}}
    return {"assumeRolePolicy": json.dumps({"Version": "2012-10-17", "Statement": [statement]})}


def _provider(host: str, operator: str = "StringEquals", **claims: str) -> dict[str, str]:
    federated = {"Federated": f"arn:aws:iam::111122223333:oidc-provider/{host}"}
    return _trust(federated, {operator: {f"{host}:{key}": value for key, value in claims.items()}})


PODS = {"Service": "pods.eks.amazonaws.com"}
GITHUB, CLUSTER = "token.actions.githubusercontent.com", "oidc.eks.us-west-2.amazonaws.com/id/EXAMPLE"
STS = "sts.amazonaws.com"
AT = "assumeRolePolicy.Statement[0].Condition"

RULE = Rule(
    id="iam-workload-trust-scoped",
    applies_to="aws:iam/role:Role",
    severity="high",
    standards=("EKS best practices, identity and access management",),
    why="A provider of identities serves all its customers: without a subject, a stranger's pipeline gets the role.",
    fix="Add a Condition StringEquals on the provider's :aud and :sub; for pods.eks.amazonaws.com on "
    "aws:SourceAccount or aws:SourceArn.",
    dev="advisory",
    check=check,
    good={
        "nothing set, which IAM refuses by itself": {},
        "pods of one cluster": _trust(PODS, {"StringEquals": {"aws:SourceAccount": "111122223333"}}),
        "another service": _trust({"Service": "ec2.amazonaws.com"}),
        "a repository": _provider(GITHUB, "StringLike", aud=STS, sub="repo:org/platform:*"),
        "a service account": _provider(CLUSTER, aud=STS, sub="system:serviceaccount:research:trainer"),
        "a company's SAML": _trust({"Federated": "arn:aws:iam::111122223333:saml-provider/login"}),
        "denied": _trust(PODS, effect="Deny"),
    },
    bad={
        "pods of any account's clusters": Case(_trust(PODS), at=AT),
        "an audience alone": Case(_provider(GITHUB, aud=STS), at=AT),
        "a subject alone": Case(_provider(CLUSTER, sub="system:serviceaccount:research:trainer"), at=AT),
        "any repository": Case(_provider(GITHUB, "StringLike", aud=STS, sub="repo:*"), at=AT),
        "any repository of an organization": Case(_provider(GITHUB, "StringLike", aud=STS, sub="repo:org/*"), at=AT),
        "any namespace": Case(_provider(CLUSTER, "StringLike", aud=STS, sub="system:serviceaccount:*:trainer"), at=AT),
        "a pattern of another provider": Case(_provider("login.example.com", "StringLike", aud="a", sub="a*"), at=AT),
        "all that have no subject": Case(
            _provider(CLUSTER, "StringEqualsIfExists", aud=STS, sub="system:serviceaccount:research:trainer"), at=AT
        ),
    },
)

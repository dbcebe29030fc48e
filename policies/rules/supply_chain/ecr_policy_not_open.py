"""No policy of a repository, or of the registry, lets everyone pull or push."""

import json
from collections.abc import Iterator

from policies.iam_documents import allows, principals, statements
from policies.rule import Case, Resource, Rule, present

POLICY, REGISTRY = "aws:ecr/repositoryPolicy:RepositoryPolicy", "aws:ecr/registryPolicy:RegistryPolicy"
TEMPLATE = "aws:ecr/repositoryCreationTemplate:RepositoryCreationTemplate"


def check(resource: Resource) -> Iterator[tuple[str, str]]:
    for path in ("policy", "repositoryPolicy"):
        for statement in statements(resource, path):
            if not allows(statement):
                continue
            if present(statement, "NotPrincipal"):
                yield statement.under("NotPrincipal"), "is everyone but a few: any other AWS account may use the images"
            elif "*" in principals(statement) and not present(statement, "Condition"):
                yield (
                    statement.under("Principal"),
                    "is everyone, without a condition: any AWS account may use the images",
                )


def _policy(path: str = "policy", **changes: object) -> dict[str, str]:
    grant = {
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::111122223333:role/ci"},
        "Action": "ecr:PutImage",
        **changes,
    }
    given = {key: value for key, value in grant.items() if value is not None}
    return {path: json.dumps({"Version": "2012-10-17", "Statement": [given]})}


_ORGANIZATION = {"StringEquals": {"aws:PrincipalOrgID": "o-0123456789"}}
AT = "policy.Statement[0].Principal"

RULE = Rule(
    id="ecr-policy-not-open",
    applies_to=(POLICY, REGISTRY, TEMPLATE),
    severity="critical",
    standards=("CKV_AWS_32",),
    why="Images hold code and models; and who may push runs code on every node that pulls.",
    fix="Name the roles that push, or the organization in a Condition on aws:PrincipalOrgID.",
    check=check,
    good={
        "a role": _policy(),
        "an organization": _policy(Principal="*", Condition=_ORGANIZATION),
        "denied": _policy(Principal="*", Effect="Deny"),
        "nothing set, so only the account has access": Case({}, type=TEMPLATE),
    },
    bad={
        "everyone": Case(_policy(Principal="*"), at=AT),
        "everyone, spelled as a map": Case(_policy(Principal={"AWS": "*"}), at=AT),
        "everyone may make repositories": Case(_policy(Principal="*"), type=REGISTRY, at=AT),
        "repositories to come": Case(
            _policy("repositoryPolicy", Principal="*"), type=TEMPLATE, at="repositoryPolicy.Statement[0].Principal"
        ),
        "all but one": Case(
            _policy(Principal=None, NotPrincipal={"AWS": "111122223333"}), at="policy.Statement[0].NotPrincipal"
        ),
    },
)

"""No bucket is open to everyone through its ACL or its policy."""

import json
from collections.abc import Iterator

from policies.iam_documents import allows, principals, statements
from policies.rule import Case, Resource, Rule, present, text

ACLS = ("aws:s3/bucketAcl:BucketAcl", "aws:s3/bucketAclV2:BucketAclV2")
POLICY = "aws:s3/bucketPolicy:BucketPolicy"


def check(resource: Resource) -> Iterator[tuple[str, str]]:
    acl = text(resource, "acl")
    if acl.startswith("public-") or acl == "authenticated-read":
        yield "acl", f"is {acl}, which gives access to other accounts"
    for statement in statements(resource, "policy"):
        if allows(statement) and "*" in principals(statement) and not present(statement, "Condition"):
            yield statement.under("Principal"), "is everyone, without a condition: the whole world may use the bucket"


def _policy(principal: object, effect: str = "Allow", **more: object) -> dict[str, str]:
    grant = {"Effect": effect, "Principal": principal, "Action": "s3:GetObject", "Resource": "*", **more}
    return {"policy": json.dumps({"Version": "2012-10-17", "Statement": [grant]})}


AT = "policy.Statement[0].Principal"

RULE = Rule(
    id="s3-no-public-acl-or-policy",
    applies_to=(*ACLS, POLICY),
    severity="critical",
    standards=("FSBP S3.2", "FSBP S3.3", "FSBP S3.6", "CKV_AWS_20", "CKV_AWS_70"),
    why="Block Public Access would stop this, and then somebody might remove the block.",
    fix="Remove the ACL; in the policy, name the principals or add a Condition such as aws:SourceAccount.",
    check=check,
    good={
        "nothing set": {},
        "private": {"acl": "private"},
        "a service": Case(_policy({"Service": "delivery.logs.amazonaws.com"}), type=POLICY),
        "everyone, denied without TLS": Case(
            _policy("*", effect="Deny", Condition={"Bool": {"aws:SecureTransport": "false"}}), type=POLICY
        ),
        "everyone, denied": Case(_policy("*", effect="Deny"), type=POLICY),
        "everyone in the account": Case(
            _policy("*", Condition={"StringEquals": {"aws:SourceAccount": "111122223333"}}), type=POLICY
        ),
    },
    bad={
        "public read ACL": Case({"acl": "public-read"}, at="acl"),
        "public write ACL": Case({"acl": "public-read-write"}, at="acl"),
        "ACL for all AWS accounts": Case({"acl": "authenticated-read"}, at="acl"),
        "everyone, by policy": Case(_policy("*"), type=POLICY, at=AT),
        "everyone, spelled as a map": Case(_policy({"AWS": "*"}), type=POLICY, at=AT),
    },
)

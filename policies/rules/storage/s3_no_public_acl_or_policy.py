"""No bucket is opened to everybody, by its ACL or by its policy."""

import json
from collections.abc import Iterator

from policies.iam_documents import allows, principals, statements
from policies.rule import Case, Resource, Rule, present, text

ACLS = ("aws:s3/bucketAcl:BucketAcl", "aws:s3/bucketAclV2:BucketAclV2")
POLICY = "aws:s3/bucketPolicy:BucketPolicy"


def check(resource: Resource) -> Iterator[tuple[str, str]]:
    acl = text(resource, "acl")
    if acl.startswith("public-") or acl == "authenticated-read":
        yield "acl", f"is {acl}, which lets in people of other accounts"
    for statement in statements(resource, "policy"):
        if allows(statement) and "*" in principals(statement) and not present(statement, "Condition"):
            yield statement.under("Principal"), "is anybody, without a condition: the whole world may use the bucket"


def _policy(principal: object, effect: str = "Allow", **more: object) -> dict[str, str]:
    grant = {"Effect": effect, "Principal": principal, "Action": "s3:GetObject", "Resource": "*", **more}
    return {"policy": json.dumps({"Version": "2012-10-17", "Statement": [grant]})}


AT = "policy.Statement[0].Principal"

RULE = Rule(
    id="s3-no-public-acl-or-policy",
    applies_to=(*ACLS, POLICY),
    severity="critical",
    standards=("FSBP S3.2", "FSBP S3.3", "FSBP S3.6", "CKV_AWS_20", "CKV_AWS_70"),
    why="The block on public access would stop it, and somebody would then take away the block.",
    fix="Drop the ACL; in the policy name the principals, or add a Condition such as aws:SourceAccount.",
    check=check,
    good={
        "nothing said": {},
        "private": {"acl": "private"},
        "a service": Case(_policy({"Service": "delivery.logs.amazonaws.com"}), type=POLICY),
        "refused without TLS": Case(
            _policy("*", effect="Deny", Condition={"Bool": {"aws:SecureTransport": "false"}}), type=POLICY
        ),
        "anybody, refused": Case(_policy("*", effect="Deny"), type=POLICY),
        "anybody in the account": Case(
            _policy("*", Condition={"StringEquals": {"aws:SourceAccount": "111122223333"}}), type=POLICY
        ),
    },
    bad={
        "everybody reads": Case({"acl": "public-read"}, at="acl"),
        "everybody writes": Case({"acl": "public-read-write"}, at="acl"),
        "everybody with an account": Case({"acl": "authenticated-read"}, at="acl"),
        "everybody, by policy": Case(_policy("*"), type=POLICY, at=AT),
        "everybody, spelt as a map": Case(_policy({"AWS": "*"}), type=POLICY, at=AT),
    },
)

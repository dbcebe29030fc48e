"""No bucket and no access point is open to strangers through its ACL or its policy."""

from collections.abc import Collection, Iterator

from policies.grants import TRUSTED, let_in
from policies.rule import Case, Resource, Rule, each, flag, present, text
from policies.samples import policy_for

BUCKETS = ("aws:s3/bucket:Bucket", "aws:s3/bucketV2:BucketV2")
ACLS = ("aws:s3/bucketAcl:BucketAcl", "aws:s3/bucketAclV2:BucketAclV2")
POLICY, POINT_POLICY = "aws:s3/bucketPolicy:BucketPolicy", "aws:s3control/accessPointPolicy:AccessPointPolicy"
POINTS = ("aws:s3/accessPoint:AccessPoint", POINT_POLICY)
OTHERS = (
    "aws:s3control/objectLambdaAccessPointPolicy:ObjectLambdaAccessPointPolicy",
    "aws:s3control/accessGrantsInstanceResourcePolicy:AccessGrantsInstanceResourcePolicy",
    "aws:s3/vectorsVectorBucketPolicy:VectorsVectorBucketPolicy",
    "aws:s3/filesFileSystemPolicy:FilesFileSystemPolicy",
)
TABLES = ("aws:s3tables/tableBucketPolicy:TableBucketPolicy", "aws:s3tables/tablePolicy:TablePolicy")
GROUPS = ("/AllUsers", "/AuthenticatedUsers")
GRANTEES = "accessControlPolicy.grants"
BLOCK = "publicAccessBlockConfiguration"
BLOCKS = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")


def check(resource: Resource, *, trusted_accounts: Collection[str]) -> Iterator[tuple[str, str]]:
    harm = "they may use the bucket"
    acl = text(resource, "acl")
    if acl.startswith("public-") or acl == "authenticated-read":
        yield "acl", f"is {acl}, which gives access to other accounts"
    owner = text(resource, "accessControlPolicy.owner.id")
    for path, at in ((GRANTEES, "grantee."), ("grants", "")):
        for grant in each(resource, path):
            if text(grant, f"{at}uri").endswith(GROUPS):
                yield grant.under(f"{at}uri"), "is a group of everyone"
            if present(grant, f"{at}emailAddress"):
                yield grant.under(f"{at}emailAddress"), "is an account that only its e-mail address tells"
            if present(grant, f"{at}id") and text(grant, f"{at}id") not in (owner, *trusted_accounts):
                yield grant.under(f"{at}id"), "is not the owner of the bucket, and not trusted"
    yield from _open_point(resource)
    yield from let_in(resource, "policy", harm, trusted_accounts)
    yield from let_in(resource, "resourcePolicy", harm, trusted_accounts)


def _open_point(resource: Resource) -> Iterator[tuple[str, str]]:
    """Yields what an access point does not block. One that says nothing blocks everything."""
    for name in BLOCKS if present(resource, BLOCK) else ():
        if not flag(resource, f"{BLOCK}.{name}", default=True):
            yield f"{BLOCK}.{name}", "is false, so a policy can make the access point public"


ALL_USERS = "http://acs.amazonaws.com/groups/global/AllUsers"
BALANCERS = "arn:aws:iam::797873946194:root"
LOGS = "http://acs.amazonaws.com/groups/s3/LogDelivery"
AT = "policy.Statement[0].Principal"


def _acl(**grantee: str) -> dict[str, object]:
    return {"accessControlPolicy": {"owner": {"id": "1a2b"}, "grants": [{"grantee": grantee}]}}


RULE = Rule(
    id="s3-no-public-acl-or-policy",
    applies_to=(*ACLS, *BUCKETS, POLICY, *POINTS, *OTHERS, *TABLES),
    severity="critical",
    standards=("FSBP S3.2", "FSBP S3.3", "FSBP S3.6", "CKV_AWS_20", "CKV_AWS_70"),
    why="Block Public Access would stop this, and then somebody might remove the block.",
    fix="Remove the ACL; in the policy, name the principals or add a Condition such as aws:SourceAccount.",
    mend={"acl": "private", "Principal": {"AWS": "arn:aws:iam::<account>:role/<name>"}, **dict.fromkeys(BLOCKS, True)},
    options={"trusted_accounts": TRUSTED},
    check=check,
    good={
        "nothing set": {},
        "private": {"acl": "private"},
        "an access point that blocks what is public": Case({BLOCK: dict.fromkeys(BLOCKS, True)}, type=POINTS[0]),
        "an access point with the settings of AWS": Case({BLOCK: {}}, type=POINTS[0]),
        "a grant to the owner": _acl(id="1a2b"),
        "a grant to a trusted account": Case(_acl(id="3c4d"), options={"trusted_accounts": ["3c4d"]}),
        "a bucket's own grant to a service": Case({"grants": [{"uri": LOGS}]}, type=BUCKETS[0]),
        "a service": Case(policy_for({"Service": "delivery.logs.amazonaws.com"}), type=POLICY),
        "load balancers that write their logs": Case(
            policy_for({"AWS": BALANCERS}, Action="s3:PutObject"), type=POLICY
        ),
        "everyone, denied without TLS": Case(
            policy_for("*", "Deny", Condition={"Bool": {"aws:SecureTransport": "false"}}), type=POLICY
        ),
        "everyone in the account": Case(
            policy_for("*", Condition={"StringEquals": {"aws:SourceAccount": "111122223333"}}), type=POLICY
        ),
    },
    bad={
        "public read ACL": Case({"acl": "public-read"}, at="acl"),
        "ACL to write": Case({"acl": "public-read-write"}, type=ACLS[1], at="acl"),
        "ACL for all AWS accounts": Case({"acl": "authenticated-read"}, at="acl"),
        "a grant to everyone": Case(
            {"accessControlPolicy": {"grants": [{"grantee": {"uri": ALL_USERS}}]}}, at=f"{GRANTEES}[0].grantee.uri"
        ),
        "a grant to another account": Case(_acl(id="3c4d"), at=f"{GRANTEES}[0].grantee.id"),
        "a grant by e-mail": Case(_acl(emailAddress="us@example.com"), at=f"{GRANTEES}[0].grantee.emailAddress"),
        "a bucket's own grant to another account": Case(
            {"grants": [{"id": "3c4d", "type": "CanonicalUser"}]}, type=BUCKETS[0], at="grants[0].id"
        ),
        "a bucket's own ACL": Case({"acl": "public-read"}, type=BUCKETS[0], at="acl"),
        "a bucket's own policy": Case(policy_for("*"), type=BUCKETS[1], at=AT),
        "everybody with an account of AWS": Case(
            {"grants": [{"uri": ALL_USERS.replace("AllUsers", "AuthenticatedUsers")}]},
            type=BUCKETS[0],
            at="grants[0].uri",
        ),
        "a bucket's own grants": Case({"grants": [{"uri": ALL_USERS}]}, type=BUCKETS[1], at="grants[0].uri"),
        **{
            f"an access point, {name} off": Case({BLOCK: {name: False}}, type=POINTS[0], at=f"{BLOCK}.{name}")
            for name in BLOCKS
        },
        "everyone, by policy": Case(policy_for("*"), type=POLICY, at=AT),
        "everyone over TLS": Case(
            policy_for("*", Condition={"Bool": {"aws:SecureTransport": "true"}}), type=POLICY, at=AT
        ),
        "load balancers that read": Case(policy_for({"AWS": BALANCERS}, Action="s3:GetObject"), type=POLICY, at=AT),
        "everyone, through an access point": Case(policy_for({"AWS": "*"}), type=POINT_POLICY, at=AT),
        "everyone, to tables": Case(
            policy_for("*", path="resourcePolicy"), type=TABLES[0], at="resourcePolicy.Statement[0].Principal"
        ),
        "all but one": Case(
            policy_for(None, NotPrincipal={"AWS": "111122223333"}), type=POLICY, at="policy.Statement[0].NotPrincipal"
        ),
    },
)

"""Every bucket is encrypted with a customer-managed key, except buckets for access logs.

Neither S3 nor Elastic Load Balancing delivers access logs to a bucket that is encrypted with such a key.
Sources: https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html; Elastic Load
Balancing, "Enable access logs for your Application Load Balancer"; read 2026-11.
"""

import json
from collections.abc import Iterator

from common.values import UNKNOWN
from policies.grants import grants, is_own_key, listed
from policies.rule import Resource, Sample, Stack, StackCase, StackRule, each, flag, text

BUCKETS = ("aws:s3/bucket:Bucket", "aws:s3/bucketV2:BucketV2")
ENCRYPTIONS = (
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
    "aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2",
)
LOGGING = "aws:s3/bucketLogging:BucketLogging"
POLICY = "aws:s3/bucketPolicy:BucketPolicy"
LOAD_BALANCERS = "logdelivery.elasticloadbalancing.amazonaws.com"
DEFAULT = "applyServerSideEncryptionByDefault"
ALGORITHM, KEY = f"{DEFAULT}.sseAlgorithm", f"{DEFAULT}.kmsMasterKeyId"


def check(stack: Stack) -> Iterator[tuple[Resource, str, str]]:
    logs = {bucket.urn for logging in stack.of(LOGGING) for bucket in stack.linked(logging, "targetBucket", BUCKETS)}
    logs |= {
        bucket.urn
        for policy in stack.of(POLICY)
        if _only_load_balancers_write(policy)
        for bucket in stack.linked(policy, "bucket", BUCKETS)
    }
    for encryption in stack.of(*ENCRYPTIONS):
        if any(bucket.urn in logs for bucket in stack.linked(encryption, "bucket", BUCKETS)):
            continue
        given = list(each(encryption, "rules"))
        if not given:
            yield encryption, "rules", "is empty, so S3 uses its own key"
        for rule in given:
            if text(rule, ALGORITHM) not in ("aws:kms", "aws:kms:dsse"):
                yield encryption, rule.under(ALGORITHM), "is not aws:kms, so no key policy protects the objects"
            elif not is_own_key(rule, KEY):
                yield encryption, rule.under(KEY), "names no key of the account, so AWS's own key is used"
            elif not flag(rule, "bucketKeyEnabled"):
                yield encryption, rule.under("bucketKeyEnabled"), "is not true, so each object costs a KMS request"
    for bucket in stack.left_out(BUCKETS, ENCRYPTIONS, "bucket"):
        yield bucket, "bucket", "has no BucketServerSideEncryptionConfiguration in this stack"


def _only_load_balancers_write(policy: Resource) -> bool:
    allowed = [grant for grant in grants(policy, "policy") if grant.allows]
    return bool(allowed) and all(
        [principal.name for principal in each.principals] == [LOAD_BALANCERS]
        and listed(each.statement, "Action") == ["s3:PutObject"]
        for each in allowed
    )


OWN_KEY = "arn:aws:kms:us-west-2:111122223333:key/data"


def _stack(
    *, algorithm: str = "aws:kms", key: object = OWN_KEY, bucket_key: bool = True, rules: bool = True, at: str = ""
) -> StackCase:
    rule = {DEFAULT: {"sseAlgorithm": algorithm, "kmsMasterKeyId": key}, "bucketKeyEnabled": bucket_key}
    return StackCase(
        {
            "logs": Sample(BUCKETS[0], {"bucket": "logs"}),
            "encryption": Sample(ENCRYPTIONS[0], {"rules": [rule] if rules else []}, links={"bucket": "logs"}),
        },
        at=("encryption", at),
    )


def _logs() -> StackCase:
    return StackCase(
        {
            **_stack(algorithm="AES256").resources,
            "logging": Sample(LOGGING, {"targetPrefix": "data/"}, links={"targetBucket": "logs"}),
        }
    )


def _door_logs(*principals: str, at: str = "") -> StackCase:
    allowed = [
        {
            "Effect": "Allow",
            "Principal": {"Service": each},
            "Action": ["s3:PutObject"],
            "Resource": "arn:aws:s3:::logs/*",
        }
        for each in principals
    ]
    policy = json.dumps({"Version": "2012-10-17", "Statement": allowed})
    return StackCase(
        {
            **_stack(algorithm="AES256").resources,
            "policy": Sample(POLICY, {"policy": policy}, links={"bucket": "logs"}),
        },
        at=("encryption", at),
    )


RULE = StackRule(
    id="s3-encrypted",
    applies_to=(*BUCKETS, *ENCRYPTIONS, LOGGING, POLICY),
    severity="high",
    standards=("Security Hub S3.17", "CKV_AWS_145"),
    why="With a customer-managed key, readers need permission for bucket and key, and the key can be disabled.",
    fix='Add aws.s3.BucketServerSideEncryptionConfiguration with sse_algorithm "aws:kms" and bucket_key_enabled=True.',
    mend={
        "sseAlgorithm": "aws:kms",
        "kmsMasterKeyId": "arn:aws:kms:<region>:<account>:key/<id>",
        "bucketKeyEnabled": True,
    },
    no_mend="the BucketServerSideEncryptionConfiguration is missing",
    dev="advisory",
    check=check,
    good={
        "a KMS key": _stack(),
        "a key of this stack": _stack(key=UNKNOWN),
        "two layers of encryption": _stack(algorithm="aws:kms:dsse"),
        "access logs, with S3's own key": _logs(),
        "access logs of load balancers, with S3's own key": _door_logs(LOAD_BALANCERS),
    },
    bad={
        "nothing set, so S3 uses its own key": StackCase(
            {"logs": Sample(BUCKETS[0], {"bucket": "logs"})}, at=("logs", "bucket")
        ),
        "S3's own key": _stack(algorithm="AES256", at=f"rules[0].{ALGORITHM}"),
        "S3's own key, where not only load balancers write": _door_logs(
            LOAD_BALANCERS, "delivery.logs.amazonaws.com", at=f"rules[0].{ALGORITHM}"
        ),
        "KMS without a key": _stack(key=None, at=f"rules[0].{KEY}"),
        "AWS's own key": _stack(key="arn:aws:kms:us-west-2:111122223333:alias/aws/s3", at=f"rules[0].{KEY}"),
        "an empty list": _stack(rules=False, at="rules"),
        "no bucket key": _stack(bucket_key=False, at="rules[0].bucketKeyEnabled"),
    },
)

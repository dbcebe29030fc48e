"""Every bucket forgets uploads that nobody completed.

Their parts are billed, and no list of objects shows them. Source: Amazon S3 user guide, "Configuring a bucket lifecycle
configuration to delete incomplete multipart uploads"; read 2026-11.
"""

from collections.abc import Iterator, Mapping

from policies.rule import Resource, Sample, Stack, StackCase, StackRule, View, each, number, present, text

BUCKETS = ("aws:s3/bucket:Bucket", "aws:s3/bucketV2:BucketV2")
LIFECYCLES = tuple(f"aws:s3/bucketLifecycleConfiguration{v}:BucketLifecycleConfiguration{v}" for v in ("", "V2"))
DAYS = "abortIncompleteMultipartUpload.daysAfterInitiation"


def _aborts(rule: View) -> bool:
    """Tells whether a rule holds for the whole bucket, within a month."""
    narrowed = any(present(rule, path) for path in ("filter.prefix", "filter.tag", "filter.and", "prefix"))
    return text(rule, "status") == "Enabled" and not narrowed and 0 < (number(rule, DAYS) or 0) <= 31


def check(stack: Stack) -> Iterator[tuple[Resource, str, str]]:
    done: set[str] = set()
    for lifecycle in stack.of(*LIFECYCLES):
        if any(_aborts(rule) for rule in each(lifecycle, "rules")):
            done |= {bucket.urn for bucket in stack.linked(lifecycle, "bucket", BUCKETS)}
    for bucket in stack.of(*BUCKETS):
        if bucket.urn not in done:
            yield bucket, "lifecycle", "keeps the parts of uploads that nobody completed, and pays for them for ever"


_ABORT = {"status": "Enabled", "abortIncompleteMultipartUpload": {"daysAfterInitiation": 7}}


def _stack(wrong: bool, *rules: Mapping[str, object]) -> StackCase:
    lifecycle = Sample(LIFECYCLES[0], {"rules": list(rules)}, links={"bucket": "bucket"})
    resources = {"bucket": Sample(BUCKETS[0]), "lifecycle": lifecycle}
    return StackCase(resources, ("bucket", "lifecycle") if wrong else None)


def _days(days: int) -> dict[str, object]:
    return {**_ABORT, "abortIncompleteMultipartUpload": {"daysAfterInitiation": days}}


RULE = StackRule(
    id="cost-lifecycle",
    applies_to=(*BUCKETS, *LIFECYCLES),
    severity="low",
    standards=("CKV_AWS_300", "CKV2_AWS_61"),
    why="A training job that ends in the middle of a checkpoint leaves gigabytes, each time.",
    fix="Add a lifecycle rule for the whole bucket with abort_incomplete_multipart_upload of 7 days.",
    no_mend="the lifecycle rule is missing, or is wrong",
    dev="advisory",
    staging="advisory",
    check=check,
    good={
        "a week": _stack(False, _ABORT),
        "a month, as the second rule": _stack(False, {"status": "Enabled"}, {**_days(31), "filter": {}}),
    },
    bad={
        "nothing set": StackCase({"bucket": Sample(BUCKETS[0])}, ("bucket", "lifecycle")),
        "turned off": _stack(True, {**_ABORT, "status": "Disabled"}),
        "half a year": _stack(True, _days(180)),
        "no time": _stack(True, _days(0)),
        "a part of the bucket": _stack(True, {**_ABORT, "filter": {"prefix": "logs/"}}),
        "a part of the bucket, by tag": _stack(True, {**_ABORT, "filter": {"tag": {"key": "a", "value": "b"}}}),
        "other rules": _stack(True, {"status": "Enabled", "expiration": {"days": 3}}),
    },
)

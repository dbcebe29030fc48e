"""Every bucket forgets uploads that nobody completed.

Their parts are billed, and no list of objects shows them. Source: Amazon S3 user guide, "Configuring a bucket lifecycle
configuration to delete incomplete multipart uploads"; read 2026-11.
"""

from collections.abc import Iterator, Mapping

from policies.rule import Resource, Sample, Stack, StackCase, StackRule, View, each, number, present, text

BUCKETS = ("aws:s3/bucket:Bucket", "aws:s3/bucketV2:BucketV2")
LIFECYCLES = tuple(f"aws:s3/bucketLifecycleConfiguration{v}:BucketLifecycleConfiguration{v}" for v in ("", "V2"))
KEEPS = "keeps the parts of uploads that nobody completed, and pays for them for ever"
DAYS = "abortIncompleteMultipartUpload.daysAfterInitiation"


def _aborts(rule: View) -> bool:
    """Tells whether a rule holds for the whole bucket, within a month."""
    narrowed = any(present(rule, path) for path in ("filter.prefix", "filter.tag", "filter.and", "prefix"))
    return text(rule, "status") == "Enabled" and not narrowed and 0 < (number(rule, DAYS) or 0) <= 31


def check(stack: Stack) -> Iterator[tuple[Resource, str, str]]:
    done: set[str] = set()
    for lifecycle in stack.of(*LIFECYCLES):  # a bucket has only one, so it also decides about a bucket of another stack
        buckets = {bucket.urn for bucket in stack.linked(lifecycle, "bucket", BUCKETS)}
        if any(_aborts(rule) for rule in each(lifecycle, "rules")):
            done |= buckets
        elif not buckets:
            yield lifecycle, "rules", f"of a bucket elsewhere: it {KEEPS}"
    for bucket in stack.of(*BUCKETS):
        if bucket.urn not in done:
            yield bucket, "lifecycle", KEEPS


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
        "a bucket elsewhere": StackCase({"it": Sample(LIFECYCLES[0], {"bucket": "theirs", "rules": [_ABORT]})}),
        "a month, as the second rule": _stack(False, {"status": "Enabled"}, {**_days(31), "filter": {}}),
    },
    bad={
        "nothing set": StackCase({"bucket": Sample(BUCKETS[0])}, ("bucket", "lifecycle")),
        "turned off": _stack(True, {**_ABORT, "status": "Disabled"}),
        "half a year": _stack(True, _days(180)),
        "no time": _stack(True, _days(0)),
        "no number": _stack(True, {**_ABORT, "abortIncompleteMultipartUpload": {}}),
        **{
            f"a part of the bucket, by {name}": _stack(True, {**_ABORT, "filter": {name: given}})
            for name, given in {"prefix": "a", "tag": {"key": "a"}, "and": {"prefix": "a"}}.items()
        },
        "a part of the bucket, in the old form": _stack(True, {**_ABORT, "prefix": "logs/"}),
        "a day more than a month": _stack(True, _days(32)),
        "a bucket elsewhere": StackCase({"it": Sample(LIFECYCLES[0], {"bucket": "theirs"})}, ("it", "rules")),
        "other rules": _stack(True, {"status": "Enabled", "expiration": {"days": 3}}),
    },
)

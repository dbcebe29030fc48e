"""The AWS providers of the stack accept one account: with wrong credentials nothing is changed."""

from collections.abc import Iterator

from policies.rule import Resource, Sample, Stack, StackCase, StackRule, present

PROVIDER = "pulumi:providers:aws"


def check(stack: Stack) -> Iterator[tuple[Resource, str, str]]:
    used = {resource.provider_urn for resource in stack.resources if resource.type != PROVIDER}
    for provider in stack.of(PROVIDER):
        if provider.urn in used and not present(provider, "allowedAccountIds"):
            yield (
                provider,
                "allowedAccountIds",
                "is not set, so the stack is built in whatever account the credentials are of",
            )
        if present(provider, "endpoints"):
            yield provider, "endpoints", "is set, so calls go to an address that is not AWS's"


def _stack(*, used: bool = True, at: str = "allowedAccountIds", **inputs: object) -> StackCase:
    urn = f"urn:pulumi:prod::ml-platform::{PROVIDER}::ours"
    bucket = Sample("aws:s3/bucket:Bucket", provider=urn if used else "")
    return StackCase({"ours": Sample(PROVIDER, inputs), "bucket": bucket}, at=("ours", at))


ONE = '["111122223333"]'

RULE = StackRule(
    id="res-account-pinned",
    applies_to=(PROVIDER, "aws:*"),
    severity="high",
    why="A shell with credentials of another account builds prod there, and rules about accounts know no strangers.",
    fix="Set account_id in the stack file, or allowed_account_ids on the provider.",
    stack_file={"account_id": "<account>"},
    mend={"allowedAccountIds": ["<account>"], "endpoints": None},
    dev="advisory",
    check=check,
    good={"one account": _stack(allowedAccountIds=ONE), "a provider that makes nothing": _stack(used=False)},
    bad={
        "nothing set": _stack(),
        "a region alone": _stack(region="us-west-2"),
        "other endpoints": _stack(at="endpoints", allowedAccountIds=ONE, endpoints='[{"s3": "https://example.com"}]'),
    },
)

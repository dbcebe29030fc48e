"""Each workspace of Amazon Managed Prometheus refuses series beyond a number.

A label set without a limit, or with 0, is counted and refuses nothing.
Source: AMP API, LimitsPerLabelSetEntry; read 2026-11.
"""

from collections.abc import Iterator

from policies.rule import Resource, Sample, Stack, StackCase, StackRule, each, number

WORKSPACE, CONFIGURATION = "aws:amp/workspace:Workspace", "aws:amp/workspaceConfiguration:WorkspaceConfiguration"
ALIAS, SETS = "alias", "limitsPerLabelSets"


def check(stack: Stack) -> Iterator[tuple[Resource, str, str]]:
    limited = {
        workspace.urn
        for limits in stack.of(CONFIGURATION)
        if any((number(item, "limits.maxSeries") or 0) > 0 for item in each(limits, SETS))
        for workspace in stack.linked(limits, "workspaceId", (WORKSPACE,))
    }
    for workspace in stack.of(WORKSPACE):
        if workspace.urn not in limited:
            yield (
                workspace,
                ALIAS,
                "takes any number of series: one label with a request's id in it multiplies the bill",
            )


def _stack(most: object = 1000, workspace: str = "it", retention_alone: bool = False) -> StackCase:
    sets = {SETS: [{"labelSet": {"cluster": "main"}, "limits": {"maxSeries": most}}]}
    limits: dict[str, object] = {"retentionPeriodInDays": 30, **({} if retention_alone else sets)}
    return StackCase(
        {
            "it": Sample(WORKSPACE, {ALIAS: "main"}),
            "other": Sample("aws:kms/key:Key"),
            "limits": Sample(CONFIGURATION, limits, links={"workspaceId": workspace}),
        },
        at=("it", ALIAS),
    )


RULE = StackRule(
    id="amp-series-limited",
    applies_to=(WORKSPACE, CONFIGURATION),
    severity="medium",
    why="A label with many values makes a series of each; samples are billed one by one.",
    fix="Make a WorkspaceConfiguration with limitsPerLabelSets: observability.metrics.remote_write.max_series.",
    no_mend="the WorkspaceConfiguration is missing, or is wrong",
    dev="advisory",
    check=check,
    good={"a limit": _stack(), "a limit as text": _stack("1000"), "no workspace": StackCase({})},
    bad={
        "nothing set": StackCase({"it": Sample(WORKSPACE, {ALIAS: "main"})}, at=("it", ALIAS)),
        "retention alone": _stack(retention_alone=True),
        "a limit of 0": _stack(0),
        "no limit of the set": _stack(None),
        "the limit of something else": _stack(workspace="other"),
    },
)

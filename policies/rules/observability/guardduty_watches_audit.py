"""GuardDuty reads the audit logs of the clusters of a stack."""

from collections.abc import Iterator

from policies.rule import Option, Resource, Sample, Stack, StackCase, StackRule, flag, text, texts

CLUSTER, DETECTOR = "aws:eks/cluster:Cluster", "aws:guardduty/detector:Detector"
FEATURE = "aws:guardduty/detectorFeature:DetectorFeature"
COMPONENT = "mlplatform:security:GuardDuty"
AUDIT_LOGS = "EKS_AUDIT_LOGS"


def check(stack: Stack, *, elsewhere: bool) -> Iterator[tuple[Resource, str, str]]:
    """What a new detector has on by AWS's defaults does not count: these have changed before."""
    off = [each for each in stack.of(DETECTOR) if not flag(each, "enable", default=True)]
    for each in off:
        yield each, "enable", "is false, so the detector finds nothing"
    features = [each for each in stack.of(FEATURE) if text(each, "name") == AUDIT_LOGS]
    on = [each for each in features if text(each, "status") == "ENABLED" and not _of(stack, each, off)]
    checked = any(AUDIT_LOGS in texts(each, "checked") for each in stack.of(COMPONENT))
    if not on and not checked and not elsewhere:
        for cluster in stack.of(CLUSTER):
            yield cluster, "name", "has an audit log that no GuardDuty of this stack reads"


def _of(stack: Stack, feature: Resource, detectors: list[Resource]) -> bool:
    return any(each in detectors for each in stack.linked(feature, "detectorId", (DETECTOR,)))


def _stack(status: str = "ENABLED", name: str = "EKS_AUDIT_LOGS", *, enable: bool = True) -> StackCase:
    return StackCase(
        {
            "main": Sample(CLUSTER, {"name": "ml-prod"}),
            "detector": Sample(DETECTOR, {"enable": enable}),
            "audit": Sample(FEATURE, {"name": name, "status": status}, links={"detectorId": "detector"}),
        },
        at=("main", "name") if enable else ("detector", "enable"),
    )


_ALONE = {"main": Sample(CLUSTER, {"name": "ml-prod"})}
_FOUND = Sample(
    FEATURE, {"name": "EKS_AUDIT_LOGS", "status": "ENABLED", "detectorId": "12abc34d567e8fa901bc2d34e56789"}
)

RULE = StackRule(
    id="guardduty-watches-audit",
    applies_to=(CLUSTER, DETECTOR, FEATURE, COMPONENT),
    severity="medium",
    standards=("FSBP GuardDuty.5",),
    why="Nobody reads audit logs all day. GuardDuty does, and knows the calls of attackers.",
    mend={"enable": True},
    no_mend="the detector is missing, or its feature is",
    fix="Make the detector, or name detector: existing. Where others turn it on, set "
    "policies.guardduty-watches-audit.elsewhere.",
    stack_file={"security.guardduty": {"detector": "make"}},
    options={
        "elsewhere": Option(
            "Whether somebody else turns it on in the account, such as an organization.", False, stricter=False
        )
    },
    dev="disabled",
    staging="advisory",
    prod="advisory",
    check=check,
    good={
        "a detector of the stack": _stack(),
        "a detector that is on by default": StackCase({**_stack().resources, "detector": Sample(DETECTOR)}),
        "a detector of the account": StackCase({**_ALONE, "audit": _FOUND}),
        "others turn it on, as the preview has checked": StackCase(
            {**_ALONE, "guardduty": Sample(COMPONENT, {"checked": [AUDIT_LOGS]})}
        ),
        "turned on elsewhere": StackCase(_ALONE, options={"elsewhere": True}),
        "no cluster": StackCase({}),
    },
    bad={
        "nothing set": StackCase(_ALONE, at=("main", "name")),
        "a detector alone, with what AWS turns on": StackCase(
            {**_ALONE, "detector": Sample(DETECTOR)}, at=("main", "name")
        ),
        "turned off": _stack("DISABLED"),
        "others turn on another feature": StackCase(
            {**_ALONE, "guardduty": Sample(COMPONENT, {"checked": ["S3_DATA_EVENTS"]})}, at=("main", "name")
        ),
        "another feature": _stack(name="S3_DATA_EVENTS"),
        "a detector that is off": _stack(enable=False),
    },
)

"""GuardDuty: the detector of the account in its region, and what it watches."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

import pulumi
import pulumi_aws as aws

from settings.security.guardduty import Feature, GuardDutySettings

FEATURES: Mapping[Feature, str] = {
    "audit-logs": "EKS_AUDIT_LOGS",
    "runtime": "RUNTIME_MONITORING",
    "s3-data": "S3_DATA_EVENTS",
    "malware": "EBS_MALWARE_PROTECTION",
    "rds-logins": "RDS_LOGIN_EVENTS",
    "lambda-network": "LAMBDA_NETWORK_LOGS",
}
OLDER_RUNTIME = "EKS_RUNTIME_MONITORING"
# All of them are given: GuardDuty returns each, and what the program lacks would be a change after each refresh. With
# one on, GuardDuty makes an endpoint and a security group in the VPC, which no state knows and which keep the VPC.
# Source: GuardDuty API, DetectorAdditionalConfiguration; GuardDuty user guide, "Using Infrastructure as Code (IaC) with
# GuardDuty automated security agents"; read 2026-11.
ON_INSTANCES = "EC2_AGENT_MANAGEMENT"  # also on those that are nodes of a cluster with UNMANAGED
AGENTS = (ON_INSTANCES, "ECS_FARGATE_AGENT_MANAGEMENT", "EKS_ADDON_MANAGEMENT")
UNMANAGED = {"GuardDutyManaged": "false"}
"""Tags of a cluster whose agent GuardDuty leaves alone, also where it brings that of others by itself.

Source: GuardDuty user guide, "Managing security agent automatically for Amazon EKS resources"; read 2026-11.
"""


@dataclass(frozen=True, kw_only=True)
class Detector:
    """What a detector is set to. on: the features that are on. agents: what GuardDuty manages by itself."""

    id: str
    is_on: bool
    on: frozenset[str] = field(default_factory=frozenset)
    agents: frozenset[str] = field(default_factory=frozenset)

    def obstacles(self, settings: GuardDutySettings, region: str) -> Iterator[str]:
        """Yields what keeps a stack from using the detector, each with the way out."""
        update = f"aws guardduty update-detector --region {region} --detector-id {self.id}"
        if not self.is_on:
            yield f"it is suspended, and finds nothing. Turn it on: `{update} --enable`"
        if settings.runtime and OLDER_RUNTIME in self.on:
            off = json.dumps([{"Name": OLDER_RUNTIME, "Status": "DISABLED"}])
            yield (
                f"{OLDER_RUNTIME} is on, the older form of runtime, and GuardDuty has one of both. Turn it off: "
                f"`{update} --features '{off}'`"
            )
        theirs, drop = ", ".join(sorted(self.agents)), "Runtime is theirs: drop it from features"
        if settings.runtime and ON_INSTANCES in self.agents:
            yield (
                f"{theirs} is on, so GuardDuty brings agents to nodes by itself, and an endpoint to the VPC, beside "
                f"which `up` can make none. {drop}"
            )
        elif settings.runtime and settings.detector == "existing" and self.agents:
            yield (
                f"{theirs} is on, and runtime from here would turn that off for the whole account. {drop}, or write "
                "detector: organization, which leaves it as it is"
            )
        missing = [FEATURES[each] for each in settings.features if FEATURES[each] not in self.on]
        if settings.detector == "organization" and missing:
            yield (
                f"{', '.join(missing)} is off, and detector: organization changes nothing. Ask those who manage "
                "GuardDuty, drop it from features, or write detector: existing"
            )


def detector(settings: GuardDutySettings, region: str, opts: pulumi.InvokeOptions) -> Detector | None:
    """Returns the detector of the account; None where the stack makes it.

    Raises RunError when there is none, or when the stack cannot use it: at preview, before anything is built.
    """
    if settings.detector == "make":
        return None
    try:
        answer = aws.guardduty.get_detector(opts=opts)
    except Exception as reason:
        if "single GuardDuty Detector: empty result" not in str(reason):  # other errors begin with the same words
            raise
        raise pulumi.RunError(
            f"security.guardduty.detector: {settings.detector}, but this account has no detector in {region}. Write "
            "detector: make, or drop security.guardduty."
        ) from reason
    features = {each.name: each for each in answer.features}
    found = Detector(
        id=answer.id,
        is_on=answer.status == "ENABLED",
        on=frozenset(name for name, each in features.items() if each.status == "ENABLED"),
        agents=frozenset(
            more.name
            for each in features.values()
            if each.status == "ENABLED"
            for more in each.additional_configurations
            if more.name in AGENTS and more.status == "ENABLED"
        ),
    )
    if obstacles := list(found.obstacles(settings, region)):
        raise pulumi.RunError(f"security.guardduty: detector {found.id} of {region}: {'; '.join(obstacles)}.")
    return found


@dataclass(frozen=True, kw_only=True)
class GuardDutyArgs:
    """Arguments. found: the detector of the account; None: the stack makes it."""

    settings: GuardDutySettings
    found: Detector | None


class GuardDuty(pulumi.ComponentResource):
    """The detector, where the stack makes it, and its features, unless others decide about them.

    In a detector of its own the stack turns off what it does not name: a new one has most features on, and bills them.
    In one that was there it turns off nothing. A feature whose resource goes stays as it is.
    Its output `checked` tells policies what the preview has found turned on by others.
    needed_by_agents: nothing listens to an agent without these.
    Sources: terraform-provider-aws, internal/service/guardduty/detector_feature.go (its delete does nothing); GuardDuty
    user guide, "Installing GuardDuty security agent manually on Amazon EKS resources"; read 2026-11.
    """

    needed_by_agents: list[pulumi.Resource]

    def __init__(self, name: str, args: GuardDutyArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:security:GuardDuty", name, None, opts)
        settings, child = args.settings, pulumi.ResourceOptions(parent=self)
        self.needed_by_agents = []
        detector_id: pulumi.Input[str]
        if args.found is None:
            # AWS refuses a second one beside the first.
            first = pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(delete_before_replace=True))
            detector_id = aws.guardduty.Detector(
                name, enable=True, finding_publishing_frequency="FIFTEEN_MINUTES", opts=first
            ).id
        else:
            detector_id = args.found.id
        for feature, physical_name in FEATURES.items() if settings.detector != "organization" else ():
            status: Literal["ENABLED", "DISABLED"] = "ENABLED" if feature in settings.features else "DISABLED"
            if status == "ENABLED" or args.found is None:
                made = aws.guardduty.DetectorFeature(
                    f"{name}-{feature}",
                    detector_id=detector_id,
                    name=physical_name,
                    status=status,
                    additional_configurations=[{"name": each, "status": "DISABLED"} for each in AGENTS]
                    if feature == "runtime"
                    else None,
                    opts=pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(delete_before_replace=True)),
                )
                self.needed_by_agents += [made] if feature == "runtime" else []
        checked = [FEATURES[each] for each in settings.features] if settings.detector == "organization" else []
        self.register_outputs({"detector_id": detector_id, "checked": checked})

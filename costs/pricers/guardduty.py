"""GuardDuty: billed by what it reads in the account, for all that is in it."""

from collections.abc import Iterator, Mapping

from costs.line import LineItem, Unpriced
from costs.pricing import Context, Pricer
from costs.resource import NoPriceError, Resource, read, read_text

# Feature -> what it is billed by. Source: GuardDuty user guide, "Monitoring GuardDuty usage and estimating costs", and
# https://aws.amazon.com/guardduty/pricing/; read 2026-11.
UNITS: Mapping[str, str] = {
    "EKS_AUDIT_LOGS": "events of the audit logs of all clusters, by the million",
    "RUNTIME_MONITORING": "vCPU-hours of nodes with the agent",
    "EKS_RUNTIME_MONITORING": "vCPU-hours of nodes with the agent",
    "S3_DATA_EVENTS": "reads and writes of objects in all buckets, by the million",
    "EBS_MALWARE_PROTECTION": "GB of the disks that it scans after a finding",
    "RDS_LOGIN_EVENTS": "vCPUs of the databases that it can watch, by the month",
    "LAMBDA_NETWORK_LOGS": "GB of flow logs of all functions",
}


def detector(resource: Resource, context: Context) -> Iterator[LineItem | Unpriced]:
    """Without any feature it reads the account's calls to AWS, flow logs and DNS logs."""
    if read(resource.inputs, "enable", True) is not False:
        raise NoPriceError("calls to AWS by the million, and GB of flow and DNS logs, without a price in the catalog")
    yield from ()


def feature(resource: Resource, context: Context) -> Iterator[LineItem | Unpriced]:
    """One that is off costs nothing."""
    if read_text(resource.inputs, "status") == "ENABLED":
        unit = UNITS.get(read_text(resource.inputs, "name"), "what it reads")
        raise NoPriceError(f"billed by {unit}, without a price in the catalog")
    yield from ()


PRICERS: Mapping[str, Pricer] = {
    "aws:guardduty/detector:Detector": detector,
    "aws:guardduty/detectorFeature:DetectorFeature": feature,
}

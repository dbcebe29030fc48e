"""Metrics that AWS services publish in CloudWatch, as far as the platform has alarms on them.

An alarm on a name or a dimension that nobody publishes is accepted, and never fires.
Sources: EFS user guide, "CloudWatch metrics for Amazon EFS"; FSx for Lustre user guide, "Amazon FSx for Lustre metrics
and dimensions" (FreeDataStorageCapacity: the sum is of all storage targets, each of which has one sample a minute); VPC
user guide, "NAT gateway metrics and dimensions"; AWS Backup developer guide, "AWS Backup metrics with Amazon
CloudWatch", and its dimension from prometheus/cloudwatch_exporter issue 566; read 2026-11.
"""

from collections.abc import Mapping

Dimensions = tuple[str, ...]
_USAGE = ("Class", "Resource", "Service", "Type")

METRICS: Mapping[str, Mapping[str, Dimensions]] = {
    "AWS/Backup": dict.fromkeys(
        ("NumberOfBackupJobsCompleted", "NumberOfBackupJobsExpired", "NumberOfBackupJobsFailed"), ("BackupVaultName",)
    ),
    "AWS/EFS": dict.fromkeys(
        ("BurstCreditBalance", "MeteredIOBytes", "PercentIOLimit", "PermittedThroughput"), ("FileSystemId",)
    ),
    "AWS/FSx": {"FreeDataStorageCapacity": ("FileSystemId",)},
    "AWS/NATGateway": dict.fromkeys(
        ("ErrorPortAllocation", "PacketsDropCount", "PacketsInFromDestination", "PacketsInFromSource"),
        ("NatGatewayId",),
    ),
    "AWS/Usage": {"ResourceCount": _USAGE},
}
"""Namespace -> metric -> its dimensions."""

VCPU_CLASSES: Mapping[str, str] = {
    "L-1216C47A": "Standard/OnDemand",
    "L-1945791B": "Inf/OnDemand",
    "L-34B43A08": "Standard/Spot",
    "L-3819A6DF": "G/Spot",
    "L-417A185B": "P/OnDemand",
    "L-43DA4232": "HighMem/OnDemand",
    "L-6E869C2A": "DL/OnDemand",
    "L-7212CCBC": "P/Spot",
    "L-7295265B": "X/OnDemand",
    "L-74FC7D96": "F/OnDemand",
    "L-85EED4F7": "DL/Spot",
    "L-88CF9481": "F/Spot",
    "L-B5D1601B": "Inf/Spot",
    "L-DB2E81BA": "G/OnDemand",
    "L-E3A00192": "X/Spot",
}
"""Quota of EC2 -> dimension `Class` of its usage. The others' classes are not known.

Source: UsageMetric in answers of ListServiceQuotas for EC2, in tests of aquasecurity/cloudsploit; read 2026-11.
"""

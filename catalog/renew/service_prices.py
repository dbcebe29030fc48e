"""Prices of services in us-east-1, from the AWS price list. `PRODUCTS` has the product of the list for each price.

A price without a product stays unchanged, and a note names it. Usage types: Infracost's resources and the files of the
price list, read 2026-11.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from catalog.renew import price_list
from catalog.renew.asking import Answers, Question, Renewal
from catalog.rows import DATA, laid_out, read_table

ACCOUNT = False
TABLE = DATA / "service_prices.json"
REGION = "us-east-1"
PREFIX = r"(USE1-|us-east-1-)?"  # a usage type may start with the region, in one of two forms


@dataclass(frozen=True)
class Product:
    """A product of the price list.

    usage: a pattern for its usage type, without the region. family: its product family, when several share the usage
        type. times: the size of our unit, in units of the list. tier: the start of the range of use that the price
        applies to; None for any range.
    """

    service: str
    usage: str
    family: str = ""
    times: float = 1
    tier: str | None = "0"

    def is_in(self, row: Mapping[str, str]) -> bool:
        return (
            re.fullmatch(PREFIX + self.usage, row["usageType"]) is not None
            and self.family in ("", row["Product Family"])
            and (self.tier is None or row["StartingRange"] in (self.tier, ""))
            and float(row["PricePerUnit"]) > 0  # skips the free tier
        )


PRODUCTS: Mapping[str, Product] = {
    "eks.control_plane_standard": Product("AmazonEKS", "AmazonEKS-Hours:perCluster"),
    "nat_gateway.hour": Product("AmazonEC2", "NatGateway-Hours", "NAT Gateway"),
    "nat_gateway.data_processed": Product("AmazonEC2", "NatGateway-Bytes", "NAT Gateway"),
    "load_balancer.alb_hour": Product("AWSELB", "LoadBalancerUsage", "Load Balancer-Application"),
    "load_balancer.alb_lcu_hour": Product("AWSELB", "LCUUsage", "Load Balancer-Application"),
    "load_balancer.nlb_hour": Product("AWSELB", "LoadBalancerUsage", "Load Balancer-Network"),
    "load_balancer.nlb_lcu_hour": Product("AWSELB", "LCUUsage", "Load Balancer-Network"),
    "ebs.gp3_storage": Product("AmazonEC2", r"EBS:VolumeUsage\.gp3", "Storage"),
    "ebs.gp3_iops_over_3000": Product("AmazonEC2", r"EBS:VolumeP-IOPS\.gp3", "System Operation"),
    "ebs.gp3_throughput_over_125": Product(
        "AmazonEC2", r"EBS:VolumeP-Throughput\.gp3", "Provisioned Throughput", times=1 / 1024
    ),
    "ebs.io2_storage": Product("AmazonEC2", r"EBS:VolumeUsage\.io2", "Storage"),
    "ebs.io2_iops_first_32000": Product("AmazonEC2", r"EBS:VolumeP-IOPS\.io2", "System Operation"),
    "ebs.snapshot": Product("AmazonEC2", "EBS:SnapshotUsage", "Storage Snapshot"),
    "efs.standard": Product("AmazonEFS", "TimedStorage-ByteHrs", "Storage"),
    "efs.one_zone": Product("AmazonEFS", "TimedStorage-Z-ByteHrs", "Storage"),
    "efs.standard_infrequent_access": Product("AmazonEFS", "IATimedStorage-ByteHrs", "Storage"),
    "efs.provisioned_throughput": Product("AmazonEFS", "ProvisionedTP-MiBpsHrs", "Provisioned Throughput"),
    "s3.standard_first_50tb": Product("AmazonS3", "TimedStorage-ByteHrs", "Storage"),
    "s3.put_1k": Product("AmazonS3", "Requests-Tier1", times=1000),
    "s3.standard_ia": Product("AmazonS3", "TimedStorage-SIA-ByteHrs", "Storage"),
    "backup.warm_storage": Product("AWSBackup", "WarmStorage-ByteHrs-EFS", "AWS Backup Storage"),
    "vpc.interface_endpoint_hour": Product("AmazonVPC", "VpcEndpoint-Hours", "VpcEndpoint"),
    "vpc.interface_endpoint_data": Product("AmazonVPC", "VpcEndpoint-Bytes", "VpcEndpoint"),
    "transit_gateway.attachment_hour": Product("AmazonVPC", "TransitGateway-Hours"),
    "transit_gateway.data_processed": Product("AmazonVPC", "TransitGateway-Bytes"),
    "kms.key_month": Product("awskms", "KMS-Keys", "Encryption Key"),
    "kms.requests_10k": Product("awskms", "KMS-Requests", times=10_000, tier=None),
    "cloudwatch_logs.ingestion": Product("AmazonCloudWatch", "DataProcessing-Bytes", "Data Payload"),
    "cloudwatch_logs.storage": Product("AmazonCloudWatch", "TimedStorage-ByteHrs", "Storage Snapshot"),
    "cloudwatch_logs.insights_scanned": Product("AmazonCloudWatch", "DataScanned-Bytes", "Data Payload"),
    "data_transfer.cross_az_each_direction": Product("AWSDataTransfer", "DataTransfer-Regional-Bytes"),
    "data_transfer.internet_out_first_10tb": Product("AWSDataTransfer", "DataTransfer-Out-Bytes"),
    "data_transfer.internet_out_next_40tb": Product("AWSDataTransfer", "DataTransfer-Out-Bytes", tier="10240"),
    "data_transfer.inter_region": Product("AWSDataTransfer", "USW2-AWS-Out-Bytes"),
    "data_transfer.us_east_1_to_us_east_2": Product("AWSDataTransfer", "USE2-AWS-Out-Bytes"),
    "other.secrets_manager_secret": Product("AWSSecretsManager", ".+", "Secret"),
    "other.ecr_storage": Product("AmazonECR", "TimedStorage-ByteHrs", "EC2 Container Registry"),
    "other.route53_hosted_zone": Product("AmazonRoute53", "HostedZone", "DNS Zone"),
    "waf.web_acl_month": Product("awswaf", "WebACLV2"),
    "waf.rule_month": Product("awswaf", "RuleV2"),
    "waf.requests_1m": Product("awswaf", "RequestV2-Tier1", times=1_000_000),
}


def questions() -> list[Question]:
    return [price_list.question(service, REGION) for service in sorted({each.service for each in PRODUCTS.values()})]


def renew(answers: Answers, today: date) -> Renewal:
    table = read_table("service_prices")
    notes = [
        f"{key}: PRODUCTS names no product of the price list for it" for key in table["prices"] if key not in PRODUCTS
    ]
    for service in sorted({each.service for each in PRODUCTS.values()}):
        listed = price_list.read(answers, service, REGION)
        if listed is None:
            continue
        products = {key: each for key, each in PRODUCTS.items() if each.service == service}
        candidates: dict[str, dict[float, str]] = {key: {} for key in products}
        for row in listed.rows:
            for key, product in products.items():
                if product.is_in(row):
                    candidates[key][round(float(row["PricePerUnit"]) * product.times, 6)] = row["usageType"]
        for key, prices in candidates.items():
            if len(prices) != 1:
                notes.append(f"{key}: the list has {len(prices)} prices for it, so it stays unchanged")
                continue
            ((usd, usage),) = prices.items()
            row = table["prices"][key]
            if usd != row["usd"]:
                notes.append(f"{key}: {row['usd']} before, {usd} now")
            source = f"AWS price list, {service}, usage type {usage}"
            read = {"usd": usd, "unit": row["unit"], "verified": True, "source": source, "as_of": listed.published}
            table["prices"][key] = read | ({"note": row["note"]} if "note" in row else {})
    text = laid_out(table)
    return Renewal({} if text == TABLE.read_text(encoding="utf-8") else {TABLE: text}, notes)

"""The other services: one test for each item that is billed."""

from datetime import date

import pytest

from common.values import UNKNOWN
from costs.resource import Resource
from costs.usage import Amount, Usage
from tests.costs.builders import cluster, items, price, reasons, resource


def hourly(result):
    (item,) = result.items
    return item.price_min.usd


def test_a_supported_version_costs_the_standard_price():
    assert hourly(price(cluster("1.35"))) == 0.10


def test_a_version_past_standard_support_costs_six_times_as_much():
    result = price(cluster("1.33", support="EXTENDED"))
    assert hourly(result) == 0.60
    assert items(result)["EKS control plane, extended support"].notes[0].endswith("left standard support on 2026-07-29")


def test_extended_support_is_the_default_of_aws():
    assert hourly(price(cluster("1.33", support=None))) == 0.60


def test_a_cluster_with_standard_support_never_has_the_extended_price_because_aws_upgrades_it():
    assert hourly(price(cluster("1.33", support="STANDARD"))) == 0.10


def test_a_version_that_soon_leaves_standard_support_has_a_note():
    (item,) = price(cluster("1.35", support="EXTENDED"), today=date(2027, 1, 1)).items
    assert item.notes[0].startswith("0.60 USD per hour from 2027-03-27")


def test_a_version_that_is_not_in_the_catalog_has_a_range_of_prices():
    (item,) = price(cluster("1.99")).items
    assert (item.price_min.usd, item.price_max.usd) == (0.10, 0.60)


def test_auto_mode_is_unpriced():
    auto = resource("aws:eks/cluster:Cluster", version="1.35", computeConfig={"enabled": True})
    assert "Auto Mode" in reasons(price(auto))[0]


def test_add_ons_are_free_except_the_one_that_sends_metrics():
    assert price(resource("aws:eks/addon:Addon", addonName="vpc-cni")).free == 1
    assert price(resource("aws:eks/addon:Addon", addonName="amazon-cloudwatch-observability")).unpriced


def test_a_nat_gateway_is_billed_per_hour_and_per_gigabyte():
    lines = items(price(resource("aws:ec2/natGateway:NatGateway")))
    assert round(lines["NAT gateway"].monthly_min_usd, 2) == 32.85
    assert lines["NAT data"].usage == "50 to 1000 GB through each NAT gateway", "an assumption is stated"
    assert not lines["NAT gateway"].usage, "the hours are not an assumption"


def test_an_attachment_to_a_transit_gateway_is_billed_per_hour_and_per_gigabyte():
    lines = items(price(resource("aws:ec2transitgateway/vpcAttachment:VpcAttachment")))
    assert round(lines["transit gateway attachment"].monthly_min_usd, 2) == 36.50
    assert lines["transit gateway data"].usage == "5 to 200 GB sent to each transit gateway", "an assumption is stated"


def test_a_public_address_is_billed_unless_it_is_from_the_accounts_own_pool():
    assert round(price(resource("aws:ec2/eip:Eip", domain="vpc")).monthly_min_usd, 2) == 3.65
    assert price(resource("aws:ec2/eip:Eip", publicIpv4Pool="ipv4pool-ec2-0abc")).free == 1


def test_an_interface_endpoint_is_billed_in_each_subnet():
    endpoint = resource("aws:ec2/vpcEndpoint:VpcEndpoint", vpcEndpointType="Interface", subnetIds=[UNKNOWN] * 3)
    assert items(price(endpoint))["interface endpoints"].quantity_min == 3, "unknown ids count too"


def test_an_unknown_list_of_subnets_is_counted_by_its_dependencies():
    subnets = [resource("aws:ec2/subnet:Subnet", f"private-{zone}") for zone in "ab"]
    inputs = {"vpcEndpointType": "Interface", "subnetIds": UNKNOWN}
    urns = [subnet.urn for subnet in subnets]
    endpoint = Resource("urn:pulumi:a::b::c::d", "aws:ec2/vpcEndpoint:VpcEndpoint", inputs, {"subnetIds": urns})
    assert items(price(endpoint, *subnets))["interface endpoints"].quantity_min == 2
    assert reasons(price(endpoint)) == ["subnetIds is not known before the update"]


def test_a_gateway_endpoint_is_free():
    assert price(resource("aws:ec2/vpcEndpoint:VpcEndpoint", serviceName="s3")).free == 1


def test_a_key_that_rotates_may_cost_three_key_months():
    line = items(price(resource("aws:kms/key:Key", enableKeyRotation=True)))["KMS key"]
    assert (line.monthly_min_usd, line.monthly_max_usd) == (1.0, 3.0)
    assert items(price(resource("aws:kms/key:Key")))["KMS key"].monthly_max_usd == 1.0


def test_longer_retention_costs_more():
    def storage_cost(days):
        group = resource("aws:cloudwatch/logGroup:LogGroup", name="/aws/eks/x/cluster", retentionInDays=days)
        return items(price(group))["logs kept"].monthly_max_usd

    assert storage_cost(30) < storage_cost(90) < storage_cost(365)
    assert storage_cost(0) == pytest.approx(storage_cost(360)), "a group without retention counts as one year"


def test_a_log_group_with_an_unknown_name_is_priced():
    assert items(price(resource("aws:cloudwatch/logGroup:LogGroup", name=UNKNOWN)))["logs written"].quantity_max == 20


def test_logs_of_containers_are_more_than_others_and_cost_half_as_much_when_they_are_read_seldom():
    def lines(**inputs):
        tags = {"ml-platform:purpose": "containers"}
        return items(price(resource("aws:cloudwatch/logGroup:LogGroup", retentionInDays=30, tags=tags, **inputs)))

    usual, seldom = lines()["logs written"], lines(logGroupClass="INFREQUENT_ACCESS")["logs written"]
    assert usual.quantity_max == 200
    assert usual.usage.endswith("GB written to each log group of containers")
    assert seldom.monthly_max_usd == usual.monthly_max_usd / 2
    assert reasons(price(resource("aws:cloudwatch/logGroup:LogGroup", logGroupClass="DELIVERY")))


def test_flow_logs_to_a_bucket_are_unpriced_because_delivery_has_no_price():
    assert "vended logs" in reasons(price(resource("aws:ec2/flowLog:FlowLog", logDestinationType="s3")))[0]
    assert price(resource("aws:ec2/flowLog:FlowLog")).free == 1, "its cost is counted with the log group"


def bucket(name="data", parent="", **tags):
    return resource("aws:s3/bucket:Bucket", name, parent, tags={f"ml-platform:{k}": v for k, v in tags.items()})


def test_a_bucket_is_billed_for_the_assumed_data():
    usage = Usage(bucket_gib=Amount(1000, 1000))
    result = price(resource("aws:s3/bucket:Bucket"), usage=usage)
    assert result.monthly_min_usd == result.monthly_max_usd == 23.0, "given usage replaces the assumption"


def test_a_bucket_for_datasets_is_assumed_to_be_larger_than_one_for_logs():
    datasets = items(price(bucket(purpose="datasets")))["S3 storage, datasets"]
    logs = items(price(bucket(purpose="logs")))["S3 storage, logs"]
    assert datasets.monthly_max_usd > logs.monthly_max_usd
    assert datasets.usage == "100 to 5000 GB of datasets in each bucket", "an assumption is stated"


def test_requests_are_counted_for_buckets_with_a_purpose():
    assert items(price(bucket(purpose="models")))["S3 requests that write"].monthly_max_usd == 0.5
    assert "S3 requests that write" not in items(price(bucket()))


def test_size_and_growth_in_the_stack_file_replace_the_assumption():
    sized = {"purpose": "models", "expected-gib": "1000"}
    line = items(price(bucket(**sized)))["S3 storage, models"]
    assert line.quantity_min == line.quantity_max == 1000
    line = items(price(bucket(**sized, **{"monthly-growth-gib": "50"})))["S3 storage, models"]
    assert (line.quantity_min, line.quantity_max) == (1000, 1600)
    assert line.usage.endswith("growing 50 GB a month for a year")


def test_growth_is_added_to_an_assumed_size():
    line = items(price(bucket(purpose="models", **{"monthly-growth-gib": "50"})))["S3 storage, models"]
    assert (line.quantity_min, line.quantity_max) == (50, 1600)


def test_copies_to_another_region_are_billed_for_new_data():
    def copy_line(**tags):
        parent = resource("mlplatform:storage:Bucket", "data")
        copying = resource("aws:s3/bucketReplicationConfig:BucketReplicationConfig", "data", parent.urn)
        result = price(parent, bucket(parent=parent.urn, **tags), copying)
        assert not result.unpriced
        return items(result)["S3 copies to another region"]

    assert copy_line(**{"purpose": "models", "monthly-growth-gib": "50"}).monthly_max_usd == 1.0
    assumed = copy_line(purpose="models")
    assert (assumed.quantity_min, assumed.quantity_max) == (2.5, 500)
    assert "5% to 50% of the bucket is new" in assumed.usage


@pytest.mark.parametrize("kind", ["bucketLogging:BucketLogging", "bucketVersioning:BucketVersioning"])
def test_settings_of_a_bucket_are_free(kind):
    assert price(resource(f"aws:s3/{kind}")).free == 1


def test_a_load_balancer_service_is_billed_and_a_cluster_ip_is_not():
    assert price(resource("kubernetes:core/v1:Service", spec={"type": "LoadBalancer"})).monthly_min_usd > 16
    assert price(resource("kubernetes:core/v1:Service", spec={})).free == 1


@pytest.mark.parametrize(
    "kind", ["helm.sh/v3:Release", "networking.k8s.io/v1:Ingress", "core/v1:PersistentVolumeClaim"]
)
def test_objects_whose_aws_resources_a_preview_does_not_show_are_unpriced(kind):
    assert price(resource(f"kubernetes:{kind}")).unpriced


def test_a_claim_on_an_existing_volume_is_free():
    bound = resource("kubernetes:core/v1:PersistentVolumeClaim", spec={"storageClassName": "", "volumeName": "fast"})
    assert not price(bound).unpriced


def test_a_secret_costs_the_same_in_every_month():
    (item,) = price(resource("aws:secretsmanager/secret:Secret", name="hub")).items
    assert (item.price_min.usd, item.quantity_min, item.quantity_max) == (0.4, 1, 1)


def test_an_alarm_is_billed_by_the_month_and_its_metric_only_in_hours_with_a_match():
    kind = "aws:cloudwatch/metricAlarm:MetricAlarm"
    alarm = price(resource(kind, period=300))
    (priced,) = [each for each in alarm.items if each.item == "alarm"]
    assert priced.price_min.usd == 0.10
    assert not price(resource(kind, period=10)).items, "alarms of high resolution have another price"
    (reason,) = reasons(price(resource("aws:cloudwatch/logMetricFilter:LogMetricFilter")))
    assert "hours with a match" in reason


def test_guardduty_is_billed_by_what_it_reads_and_its_endpoint_not_at_all():
    feature = "aws:guardduty/detectorFeature:DetectorFeature"
    (reason,) = reasons(price(resource(feature, name="RUNTIME_MONITORING", status="ENABLED")))
    assert "vCPU-hours of nodes" in reason
    assert not price(resource(feature, name="RUNTIME_MONITORING", status="DISABLED")).unpriced
    for name, unit in (("RDS_LOGIN_EVENTS", "vCPUs of the databases"), ("LAMBDA_NETWORK_LOGS", "GB of flow logs")):
        assert unit in reasons(price(resource(feature, name=name, status="ENABLED")))[0]
    assert "by the million" in reasons(price(resource("aws:guardduty/detector:Detector")))[0]
    service = "com.amazonaws.us-west-2.guardduty-data"
    given = {"vpcEndpointType": "Interface", "serviceName": service, "subnetIds": ["a", "b"]}
    assert not price(resource("aws:ec2/vpcEndpoint:VpcEndpoint", **given)).items

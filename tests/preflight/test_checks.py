"""Single checks in accounts of their own."""

from datetime import UTC, datetime
from typing import Any

import boto3
import pytest

from preflight.check import Check
from preflight.checks import identity, kubernetes, machines, names, network, quotas, services
from preflight.needs import Needs, tags_of
from preflight.run import look
from settings.compute.reservation import ReservationSettings
from tests.preflight import accounts
from tests.preflight.answers import REGION, Answer, Asked, Denied, missing

BLOCK = {"ReservationType": "capacity-block", "StartDate": datetime(2027, 1, 11, 11, 30, tzinfo=UTC)}


def seen(check: Check, needs: Needs, **answers: Answer | Denied) -> list[tuple[str, str]]:
    """Returns what a check finds, with answers for some operations: `ec2__DescribeImages`."""
    told = {call.replace("__", ":"): answer for call, answer in answers.items()}
    return [(each.result, each.seen) for each in look(check, needs, Asked({**accounts.ready(needs), **told}))]


def changed(needs: Needs, **settings: Any) -> Needs:
    """Returns needs with other settings of the stack; `network__zones` for one of a part."""
    model = needs.settings
    for path, value in settings.items():
        part, _, key = path.partition("__")
        model = model.model_copy(update={part: getattr(model, part).model_copy(update={key: value}) if key else value})
    return Needs(stack=needs.stack, settings=model, account_id=needs.account_id, planned=needs.planned)


def reserved(needs: Needs, **settings: Any) -> Needs:
    pools = dict(needs.pools)
    reservation = ReservationSettings(id=accounts.RESERVATION, zone="us-west-2b", **settings)
    pools["main.reserved"] = pools["main.reserved"].model_copy(update={"reservation": reservation})
    copy = changed(needs)
    copy.__dict__["pools"] = pools
    return copy


@pytest.mark.parametrize(("principal", "result"), [("root", "ok"), ("user/moto", "ok"), ("role/somebody", "warning")])
def test_the_role_that_deploys_names_the_caller_in_its_trust_policy(
    needs: Needs, aws: None, principal: str, result: str
) -> None:
    boto3.client("iam").create_role(RoleName="ml-platform-deployer", AssumeRolePolicyDocument=accounts.trust(principal))
    assert [each for each, _ in seen(identity.caller, needs)] == ["ok", result]


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ({"InstanceType": "p4d.24xlarge"}, "is for p4d.24xlarge"),
        ({"ReservationType": "capacity-block"}, "is of type capacity-block, not on-demand"),
        ({"State": "cancelled"}, "is cancelled"),
    ],
)
def test_a_reservation_of_another_kind_is_a_failure(needs: Needs, aws: None, found: dict, said: str) -> None:
    rows = {"CapacityReservations": [accounts.reservation(**found)]}
    assert seen(machines.reservations, needs, ec2__DescribeCapacityReservations=rows) == [
        ("failure", f"main.reserved: {accounts.RESERVATION} {said}")
    ]


def test_a_reservation_that_is_not_there_or_too_small(needs: Needs, aws: None) -> None:
    gone = missing("InvalidCapacityReservationId.NotFound")
    assert seen(machines.reservations, needs, ec2__DescribeCapacityReservations=gone)[0][0] == "failure"
    small = {"CapacityReservations": [accounts.reservation(TotalInstanceCount=1)]}
    assert seen(machines.reservations, needs, ec2__DescribeCapacityReservations=small)[0][0] == "warning"


def test_a_capacity_block_that_begins_later_is_ready_and_another_end_is_not(needs: Needs, aws: None) -> None:
    days = {"starts": "2027-01-11T11:30:00Z", "ends": "2027-01-18T11:30:00Z"}
    wanted = reserved(needs, kind="capacity-block", **days)
    block = accounts.reservation(**BLOCK, State="scheduled", EndDate=datetime(2027, 1, 18, 11, 30, tzinfo=UTC))
    ask = {"ec2__DescribeCapacityReservations": {"CapacityReservations": [block]}}
    assert [result for result, _ in seen(machines.reservations, wanted, **ask)] == ["ok"]
    ask = {"ec2__DescribeCapacityReservations": {"CapacityReservations": [{**block, "EndDate": BLOCK["StartDate"]}]}}
    assert "has the EndDate 2027-01-11" in seen(machines.reservations, wanted, **ask)[0][1]


def test_a_number_of_zones_takes_the_first_ones_that_eks_can_use(needs: Needs, aws: None) -> None:
    assert seen(machines.zones, changed(needs, network__zones=3)) == [("ok", "us-west-2a, us-west-2b, us-west-2c")]
    assert seen(machines.zones, changed(needs, network__zones=6))[0][0] == "failure"


def test_the_image_of_a_pool_is_its_release_or_the_newest(needs: Needs) -> None:
    of_pool = {name: machines.image_parameter(pool, "1.35")[0] for name, pool in needs.pools.items()}
    al2023 = "/aws/service/eks/optimized-ami/1.35/amazon-linux-2023/x86_64"
    assert of_pool["main.cpu"] == f"{al2023}/standard/recommended/image_id"
    assert of_pool["main.a100-time-slicing"].startswith("/aws/service/bottlerocket/aws-k8s-1.35-nvidia/x86_64/1.")
    pinned = needs.pools["main.h100"].model_copy(update={"image_release": "20261012"})
    assert machines.image_parameter(pinned, "1.35")[0] == (
        f"{al2023}/nvidia/amazon-eks-node-al2023-x86_64-nvidia-1.35-v20261012/image_id"
    )
    newest = pinned.model_copy(update={"operating_system": "bottlerocket", "image_release": None})
    assert (
        machines.image_parameter(newest, "1.35")[0]
        == "/aws/service/bottlerocket/aws-k8s-1.35-nvidia/x86_64/latest/image_id"
    )


def test_what_is_this_stacks_own_is_not_counted_twice_and_not_taken(needs: Needs, aws: None) -> None:
    tags = [{"Key": key, "Value": value} for key, value in needs.stage.own_tags.items()]
    ec2 = boto3.client("ec2", region_name=REGION)
    ec2.create_vpc(CidrBlock="10.20.0.0/16", TagSpecifications=[{"ResourceType": "vpc", "Tags": tags}])
    full = {"service_quotas__GetServiceQuota": accounts.quotas({**accounts.PLENTY, "L-F678F1CE": 2})}
    answers = {call.replace("service_quotas", "service-quotas"): each for call, each in full.items()}
    assert ("ok", "VPCs per Region: 2, 1 used, 1 more for this stack") in seen(quotas.numbers, needs, **answers)
    boto3.client("eks", region_name=REGION).create_cluster(
        name="ml-platform-prod-main",
        roleArn="arn:aws:iam::123456789012:role/x",
        resourcesVpcConfig={},
        tags=needs.stage.own_tags,
    )
    boto3.client("sqs", region_name=REGION).create_queue(QueueName="ml-platform-prod-main", tags=needs.stage.own_tags)
    assert seen(names.clusters, needs) == [("ok", "ml-platform-prod-main is this stack's")]
    assert seen(names.queues, needs) == [("ok", "ml-platform-prod-main is this stack's")]
    assert ("ok", "IAM Roles: 1,000, 0 used, 0 more for this stack") in seen(quotas.iam_numbers, needs)


def test_what_an_interrupted_run_left_is_a_warning_unless_up_imports_it(needs: Needs, aws: None) -> None:
    own = needs.stage.own_tags
    boto3.client("sqs", region_name=REGION).create_queue(QueueName="ml-platform-prod-main", tags=own)
    boto3.client("backup", region_name=REGION).create_backup_vault(
        BackupVaultName="ml-platform-prod-backup", BackupVaultTags=own
    )
    assert seen(names.queues, needs)[0] == (
        "warning",
        "ml-platform-prod-main has the tags of this stack, which is not up",
    )
    assert ("ok", "ml-platform-prod-backup is this stack's") in seen(names.vaults, needs)
    unprotected = changed(needs, deletion_protection=False)
    assert seen(names.vaults, unprotected)[0][0] == "warning", "only what production retains is imported"


def test_a_log_group_that_eks_wrote_after_a_cluster_was_deleted_is_free(needs: Needs, aws: None) -> None:
    logs = boto3.client("logs", region_name=REGION)
    logs.create_log_group(logGroupName="/aws/eks/ml-platform-prod-main/cluster")
    logs.create_log_group(logGroupName="/aws/fsx/ml-platform-prod/fast")
    assert seen(names.log_groups, needs) == [
        ("ok", "/aws/eks/ml-platform-prod-main/cluster is free"),
        ("failure", "/aws/fsx/ml-platform-prod/fast stands already, and no tag says whose it is"),
    ]


def test_a_bucket_of_this_account_is_known_by_its_tags(needs: Needs, aws: None) -> None:
    s3, name = boto3.client("s3", region_name=REGION), "ml-platform-prod-datasets-88de702d"
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    assert ("failure", f"{name} stands already, and no tag says whose it is") in seen(names.buckets, needs)
    tags = [{"Key": key, "Value": value} for key, value in needs.stage.own_tags.items()]
    s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": tags})
    assert ("ok", f"{name} is this stack's") in seen(names.buckets, needs)


def test_a_vpc_behind_the_gateway_with_the_range_of_this_one_is_a_failure(needs: Needs, aws: None) -> None:
    ec2 = boto3.client("ec2", region_name=REGION)
    same = ec2.create_vpc(CidrBlock="10.20.128.0/20")["Vpc"]["VpcId"]
    ec2.create_vpc(CidrBlock="10.20.0.0/16")  # not attached: no route leads there
    attached = {"TransitGatewayVpcAttachments": [{"VpcId": same, "TransitGatewayId": accounts.GATEWAY}]}
    found = seen(network.transit_gateway, needs, ec2__DescribeTransitGatewayVpcAttachments=attached)
    assert [text for result, text in found if result == "failure"] == [
        f"{same} (without a name) has 10.20.128.0/20 behind {accounts.GATEWAY}"
    ]


def test_a_gateway_of_another_account_that_accepts_by_hand_is_a_warning(needs: Needs, aws: None) -> None:
    foreign = {"TransitGatewayId": accounts.GATEWAY, "State": "available", "OwnerId": "999999999999"}
    foreign["Options"] = {"AutoAcceptSharedAttachments": "disable"}
    found = seen(network.transit_gateway, needs, ec2__DescribeTransitGateways={"TransitGateways": [foreign]})
    assert found[0] == ("warning", f"{accounts.GATEWAY} is of account 999999999999, which accepts attachments by hand")


def test_an_api_that_does_not_answer_from_here_is_a_warning(needs: Needs, aws: None, monkeypatch) -> None:
    boto3.client("eks", region_name=REGION).create_cluster(
        name="ml-platform-prod-main",
        roleArn="arn:aws:iam::123456789012:role/x",
        resourcesVpcConfig={},
        tags=needs.stage.own_tags,
    )
    assert seen(network.way_in, needs)[0][1].endswith(" answers from here")
    monkeypatch.setattr("preflight.checks.network.reached", lambda host: "timed out")
    (found,) = look(network.way_in, needs, Asked({}))
    assert (found.result, found.seen.rpartition(": ")[2]) == ("warning", "timed out")
    assert "10.200.8.0/24" in found.fix


def test_other_machines_that_run_take_their_part_of_a_quota(needs: Needs, aws: None) -> None:
    ec2 = boto3.client("ec2", region_name=REGION)
    image = ec2.describe_images()["Images"][0]["ImageId"]
    ec2.run_instances(ImageId=image, InstanceType="m5.large", MinCount=2, MaxCount=2)
    found = [text for _, text in seen(quotas.vcpus, needs) if "Standard" in text]
    assert "of which others use" in found[0]


def test_extended_support_is_a_failure_only_where_aws_would_upgrade_by_itself(needs: Needs, aws: None) -> None:
    extended = {"eks__DescribeClusterVersions": accounts.versions(v1_35="EXTENDED_SUPPORT")}
    assert seen(kubernetes.versions, needs, **extended)[0][0] == (
        "failure" if needs.settings.clusters["main"].support_type == "STANDARD" else "ok"
    )


def test_a_schema_that_cannot_be_read_is_no_failure(needs: Needs, aws: None) -> None:
    odd = {"eks__DescribeAddonConfiguration": {"configurationSchema": '{"$ref": "#/definitions/nothing"}'}}
    assert seen(kubernetes.addon_values, needs, **odd)[0][0] == "could not look"


def test_the_role_of_spot_is_made_by_auto_scaling_and_not_by_karpenter(needs: Needs, aws: None) -> None:
    assert ("failure", "there is no role of spot.amazonaws.com") in seen(services.linked_roles, needs)
    managed = changed(needs)
    system = needs.pools["main.system"].model_copy(update={"capacity_type": "spot"})
    managed.__dict__["pools"] = {**needs.pools, "main.system": system}
    assert ("ok", "spot.amazonaws.com is made by Auto Scaling") in seen(services.linked_roles, managed)
    assert {result for result, _ in seen(services.linked_roles, managed)} == {"ok"}


@pytest.mark.parametrize(
    "thing",
    [{"Tags": [{"Key": "a", "Value": "b"}]}, {"tags": {"a": "b"}}, {"Tags": [{"TagKey": "a", "TagValue": "b"}]}],
)
def test_tags_are_read_in_each_form_of_aws(thing: dict) -> None:
    assert tags_of(thing) == {"a": "b"}
    assert tags_of(None) == {}

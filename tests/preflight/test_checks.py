"""Single checks in accounts of their own."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest

from catalog import known_quotas
from preflight.check import Check
from preflight.checks import identity, kubernetes, machines, names, network, quotas, services, tools
from preflight.needs import Needs, tags_of
from preflight.run import look
from report.simulated import ROOT
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


ME = "arn:aws:iam::123456789012"
TRUSTED, ON_CONDITION, UNNAMED, DENIED = "trusts the caller, or", "trusts the caller under", "names neither", "denies"
MFA = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}


def let(principal: object, **more: object) -> dict[str, object]:
    return {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole", **more}


@pytest.mark.parametrize(
    ("caller", "statements", "said"),
    [
        ("iam::123456789012:user/ci/alice", [let({"AWS": f"{ME}:user/ci/alice"})], TRUSTED),
        ("iam::123456789012:user/ci/alice", [let({"AWS": f"{ME}:user/alice2"})], UNNAMED),
        ("iam::123456789012:user/alice", [let({"AWS": f"{ME}:role/alice"})], UNNAMED),
        ("sts::123456789012:assumed-role/ci/run-7", [let({"AWS": [f"{ME}:role/paths/ci"]})], TRUSTED),
        ("sts::123456789012:assumed-role/ci/run-7", [let({"AWS": "arn:aws:iam::999999999999:role/ci"})], UNNAMED),
        (
            "sts::123456789012:assumed-role/ci/run-7",
            [let({"AWS": "arn:aws:sts::123456789012:assumed-role/ci/run-8"})],
            UNNAMED,
        ),
        ("iam::123456789012:user/alice", [let({"AWS": "123456789012"})], TRUSTED),
        ("iam::123456789012:user/alice", [let({"AWS": "arn:aws:iam::999999999999:root"})], UNNAMED),
        ("iam::123456789012:user/alice", [let("*")], TRUSTED),
        ("iam::123456789012:user/alice", [let({"Service": "ec2.amazonaws.com"})], UNNAMED),
        ("iam::123456789012:user/alice", [let({"AWS": "*"}, Action=["sts:TagSession"])], UNNAMED),
        ("iam::123456789012:user/alice", [let({"AWS": "*"}, Action="sts:*")], TRUSTED),
        ("iam::123456789012:user/alice", [let("*"), let({"AWS": f"{ME}:user/alice"}, Effect="Deny")], DENIED),
        ("iam::123456789012:user/alice", [let("*"), let({"AWS": f"{ME}:user/bob"}, Effect="Deny")], TRUSTED),
        ("iam::123456789012:user/alice", [let("*", Condition=MFA)], ON_CONDITION),
        ("iam::123456789012:user/alice", [let("*"), let("*", Effect="Deny", Condition=MFA)], ON_CONDITION),
        ("iam::123456789012:user/alice", [], UNNAMED),
    ],
)
def test_a_trust_policy_is_read_and_not_searched_for_words(caller: str, statements: list, said: str) -> None:
    answer = {"Role": {"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": statements}}}
    (found,) = identity._trusted(answer, f"{ME}:role/ml-platform-deployer", f"arn:aws:{caller}")
    assert said in found.seen
    assert found.result == ("ok" if said == TRUSTED else "warning")


def test_a_boundary_that_is_not_there_is_told_before_iam_refuses_each_role(needs: Needs) -> None:
    arn = f"{ME}:policy/ml-platform-boundary"
    bounded = changed(needs, deployer__permissions_boundary_arn=arn)
    there: Answer = {"Policy": {"Arn": arn, "PolicyName": "ml-platform-boundary"}}
    assert seen(identity.boundary, bounded, iam__GetPolicy=there) == [
        ("ok", f"deployer.permissions_boundary_arn: {arn}")
    ]
    ((result, said),) = seen(identity.boundary, bounded, iam__GetPolicy=missing("NoSuchEntity"))
    assert (result, "there is no policy ml-platform-boundary" in said) == ("failure", True)
    assert seen(identity.boundary, needs) == []


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


@pytest.mark.parametrize(
    ("found", "result"),
    [({"State": "pending"}, "warning"), ({"State": "pending", "AvailabilityZone": "us-west-2a"}, "failure")],
)
def test_a_reservation_that_is_coming_is_not_one_to_replace(needs: Needs, aws: None, found: dict, result: str) -> None:
    rows = {"CapacityReservations": [accounts.reservation(**found)]}
    assert seen(machines.reservations, needs, ec2__DescribeCapacityReservations=rows)[0][0] == result


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
        ("failure", "/aws/fsx/ml-platform-prod/fast stands already, and no tag says whose it is"),
        ("ok", "/ml-platform-prod-main/containers is free"),
        ("ok", "/aws/eks/ml-platform-prod-main/cluster is free"),
    ]


def test_a_bucket_of_this_account_is_known_by_its_tags(needs: Needs, aws: None) -> None:
    s3, name = boto3.client("s3", region_name=REGION), "ml-platform-prod-datasets-88de702d"
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    assert ("failure", f"{name} stands already, and no tag says whose it is") in seen(names.buckets, needs)
    tags = [{"Key": key, "Value": value} for key, value in needs.stage.own_tags.items()]
    s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": tags})
    assert ("ok", f"{name} is this stack's") in seen(names.buckets, needs)


def test_a_bucket_that_may_not_be_asked_about_is_neither_free_nor_of_another_account(needs: Needs, aws: None) -> None:
    asked = Asked({"s3:HeadBucket": lambda asked: missing("403") if "datasets" in asked["url"] else missing("404")})
    (hidden,) = [each for each in look(names.buckets, needs, asked) if each.result != "ok"]
    assert hidden.result == "could not look"
    assert hidden.seen.endswith("-88de702d is taken by another account, or this caller may not look (403)")
    assert "preflight/policy.json" in hidden.fix


def test_a_vpc_behind_the_gateway_with_the_range_of_this_one_is_a_failure(needs: Needs, aws: None) -> None:
    ec2 = boto3.client("ec2", region_name=REGION)
    same = ec2.create_vpc(CidrBlock="10.20.128.0/20")["Vpc"]["VpcId"]
    ec2.create_vpc(CidrBlock="10.20.0.0/16")  # not attached: no route leads there
    attached = attachment(same, "available")
    found = seen(network.transit_gateway, needs, ec2__DescribeTransitGatewayVpcAttachments=attached)
    assert [text for result, text in found if result == "failure"] == [
        f"{same} (without a name) has 10.20.128.0/20 behind {accounts.GATEWAY}"
    ]


def attachment(vpc: str, state: str) -> dict[str, Any]:
    row = {"VpcId": vpc, "TransitGatewayId": accounts.GATEWAY, "State": state}
    return {"TransitGatewayVpcAttachments": [row]}


@pytest.mark.parametrize("state", ["deleted", "deleting", "rejected", "failed"])
def test_a_vpc_that_is_no_longer_behind_the_gateway_clashes_with_nothing(needs: Needs, aws: None, state: str) -> None:
    same = boto3.client("ec2", region_name=REGION).create_vpc(CidrBlock="10.20.128.0/20")["Vpc"]["VpcId"]
    answer = {"ec2__DescribeTransitGatewayVpcAttachments": attachment(same, state)}
    assert [result for result, _ in seen(network.transit_gateway, needs, **answer)] == ["ok"]


@pytest.mark.parametrize(("state", "results"), [("disassociated", ["ok"]), ("associated", ["ok", "failure"])])
def test_a_range_that_a_vpc_has_given_back_clashes_with_nothing(
    needs: Needs, aws: None, state: str, results: list[str]
) -> None:
    ranges = [
        {"CidrBlock": "10.99.0.0/16", "CidrBlockState": {"State": "associated"}},
        {"CidrBlock": "10.20.128.0/20", "CidrBlockState": {"State": state}},
    ]
    vpc = {"VpcId": "vpc-1", "CidrBlock": "10.99.0.0/16", "CidrBlockAssociationSet": ranges}
    answers = {
        "ec2__DescribeTransitGatewayVpcAttachments": attachment("vpc-1", "available"),
        "ec2__DescribeVpcs": {"Vpcs": [vpc]},
    }
    assert [result for result, _ in seen(network.transit_gateway, needs, **answers)] == results


@pytest.mark.parametrize(
    ("state", "result"), [("modifying", "warning"), ("pending", "warning"), ("deleted", "failure")]
)
def test_a_gateway_that_changes_just_now_is_not_one_to_replace(
    needs: Needs, aws: None, state: str, result: str
) -> None:
    row = {"TransitGatewayId": accounts.GATEWAY, "State": state, "OwnerId": needs.account_id}
    found = seen(network.transit_gateway, needs, ec2__DescribeTransitGateways={"TransitGateways": [row]})
    assert found[0] == (result, f"{accounts.GATEWAY} is {state}")


def test_a_gateway_of_another_account_that_accepts_by_hand_is_a_warning(needs: Needs, aws: None) -> None:
    foreign = {"TransitGatewayId": accounts.GATEWAY, "State": "available", "OwnerId": "999999999999"}
    foreign["Options"] = {"AutoAcceptSharedAttachments": "disable"}
    found = seen(network.transit_gateway, needs, ec2__DescribeTransitGateways={"TransitGateways": [foreign]})
    assert found[0] == ("warning", f"{accounts.GATEWAY} is of account 999999999999, which accepts attachments by hand")


def test_a_range_of_documentation_lets_nobody_in(needs: Needs, aws: None) -> None:
    main = needs.settings.clusters["main"]
    endpoint = main.endpoint.model_copy(update={"public": True, "public_cidrs": ("203.0.113.0/24",)})
    clusters = {**needs.settings.clusters, "main": main.model_copy(update={"endpoint": endpoint})}
    said = seen(network.way_in, changed(needs, clusters=clusters))
    assert said[0] == ("failure", "clusters.main.endpoint.public_cidrs: 203.0.113.0/24 is for documentation")


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


STANDARD = "Running On-Demand Standard"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "of which others use 24"),
        ({"AvailableInstanceCount": 0}, ""),
        ({"State": "expired"}, ""),
        ({"ReservationType": "capacity-block"}, ""),
        ({"OwnerId": "999999999999"}, ""),
        ({"CapacityReservationId": accounts.RESERVATION}, ""),
    ],
)
def test_capacity_that_others_have_reserved_takes_its_part_of_a_quota(
    needs: Needs, aws: None, changes: dict, said: str
) -> None:
    mine = {"CapacityReservationId": "cr-2", "InstanceType": "m5.2xlarge", "AvailableInstanceCount": 3, **changes}
    rows = {"CapacityReservations": [accounts.reservation(**{"OwnerId": needs.account_id, **mine})]}
    found = [text for _, text in seen(quotas.vcpus, needs, ec2__DescribeCapacityReservations=rows) if STANDARD in text]
    assert said in found[0]
    assert bool(said) == ("others" in found[0])


def test_the_facts_of_a_quota_stand_in_the_catalog_only() -> None:
    table = [each.code for each in vars(known_quotas).values() if isinstance(each, known_quotas.KnownQuota)]
    codes = {"preflight": r"\bL-[0-9A-F]{8}\b", "simulator": "|".join(table)}
    modules = [(path, each) for part, each in codes.items() for path in Path(ROOT, part).rglob("*.py")]
    assert [path for path, each in modules if re.search(each, path.read_text())] == []


def test_addons_of_a_version_that_eks_lacks_are_not_failures_of_their_own(needs: Needs, aws: None) -> None:
    none = {"eks__DescribeAddonVersions": {"addons": []}}
    gone = {"eks__DescribeClusterVersions": accounts.versions(v1_35="UNSUPPORTED")}
    assert seen(kubernetes.addon_versions, needs, **none, **gone) == []
    found = look(
        kubernetes.addon_versions, needs, Asked({**accounts.ready(needs), "eks:DescribeAddonVersions": {"addons": []}})
    )
    assert {each.result for each in found} == {"failure"}
    assert found[0].seen.endswith("for Kubernetes 1.35 in us-west-2")
    assert found[0].fix.endswith("."), "no list follows"


def test_a_tool_that_fails_is_not_one_that_is_missing(needs: Needs, aws: None, monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert seen(tools.aws_cli, needs) == [("failure", "there is no `aws` on PATH")]
    (tmp_path / "aws").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "aws").chmod(0o755)
    assert seen(tools.aws_cli, needs) == [("failure", "`aws --version` fails")]
    monkeypatch.setattr(tools, "output_of", lambda *_: None)
    assert seen(tools.engine, needs)[-1][0] == "could not look", "a list that is not there lacks no plugin"


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

import json

import pytest

from components.compute.karpenter.karpenter_iam import (
    EVENTS,
    controller_statements,
    node_role_name,
    queue_policy,
    rule_name,
)
from components.core import iam
from components.core.stage import Stage
from tests.facts.reading import facts

MAIN = Stage(
    name="ml-platform",
    environment="prod",
    region="us-west-2",
    account_id="123456789012",
    deletion_protection=False,
    tags={},
)
LONGEST = Stage(  # its cluster has the longest name of which the node role still has room for
    name="a" * 20,
    environment="staging",
    region="ap-southeast-2",
    account_id="123456789012",
    deletion_protection=False,
    tags={},
)
STATEMENTS = {s["Sid"]: s for s in controller_statements(MAIN, "main", spot=False)}


def actions(statements):
    return {action for s in statements for action in ([s["Action"]] if isinstance(s["Action"], str) else s["Action"])}


@pytest.mark.parametrize(("stage", "cluster"), [(MAIN, "main"), (LONGEST, "b" * 19)])
def test_the_controllers_permissions_fit_one_role(stage, cluster):
    assert len(node_role_name(stage, cluster)) <= 64
    text = json.dumps(
        json.loads(iam.document(*controller_statements(stage, cluster, spot=True))), separators=(",", ":")
    )
    assert len(text) <= 10_240, "IAM takes no more of inline policies on one role"


def test_statements_have_names_of_their_own():
    assert len(STATEMENTS) == len(controller_statements(MAIN, "main", spot=False))


def test_no_action_is_a_wildcard_and_everything_that_changes_something_is_bounded():
    for sid, statement in STATEMENTS.items():
        assert not any("*" in action for action in statement["Action"]), sid
        reads = all(a.split(":")[1].startswith(("Describe", "Get", "List", "Receive")) for a in statement["Action"])
        open_to_all = statement["Resource"] == ["*"]
        assert reads or not open_to_all, f"{sid} could change things of others"


def test_machines_are_started_and_ended_only_under_the_tags_of_this_cluster():
    mine = "kubernetes.io/cluster/ml-platform-prod-main"
    assert STATEMENTS["EndOwnInstances"]["Condition"]["StringEquals"] == {f"aws:ResourceTag/{mine}": "owned"}
    assert STATEMENTS["LaunchUnderOwnTags"]["Condition"]["StringEquals"][f"aws:RequestTag/{mine}"] == "owned"
    assert STATEMENTS["UseOwnInstanceProfiles"]["Condition"]["StringEquals"][f"aws:ResourceTag/{mine}"] == "owned"


def test_the_controller_passes_the_node_role_and_no_other_and_only_to_machines():
    (role,) = STATEMENTS["PassNodeRole"]["Resource"]
    assert role == "arn:aws:iam::123456789012:role/ml-platform-prod-main-karpenter-usw2"
    assert "ec2.amazonaws.com" in STATEMENTS["PassNodeRole"]["Condition"]["StringEquals"]["iam:PassedToService"]


def test_the_controller_may_use_the_volume_key_and_no_other():
    for sid in ("UseVolumeKey", "LetEc2UseVolumeKey"):
        named = STATEMENTS[sid]["Condition"]["ForAnyValue:StringEquals"]
        assert named == {"kms:ResourceAliases": "alias/ml-platform-prod-ebs"}


def test_only_the_rules_of_this_cluster_send_to_its_queue_and_nobody_without_tls():
    allow, deny = json.loads(queue_policy(MAIN, "main"))["Statement"]
    assert allow["Condition"]["ArnEquals"]["aws:SourceArn"] == [
        f"arn:aws:events:us-west-2:123456789012:rule/ml-platform-prod-main-{event}" for event in EVENTS
    ]
    assert allow["Resource"] == deny["Resource"] == ["arn:aws:sqs:us-west-2:123456789012:ml-platform-prod-main"]
    assert deny["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_the_role_of_spot_instances_is_made_only_where_a_pool_has_some():
    (more,) = controller_statements(MAIN, "main", spot=True)[len(STATEMENTS) :]
    assert more["Action"] == ["iam:CreateServiceLinkedRole"]
    assert more["Resource"] == [
        "arn:aws:iam::123456789012:role/aws-service-role/spot.amazonaws.com/AWSServiceRoleForEC2Spot"
    ]
    assert more["Condition"] == {"StringEquals": {"iam:AWSServiceName": "spot.amazonaws.com"}}


def test_rule_names_have_room():
    assert all(len(rule_name(LONGEST, "b" * 19, event)) <= 64 for event in EVENTS), "EventBridge takes no more"


def test_the_controller_may_do_what_karpenter_asks_for_and_use_the_volume_key():
    asked = facts("karpenter_controller")
    listed = {action for theirs in asked["statements"].values() for action in theirs["actions"]}
    assert actions(STATEMENTS.values()) == listed | actions(iam.volume_encryption(MAIN))
    for name, theirs in asked["statements"].items():
        wanted = _conditions(theirs["conditions"])
        ours = [
            statement
            for statement in STATEMENTS.values()
            if actions([statement]) >= set(theirs["actions"]) and _conditions(statement.get("Condition", {})) == wanted
        ]
        assert ours, f"{name} has no counterpart with the same conditions"
    assert [json.loads(json.dumps(event)) for event in EVENTS.values()] == list(asked["events"].values())


def _conditions(said):
    """Operator -> keys, with the cluster's name filled in."""
    return {
        operator: {key.replace("${ClusterName}", "ml-platform-prod-main") for key in keys}
        for operator, keys in said.items()
    }

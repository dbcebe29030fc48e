"""Secrets Manager: names, recovery windows, and who may read a value."""

import json
from collections.abc import Mapping

import pytest

from simulator.aws import tokens
from simulator.aws.access import DeniedError, Session, assume, authorize, read_secret
from tests.simulator.aws.account import Account, Resource

ROOT = "arn:aws:iam::123456789012:root"


def document(*statements: Mapping[str, object]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def trust(*actions: str, principal: str = ROOT, **more: object) -> str:
    return document({"Effect": "Allow", "Principal": {"AWS": principal}, "Action": list(actions), **more})


def role(aws: Account, name: str, trusted: str, *statements: Mapping[str, object]) -> Resource:
    made = aws.make(tokens.ROLE, name, name=name, assumeRolePolicy=trusted)
    if statements:
        aws.make(tokens.ROLE_POLICY, name, role=name, policy=document(*statements))
    return made


def session(aws: Account, made: Resource, **tags: str) -> Session:
    (row,) = [each for each in aws.cloud.of_type(tokens.ROLE) if each.id == made.id]
    return Session(row, tags)


ASSUME = {"Effect": "Allow", "Action": ["sts:AssumeRole", "sts:TagSession"], "Resource": "*"}


def test_a_name_stays_taken_while_its_secret_can_be_restored(aws: Account) -> None:
    made = aws.make(tokens.SECRET, "hub", name="hub")
    aws.delete(made)
    assert "already scheduled for deletion" in aws.refusal(tokens.SECRET, "again", name="hub")
    assert aws.make(tokens.SECRET, "other", name="other")["arn"].rpartition("-")[0].endswith(":secret:other")


def test_a_name_without_a_recovery_window_is_free_at_once(aws: Account) -> None:
    made = aws.make(tokens.SECRET, "hub", name="hub", recoveryWindowInDays=0)
    aws.delete(made)
    assert aws.make(tokens.SECRET, "again", name="hub", recoveryWindowInDays=0)["arn"] != made["arn"], "a new secret"


FUNCTION = "arn:aws:lambda:us-west-2:123456789012:function:rotate"


def rotation(made: Resource, **changes: object) -> dict[str, object]:
    rules = {"automaticallyAfterDays": 30}
    return {"secretId": made.id, "rotationLambdaArn": FUNCTION, "rotationRules": rules, **changes}


@pytest.mark.parametrize("callers", [[], ["events.amazonaws.com"]])
def test_a_function_whose_policy_does_not_let_secrets_manager_in_is_refused(aws: Account, callers: list[str]) -> None:
    made = aws.make(tokens.SECRET, "hub", name="hub")
    aws.cloud.put(tokens.FUNCTION, FUNCTION, {"invokedBy": callers})
    said = aws.refusal(tokens.ROTATION, "hub", **rotation(made))
    assert "AccessDeniedException: Secrets Manager cannot invoke the specified Lambda function" in said
    aws.cloud.put(tokens.FUNCTION, FUNCTION, {"invokedBy": [*callers, "secretsmanager.amazonaws.com"]})
    assert aws.make(tokens.ROTATION, "hub", **rotation(made)).id == made.id


def test_a_function_of_somebody_else_is_taken_for_there_and_an_empty_secret_is_rotated(aws: Account) -> None:
    made = aws.make(tokens.SECRET, "hub", name="hub")
    assert aws.make(tokens.ROTATION, "hub", **rotation(made))["rotationEnabled"] is True


def test_a_rotation_that_goes_leaves_the_secret(aws: Account) -> None:
    made = aws.make(tokens.SECRET, "hub", name="hub")
    aws.delete(aws.make(tokens.ROTATION, "hub", **rotation(made)))
    assert [each.id for each in aws.cloud.of_type(tokens.SECRET)] == [made.id]
    assert not aws.cloud.of_type(tokens.ROTATION)


def test_a_chain_of_roles_needs_both_actions_on_both_sides_where_the_session_has_tags(aws: Account) -> None:
    operator = role(aws, "operator", trust("sts:AssumeRole"), ASSUME)
    plain, tagged = session(aws, operator), session(aws, operator, team="a")
    half = role(aws, "half", trust("sts:AssumeRole"))
    whole = role(aws, "whole", trust("sts:AssumeRole", "sts:TagSession"))
    assert assume(aws.cloud, plain, half["arn"]).arn == half["arn"]
    assert assume(aws.cloud, tagged, whole["arn"]).tags == {"team": "a"}, "tags of Pod Identity are passed on"
    with pytest.raises(DeniedError, match=r"sts:TagSession on resource: .*role/half because no resource-based policy"):
        assume(aws.cloud, tagged, half["arn"])
    without = role(aws, "without", trust("sts:AssumeRole"), {**ASSUME, "Action": "sts:AssumeRole"})
    with pytest.raises(DeniedError, match=r"sts:TagSession .* because no identity-based policy"):
        assume(aws.cloud, session(aws, without, team="a"), whole["arn"])


def test_a_trust_policy_that_asks_for_tags_lets_in_no_other_session(aws: Account) -> None:
    asks = {"StringEquals": {"aws:PrincipalTag/kubernetes-namespace": "external-secrets"}}
    reader = role(aws, "reader", trust("sts:AssumeRole", "sts:TagSession", Condition=asks))
    operator = role(aws, "operator", trust("sts:AssumeRole"), ASSUME)
    assume(aws.cloud, session(aws, operator, **{"kubernetes-namespace": "external-secrets"}), reader["arn"])
    for other in ({}, {"kubernetes-namespace": "research"}):
        with pytest.raises(DeniedError, match="sts:AssumeRole"):
            assume(aws.cloud, session(aws, operator, **other), reader["arn"])


def test_a_value_is_read_with_a_right_on_the_secret_and_on_its_key(aws: Account) -> None:
    of_account = document({"Effect": "Allow", "Principal": {"AWS": ROOT}, "Action": "kms:*", "Resource": "*"})
    key = aws.make(tokens.KEY, "key", policy=of_account)
    aws.make(tokens.ALIAS, "alias", name="alias/secrets", targetKeyId=key.id)
    aws.make(tokens.SECRET, "hub", name="a/hub", kmsKeyId=key["arn"])
    own = "arn:aws:secretsmanager:us-west-2:123456789012:secret:a/*"
    read = {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": own}
    decrypt = {
        "Effect": "Allow",
        "Action": "kms:Decrypt",
        "Resource": "arn:aws:kms:us-west-2:123456789012:key/*",
        "Condition": {
            "StringEquals": {"kms:ViaService": "secretsmanager.us-west-2.amazonaws.com"},
            "ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/secrets"},
        },
    }
    whole = session(aws, role(aws, "whole", trust("sts:AssumeRole"), read, decrypt))
    assert read_secret(aws.cloud, whole, "us-west-2", "a/hub") is not None
    assert read_secret(aws.cloud, whole, "us-west-2", "a/other") is None, "nobody has made it"
    with pytest.raises(DeniedError, match=r"GetSecretValue on resource: .*secret:b/hub"):
        read_secret(aws.cloud, whole, "us-west-2", "b/hub")
    without_key = session(aws, role(aws, "without-key", trust("sts:AssumeRole"), read))
    with pytest.raises(DeniedError, match="kms:Decrypt"):
        read_secret(aws.cloud, without_key, "us-west-2", "a/hub")


def test_a_denial_ends_it_also_by_a_condition_that_is_not_known(aws: Account) -> None:
    denied = {"Effect": "Deny", "Action": "s3:*", "Resource": "*", "Condition": {"IpAddress": {"aws:SourceIp": "::/0"}}}
    allowed = {"Effect": "Allow", "Action": "s3:Get*", "Resource": "arn:aws:s3:::data/?"}
    one, other = (
        role(aws, name, trust("sts:AssumeRole"), *say)
        for name, say in {"x": (allowed, denied), "y": (allowed,)}.items()
    )
    authorize(aws.cloud, session(aws, other), "s3:getobject", "arn:aws:s3:::data/a")
    with pytest.raises(DeniedError, match="explicit deny"):
        authorize(aws.cloud, session(aws, one), "s3:GetObject", "arn:aws:s3:::data/a")
    with pytest.raises(DeniedError, match="no identity-based"):
        authorize(aws.cloud, session(aws, other), "s3:GetObject", "arn:aws:s3:::data/ab")

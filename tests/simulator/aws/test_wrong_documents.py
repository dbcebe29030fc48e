"""Each wrong policy document is refused in AWS's words, and each sound one passes."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
from moto.iam.aws_managed_policies import aws_managed_policies_data
from moto.iam.exceptions import MalformedPolicyDocument
from moto.iam.policy_validation import IAMPolicyDocumentValidator

from catalog.iam import attachable_policies
from simulator.aws.inputs import fields
from simulator.aws.operation_context import OperationContext
from simulator.aws.services import document_kinds
from simulator.faults import Faults
from simulator.provider import Refusal
from simulator.values import UNKNOWN
from tests.simulator.aws import wrong_documents as cases
from tests.simulator.aws.account import Account, trust
from tests.simulator.aws.wrong import Wrong


def around(aws: Account, case: Wrong) -> dict[str, Any]:
    """Makes what the document belongs to, and returns the inputs of the case."""
    aws.make(cases.ROLE, "reader", name="reader", path="/platform/", assumeRolePolicy=trust("ec2.amazonaws.com"))
    needs: dict[str, Any] = {}
    if case.type in (cases.INLINE, cases.ATTACHMENT):
        needs["role"] = "reader"
    elif case.type == cases.BUCKET:
        needs["bucket"] = aws.make("aws:s3/bucket:Bucket", "data", bucket="data").id
    elif case.type == cases.QUEUE:
        needs["queueUrl"] = aws.make("aws:sqs/queue:Queue", "jobs", name="jobs").id
    elif case.type == cases.FILES:
        needs["fileSystemId"] = aws.make("aws:efs/fileSystem:FileSystem", "home").id
    elif case.type == cases.ENDPOINT:
        needs |= {"vpcId": aws.vpc().id, "serviceName": "com.amazonaws.us-west-2.s3"}
    assert fields(case.type), case.type
    return {**needs, **case.inputs}


def said(aws: Account, case: Wrong, preview: bool = False) -> str:
    """Returns what the simulator says of a case; nothing when it passes."""
    inputs = around(aws, case)
    checked = aws.check(case.type, "case", **inputs)
    if checked.failures:
        return "\n".join(failure.reason for failure in checked.failures)
    live = None if case.before is None else aws.make(case.type, "case", **{**inputs, **case.before})
    try:
        if live:
            aws.update(live, preview=preview, **inputs)
        elif preview:
            aws.preview(case.type, "case", **inputs)
        else:
            aws.make(case.type, "case", **inputs)
    except Refusal as refused:
        return str(refused)
    return ""


def name(case: Wrong) -> str:
    return f"{case.type.rsplit(':', 1)[-1]}: {case.case}"


@pytest.mark.parametrize("case", cases.DOCUMENTS, ids=name)
def test_a_wrong_document_is_refused_in_the_words_of_aws(aws: Account, case: Wrong) -> None:
    text = said(aws, case)
    if case.passes:
        assert text == "", "a mistake that is found now is no missed one"
    else:
        assert case.says in text, text or "it passed"


@pytest.mark.parametrize("case", [case for case in cases.DOCUMENTS if case.says], ids=name)
def test_a_wrong_document_is_refused_at_the_preview(aws: Account, case: Wrong) -> None:
    made_meanwhile = "nobody made" in case.case or "that is gone" in case.case
    assert bool(said(aws, case, preview=True)) != made_meanwhile, "the same update may make a role"


@pytest.mark.parametrize("case", cases.SOUND, ids=name)
def test_a_sound_document_passes(aws: Account, case: Wrong) -> None:
    assert said(aws, case) == ""


def test_nearly_every_wrong_document_is_refused() -> None:
    missed = [case for case in cases.DOCUMENTS if case.passes]
    assert len(missed) <= 0.05 * len(cases.DOCUMENTS), "95 of 100 have to be refused"
    assert all(case.says for case in cases.DOCUMENTS if not case.passes)
    for group in (cases.DOCUMENTS, cases.SOUND):
        twice = [case for case, times in Counter(map(name, group)).items() if times > 1]
        assert not twice, "cases with one name cannot be told apart"


# Case of an identity policy -> why the emulator judges otherwise.
OTHERWISE = {
    "a Sid with spaces": "it does not read the letters of a Sid",
    "later, a Sid with an underscore": "it does not read the letters of a Sid",
    "all but a principal": "it takes principals",
    "Action twice": "the provider refuses this before IAM sees it",
    "a line break before the document": "the provider refuses this before IAM sees it",
    "IfExists of Null": "it takes IfExists of every operator; the user guide excludes Null",
    "the ARN of another partition": "it takes each partition in each account",
    "any partition of AWS": "it takes no part of a partition, and policies that AWS maintains have one",
    "an access grant of S3": "it refuses this, but a policy that AWS maintains has it",
}


def test_an_independent_emulator_judges_identity_policies_alike() -> None:
    otherwise = set()
    for case in (case for case in cases.DOCUMENTS + cases.SOUND if case.type == cases.POLICY):
        try:
            IAMPolicyDocumentValidator(case.inputs["policy"]).validate()
            takes = True
        except MalformedPolicyDocument:
            takes = False
        if takes == bool(case.says):
            otherwise.add(case.case)
    assert otherwise == OTHERWISE.keys()


def test_an_independent_emulator_has_the_same_policies_of_aws() -> None:
    names = {each.rsplit("/", 1)[-1] for each in attachable_policies()}
    assert len(names) > 1000
    assert not [each for each in names if f'"{each}":' not in aws_managed_policies_data]


def test_every_policy_that_aws_maintains_passes(aws: Account) -> None:
    call = aws.call(cases.POLICY, "one", preview=True)
    op = OperationContext(aws.cloud, Faults(()), call, {})
    policies = json.loads(aws_managed_policies_data)
    for each in policies.values():
        document_kinds.MANAGED(op, json.dumps(each["Document"]))
    assert len(policies) > 1500


def test_a_role_is_not_missed_before_the_update(aws: Account) -> None:
    role = {"AWS": f"{cases.ACCOUNT}:role/trainer"}
    inputs = cases.document(cases.ROLE, Principal=role)
    assert aws.preview(cases.ROLE, **inputs).state, "the same update may make the role"
    assert "Invalid principal in policy" in aws.refusal(cases.ROLE, **inputs)
    aws.make(cases.ROLE, "trainer", name="trainer", assumeRolePolicy=trust("ec2.amazonaws.com"))
    assert aws.make(cases.ROLE, **inputs).id


def test_a_document_is_judged_at_the_preview_though_its_bucket_is_not_known(aws: Account) -> None:
    wrong = cases.document(cases.BUCKET, Action="s3:GetObjects")
    assert "Policy has invalid action" in aws.refusal(cases.BUCKET, preview=True, bucket=UNKNOWN, **wrong)
    assert aws.preview(cases.BUCKET, bucket=UNKNOWN, **cases.document(cases.BUCKET)).state


def test_a_document_that_stays_is_not_judged_again(aws: Account) -> None:
    aws.make(cases.ROLE, "trainer", name="trainer", assumeRolePolicy=trust("ec2.amazonaws.com"))
    inputs = cases.document(cases.ROLE, Principal={"AWS": f"{cases.ACCOUNT}:role/trainer"})
    role = aws.make(cases.ROLE, **inputs)
    aws.cloud.delete(cases.ROLE, "trainer", "")
    assert aws.update(role, **inputs, description="IAM keeps the id of the role that is gone")["description"]

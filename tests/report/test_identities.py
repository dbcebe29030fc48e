"""The IAM documents of the platform's own identities, held against what the simulated provider does for the stacks."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from moto.iam.aws_managed_policies import aws_managed_policies_data
from parliament.statement import get_privilege_info

from catalog.iam import POLICY_ACTIONS
from catalog.provider_calls import CALLS, FUNCTIONS, SERVICE_LINKED, WITHOUT_RESOURCE
from components.stack.stack_file import load_file
from costs.resource import Resource
from report import write
from report.identities import ATTACHMENT, MOST, ROLE, as_markdown, documents
from report.in_process import InProcess
from settings.stack.stack import StackSettings
from simulator.aws.operation_context import OperationContext
from simulator.aws.package import AwsPackage
from simulator.aws.registry import kinds
from simulator.provider import CreateResult
from tests.components.conftest import PlatformCloud
from tests.components.iam_linter import Document, findings
from tests.components.whole_stacks import STACKS, built

ROOT = Path(__file__).parents[2]
BOUNDARY = "arn:aws:iam::123456789012:policy/ml-platform-boundary"
MOST_POLICIES = 10  # of a role. Source: IAM user guide, "IAM and AWS STS quotas"; read 2026-11
PREFIXES = {
    "ACM": "acm",
    "Auto Scaling": "autoscaling",
    "Backup": "backup",
    "Budgets": "budgets",
    "EventBridge": "events",
    "CloudWatch": "cloudwatch",
    "CloudWatch Logs": "logs",
    "EC2": "ec2",
    "ECR": "ecr",
    "GuardDuty": "guardduty",
    "EFS": "elasticfilesystem",
    "EKS": "eks",
    "FSx": "fsx",
    "IAM": "iam",
    "KMS": "kms",
    "Route 53": "route53",
    "S3": "s3",
    "Secrets Manager": "secretsmanager",
    "SQS": "sqs",
    "Service Quotas": "servicequotas",
    "SNS": "sns",
    "WAFV2": "wafv2",
    "amp": "aps",
}
# Operation -> its action, where IAM has another name. Source: Service Authorization Reference; read 2026-11.
ACTIONS = {
    **dict.fromkeys(("budgets:CreateBudget", "budgets:UpdateBudget", "budgets:DeleteBudget"), "budgets:ModifyBudget"),
    "s3:PutBucketLifecycleConfiguration": "s3:PutLifecycleConfiguration",
    "s3:DeleteBucketLifecycle": "s3:PutLifecycleConfiguration",
    "s3:PutBucketReplication": "s3:PutReplicationConfiguration",
    "s3:DeleteBucketReplication": "s3:PutReplicationConfiguration",
    "s3:PutBucketEncryption": "s3:PutEncryptionConfiguration",
    "s3:DeleteBucketEncryption": "s3:PutEncryptionConfiguration",
    "s3:PutPublicAccessBlock": "s3:PutBucketPublicAccessBlock",
    "s3:DeletePublicAccessBlock": "s3:PutBucketPublicAccessBlock",
    "s3:PutObjectLockConfiguration": "s3:PutBucketObjectLockConfiguration",
    "s3:DeleteBucketOwnershipControls": "s3:PutBucketOwnershipControls",
    "s3:PutBucketIntelligentTieringConfiguration": "s3:PutIntelligentTieringConfiguration",
    "s3:DeleteBucketIntelligentTieringConfiguration": "s3:PutIntelligentTieringConfiguration",
}
# Part of a finding -> why it stands all the same. What is read of AWS was read 2026-11.
JUSTIFIED = {
    "RESOURCE_POLICY_PRIVILEGE_ESCALATION": "who deploys writes the policies of buckets: the guide says what follows",
    "boundary: RESOURCE_MISMATCH: [{'action': 'eks:": "the linter knows no pattern that has several kinds of parts",
    "boundary, a statement without Sid: allows ": "a boundary gives nothing",
    "boundary, MountFiles: allows ": "a boundary gives nothing; the policy of each file system says who mounts it",
    "StringEquals requires a value of type String but given Arn": "the IAM user guide compares boundaries so",
    "allows route53:AssociateVPCWithHostedZone": "AWS makes the zone of an endpoint, and only then it has an id",
    "allows route53:GetChange": "a change has an id that only AWS knows, and shows no record",
    "s3:TagResource": "missing in the data of the linter: buckets take tags by it",
    "s3:UntagResource": "missing in the data of the linter: buckets take tags by it",
    "s3:ListTagsForResource": "missing in the data of the linter: buckets take tags by it",
    "Unknown condition aws:ResourceTag": "missing in the data of the linter",
    "Unknown condition aws:RequestTag": "missing in the data of the linter",
    "'ssm:GetParameter', 'required_format': 'arn:*:ssm:*:*:parameter/*'": "parameters of AWS have no account",
}


def resources(cloud: PlatformCloud) -> list[Resource]:
    return [Resource(each.urn, each.type, each.inputs) for each in cloud.registered.values()]


def bounded(settings: StackSettings) -> StackSettings:
    deployer = settings.deployer.model_copy(update={"permissions_boundary_arn": BOUNDARY})
    return settings.model_copy(update={"deployer": deployer})


@cache
def made(name: str, boundary: bool = False) -> Mapping[str, str]:
    settings = STACKS[name]()
    return documents(resources(built(name)), bounded(settings) if boundary else settings)


def statements(files: Mapping[str, str], identity: str) -> list[dict[str, Any]]:
    texts = [text for name, text in files.items() if name.startswith(f"identity-{identity}-")]
    return [statement for text in texts for statement in json.loads(text)["Statement"]]


def _listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def _met(condition: Mapping[str, Mapping[str, Any]], context: Mapping[str, str]) -> bool:
    for operator, keys in condition.items():
        assert operator in ("StringEquals", "ArnEquals", "StringLike", "Null"), operator
        for key, wanted in keys.items():
            given = context.get(key)
            if operator == "Null":
                assert wanted == "true"
                if given is not None:
                    return False
                continue
            if given is None or not any(fnmatchcase(given, each) for each in _listed(wanted)):
                return False
    return True


def _holds(statement: Mapping[str, Any], action: str, arn: str, context: Mapping[str, str]) -> bool:
    named = any(fnmatchcase(action.lower(), each.lower()) for each in _listed(statement["Action"]))
    about = any(fnmatchcase(arn, each) for each in _listed(statement["Resource"]))
    return named and about and _met(statement.get("Condition", {}), context)


def allows(given: Iterable[Mapping[str, Any]], action: str, arn: str, **context: str) -> bool:
    """Returns IAM's verdict. context: condition keys, `_` for `:`, `aws_` in front where it has no service."""
    found = [each for each in given if _holds(each, action, arn, context)]
    return bool(found) and all(each["Effect"] == "Allow" for each in found)


def tagged(key: str, stack: str = "dev", region: str = "us-west-2") -> dict[str, str]:
    tags = {"project": "ml-platform", "environment": stack}
    return {"aws:RequestedRegion": region, **{f"aws:{key}/{tag}": value for tag, value in tags.items()}}


# Actions that are newer than the data of the linter -> their level.
# Source: Service Authorization Reference; read 2026-11.
NEWER = {"aps:DescribeWorkspaceConfiguration": "Read", "aps:UpdateWorkspaceConfiguration": "Write"}


@pytest.mark.parametrize("name", STACKS)
def test_iam_takes_each_document_and_it_says_no_more_than_it_should(name: str) -> None:
    for boundary in (False, True):
        files = made(name, boundary)
        for file, text in files.items():
            assert len("".join(text.split())) <= MOST, f"{file} is no managed policy"
        for identity in ("preview", "deployer", "break-glass", "boundary"):
            whole = Document(identity, "identity", {"Statement": statements(files, identity)})
            known = (*JUSTIFIED, *(f"Unknown action {each}" for each in NEWER))
            assert [each for each in findings(whole) if not any(part in each for part in known)] == []
        for identity in ("preview", "deployer", "break-glass"):
            number = sum(file.startswith(f"identity-{identity}-") for file in files)
            assert 0 < number <= MOST_POLICIES, "a role takes no more policies"
        assert sum("boundary" in file for file in files) == 1, "a role has one boundary"


@pytest.mark.parametrize("name", STACKS)
def test_who_previews_reads_and_no_more(name: str) -> None:
    for statement in statements(made(name), "preview"):
        for action in statement["Action"]:
            level = NEWER.get(action) or get_privilege_info(*action.split(":"))["access_level"]
            decrypts = (action, statement.get("Sid")) == ("kms:Decrypt", "DecryptState")
            assert level in ("Read", "List") or decrypts, f"{action} is of the level {level}"
            assert action not in ("secretsmanager:GetSecretValue", "sqs:ReceiveMessage")
        if "s3:GetObject" in statement["Action"]:
            below = "arn:aws:s3:::STATE_BUCKET/.pulumi/"
            assert all(each.startswith(below) for each in statement["Resource"]), "objects of the stack are data"


@pytest.mark.parametrize("name", STACKS)
def test_every_type_and_function_of_the_stacks_is_known(name: str) -> None:
    cloud = built(name)
    of_aws = {each.type for each in cloud.registered.values() if each.type.startswith("aws:")}
    assert of_aws <= {*CALLS}
    assert {each for each in cloud.calls if each.startswith("aws:")} <= {*FUNCTIONS}
    assert "Not covered" not in as_markdown(resources(cloud), STACKS[name](), name)


def actions_of(type_: str) -> Iterator[str]:
    kind = kinds()[type_]
    for operation in (kind.creates, kind.updates, kind.deletes):
        if operation:
            call = f"{PREFIXES[kind.service.id]}:{operation}"
            yield ACTIONS.get(call, call)


@pytest.mark.parametrize("type_", sorted({*CALLS} & {*kinds()}))
def test_a_row_has_what_the_simulated_provider_calls(type_: str) -> None:
    row = CALLS[type_]
    known = {f"{row.service}:{each}" for part in row[3:7] for each in part.split()} | {*row.also.split()}
    assert {*actions_of(type_)} <= known


def test_actions_without_a_resource_are_those_of_the_linter() -> None:
    named = {f"{row.service}:{each}" for row in CALLS.values() for part in row[3:7] for each in part.split()}
    named |= {each for text in [*FUNCTIONS.values(), *(row.also for row in CALLS.values())] for each in text.split()}
    wide = {
        each
        for each in named - {*NEWER}
        if not any(kind["resource_type"] for kind in get_privilege_info(*each.split(":"))["resource_types"])
    }
    assert {each for each in wide if not each.startswith("ec2:")} == WITHOUT_RESOURCE
    assert all(each.startswith(("ec2:Describe", "ec2:Get")) for each in wide - WITHOUT_RESOURCE)
    assert {*SERVICE_LINKED} <= {*CALLS}


# Type -> its template of an ARN, where the thing that an action is about has none of its own.
PARENTS = {
    "aws:guardduty/detectorFeature:DetectorFeature": "arn:aws:guardduty:{region}:123456789012:detector/{detectorId}",
    "aws:amp/workspaceConfiguration:WorkspaceConfiguration": (
        "arn:aws:aps:{region}:123456789012:workspace/{workspaceId}"
    ),
    "aws:backup/selection:Selection": "arn:aws:backup:{region}:123456789012:backup-plan:x",
    "aws:backup/plan:Plan": "arn:aws:backup:{region}:123456789012:backup-plan:x",
    "aws:backup/vaultLockConfiguration:VaultLockConfiguration": (
        "arn:aws:backup:{region}:123456789012:backup-vault:{backupVaultName}"
    ),
    "aws:cloudwatch/eventTarget:EventTarget": "arn:aws:events:{region}:123456789012:rule/{rule}",
    "aws:cloudwatch/logGroup:LogGroup": "arn:aws:logs:{region}:123456789012:log-group:{name}",
    "aws:efs/fileSystemPolicy:FileSystemPolicy": "arn:aws:elasticfilesystem:{region}:123456789012:file-system/x",
    "aws:efs/mountTarget:MountTarget": "arn:aws:elasticfilesystem:{region}:123456789012:file-system/x",
    "aws:efs/accessPoint:AccessPoint": "arn:aws:elasticfilesystem:{region}:123456789012:file-system/x",
    "aws:eks/cluster:Cluster": "arn:aws:eks:{region}:123456789012:cluster/{name}",
    "aws:eks/accessPolicyAssociation:AccessPolicyAssociation": (
        "arn:aws:eks:{region}:123456789012:access-entry/{clusterName}/role/x"
    ),
    "aws:eks/accessEntry:AccessEntry": "arn:aws:eks:{region}:123456789012:access-entry/{clusterName}/role/x",
    "aws:eks/podIdentityAssociation:PodIdentityAssociation": (
        "arn:aws:eks:{region}:123456789012:podidentityassociation/{clusterName}/x"
    ),
    "aws:acm/certificateValidation:CertificateValidation": "{certificateArn}",
    "aws:cloudwatch/logMetricFilter:LogMetricFilter": "arn:aws:logs:{region}:123456789012:log-group:{logGroupName}",
    "aws:ecr/lifecyclePolicy:LifecyclePolicy": "arn:aws:ecr:{region}:123456789012:repository/{repository}",
    "aws:ecr/repositoryPolicy:RepositoryPolicy": "arn:aws:ecr:{region}:123456789012:repository/{repository}",
    "aws:ecr/pullThroughCacheRule:PullThroughCacheRule": "*",
    "aws:ecr/repositoryCreationTemplate:RepositoryCreationTemplate": "*",
    "aws:efs/replicationConfiguration:ReplicationConfiguration": "{sourceFileSystemArn}",
    "aws:route53/record:Record": "arn:aws:route53:::hostedzone/{zoneId}",
    "aws:sqs/queuePolicy:QueuePolicy": "arn:aws:sqs:{region}:123456789012:{queue}",
    "aws:secretsmanager/secret:Secret": "arn:aws:secretsmanager:{region}:123456789012:secret:{name}-AbCdEf",
}
OF_ROLE = ("aws:iam/rolePolicy:RolePolicy", ATTACHMENT)


def about(type_: str, state: Mapping[str, Any]) -> str:
    """Returns the ARN of what an action on a resource is about; `*` in EC2, where the documents name none."""
    if type_ in PARENTS:
        queue = str(state.get("queueUrl")).rpartition("/")[2]
        return PARENTS[type_].format_map({"region": "us-west-2", **state, "queue": queue})
    if type_.startswith("aws:s3/"):
        return f"arn:aws:s3:::{state['bucket']}"
    if type_ in OF_ROLE:
        return f"arn:aws:iam::123456789012:role/{state['role']}"
    if CALLS[type_].service in ("ec2", "autoscaling"):
        return "*"
    assert "arn" in state, (type_, sorted(state))
    return str(state["arn"])


# Action, and what the reference says that it depends on -> why AWS does not ask for it here; read 2026-11.
NOT_ASKED = {
    ("kms:CreateKey", "iam:CreateServiceLinkedRole"): "for keys of several regions alone",
    ("kms:CreateKey", "kms:PutKeyPolicy"): "CreateKey asks for itself and TagResource: KMS API reference; unverified",
    ("fsx:DeleteFileSystem", "fsx:TagResource"): "for tags that the request gives the last backup; it gives none",
    ("sns:CreateTopic", "iam:PassRole"): "for logs of deliveries",
    ("sns:SetTopicAttributes", "iam:PassRole"): "for logs of deliveries",
    ("ec2:CreateLaunchTemplate", "ssm:GetParameters"): "for images by a parameter; ours have an id",
    ("ec2:CreateLaunchTemplateVersion", "ssm:GetParameters"): "for images by a parameter; ours have an id",
}
LINKED = {
    "ecr:CreatePullThroughCacheRule": "pullthroughcache.ecr.amazonaws.com",
    "ecr:CreateRepositoryCreationTemplate": "ecr.amazonaws.com",
    "ecr:UpdateRepositoryCreationTemplate": "ecr.amazonaws.com",
}
TAGGING = {"acm": "AddTagsToCertificate", "ec2": "CreateTags", "sqs": "TagQueue"}
REPLICATION = "aws:efs/replicationConfiguration:ReplicationConfiguration"
IN_ANOTHER = {"aws:efs/accessPoint:AccessPoint"}  # made in a thing that has tags already


def dependent(action: str, call: str, type_: str, state: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
    """Returns what an action that AWS asks for besides is about, and its part of the context."""
    service, account = action.partition(":")[0], "123456789012"
    if action == "iam:CreateServiceLinkedRole":
        return f"arn:aws:iam::{account}:role/aws-service-role/{LINKED[call]}/X", {"iam:AWSServiceName": LINKED[call]}
    if action == "iam:PassRole":
        return f"arn:aws:iam::{account}:role/main-node-role-1", {"iam:PassedToService": "eks.amazonaws.com"}
    if service == "route53":  # of no region: its requests go to this one
        return "arn:aws:route53:::hostedzone/Z1", {"aws:RequestedRegion": "us-east-1"}
    if service == "ecr" and "prefix" in state:
        return f"arn:aws:ecr:{state.get('region', 'us-west-2')}:{account}:repository/{state['prefix']}/x", {}
    return "*" if service == "ec2" else str(state.get("arn", about(type_, state))), {}


def asked(type_: str, doing: str, state: Mapping[str, Any], stack: str) -> Iterator[tuple[str, str, dict[str, str]]]:
    """Yields each action that AWS asks for: about what, in which context. A thing that is made has no tags yet."""
    kind = kinds()[type_]
    operation = getattr(kind, doing)
    if not operation:
        return
    call = f"{PREFIXES[kind.service.id]}:{operation}"
    action = ACTIONS.get(call, call)
    service = action.partition(":")[0]
    region = {"aws:RequestedRegion": state.get("region", "us-west-2")}
    new = {**region, **(tagged("RequestTag", stack) if kind.taggable else {}), **region}
    old = {**tagged("ResourceTag", stack), **region, "iam:PolicyARN": str(state.get("policyArn"))}
    if type_ == REPLICATION:  # EFS compares no tags where it replicates: EFS guide, "Using tags with Amazon EFS"
        old = region
    made_now = doing == "creates" and kind.taggable
    if made_now and service == "elasticfilesystem":
        new["elasticfilesystem:CreateAction"] = operation
    yield action, about(type_, state), {**new, **(old if type_ in IN_ANOTHER else {})} if made_now else old
    if made_now and service not in ("autoscaling", "s3"):
        tag = f"{service}:{TAGGING.get(service, 'TagRole' if type_ == ROLE else 'TagResource')}"
        yield tag, str(state.get("arn", about(type_, state))) if service != "ec2" else "*", new
    if action in NEWER:
        return
    known = {
        each
        for kind_ in get_privilege_info(service, action.partition(":")[2])["resource_types"]
        for each in kind_.get("dependent_actions", [])
    }
    for other in sorted(known):
        if (action, other) not in NOT_ASKED and not other.startswith("ecs:"):
            arn, more = dependent(other, action, type_, state)
            yield other, arn, {**(new if doing == "creates" else old), **more}


@pytest.mark.parametrize("name", STACKS)
def test_who_deploys_may_do_each_action_that_aws_asks_for(name: str) -> None:
    cloud, given, denied, looked = built(name).providers.cloud, statements(made(name), "deployer"), set(), 0
    for type_ in sorted({*CALLS} & {*kinds()}):
        for each in cloud.of_type(type_):
            for doing in ("creates", "updates", "deletes") if each.urn else ():
                for action, arn, context in asked(type_, doing, each.state, STACKS[name]().environment):
                    looked += 1
                    if not allows(given, action, arn, **context):
                        denied.add((type_, action, arn))
    assert denied == set()
    assert looked > 300, "or nothing was looked at"


@pytest.mark.engine
def test_who_deploys_may_do_all_that_a_rehearsal_of_dev_does(tmp_path: Path) -> None:
    done: list[tuple[str, str, Mapping[str, Any]]] = []
    original = AwsPackage._with_retries

    def recording(package: AwsPackage, op: OperationContext, doing: str, attempt: Any) -> Any:
        result = original(package, op, doing, attempt)
        if not op.call.preview:
            state = result.state if isinstance(result, CreateResult) else result or {}
            done.append((op.type, doing, {**op.inputs, **state}))
        return result

    settings = load_file(ROOT / "Pulumi.dev.yaml")
    principal = settings.deployer.role_arn
    place = InProcess(tmp_path / "home", ROOT, "dev", settings.deployer.address, principal)
    with mock.patch.object(AwsPackage, "_with_retries", recording):
        for command in (("preview",), ("up", "--yes", "--skip-preview"), ("destroy", "--yes", "--skip-preview")):
            result = place.pulumi(*command)
            assert result.code == 0, result.said[-2000:]
    assert len({type_ for type_, _, _ in done}) > 40, "or nothing was looked at"
    assert {doing for _, doing, _ in done} >= {"creating", "deleting"}
    given = statements(documents(resources(built("dev")), settings), "deployer")
    denied = set()
    steps = {"creating": "creates", "updating": "updates", "deleting": "deletes"}
    for type_, doing, state in done:
        for action, arn, context in asked(type_, steps[doing], state, "dev") if doing in steps else ():
            if not allows(given, action, arn, **context):
                denied.add((type_, action, arn))
    assert denied == set()


def test_what_has_tags_of_another_stack_is_not_tagged_as_ones_own() -> None:
    """Who could would then delete it."""
    given = statements(made("dev"), "deployer")
    ours, theirs = tagged("RequestTag"), tagged("ResourceTag", "prod")
    ours["elasticfilesystem:CreateAction"] = "CreateFileSystem"
    for action, arn in (
        ("kms:TagResource", "arn:aws:kms:us-west-2:123456789012:key/x"),
        ("elasticfilesystem:TagResource", "arn:aws:elasticfilesystem:us-west-2:123456789012:file-system/fs-1"),
        ("iam:TagRole", "arn:aws:iam::123456789012:role/main-node-role-1"),
    ):
        assert allows(given, action, arn, **ours), f"{action} of a new thing"
        assert allows(given, action, arn, **tagged("ResourceTag")), "one tag of its own changes"
        assert not allows(given, action, arn, **{**ours, **theirs}), action
        assert not allows(given, action, arn, **tagged("RequestTag", "prod")), action


def test_neither_the_key_of_the_state_nor_a_file_system_without_tags_is_made_ones_own() -> None:
    given = statements(made("dev"), "deployer")
    key = "arn:aws:kms:us-west-2:123456789012:key/STATE_KEY"
    for action in ("TagResource", "ScheduleKeyDeletion", "PutKeyPolicy", "CreateGrant"):
        assert not allows(given, f"kms:{action}", key, **{**tagged("RequestTag"), **tagged("ResourceTag")}), action
    assert not allows(given, "kms:TagResource", key, **tagged("RequestTag"))
    assert allows(given, "kms:Decrypt", key)
    file_system = "arn:aws:elasticfilesystem:us-west-2:123456789012:file-system/fs-1"
    assert not allows(given, "elasticfilesystem:TagResource", file_system, **tagged("RequestTag"))


def test_what_is_deleted_by_force_may_be_emptied_and_nothing_else() -> None:
    own = tagged("ResourceTag")
    for name, verdict in (("dev", True), ("prod", False)):
        given, ours = statements(made(name), "deployer"), tagged("ResourceTag", name)
        bucket = f"arn:aws:s3:::ml-platform-{name}-datasets-0"
        assert allows(given, "s3:ListBucketVersions", bucket) is verdict
        assert allows(given, "s3:DeleteObjectVersion", f"{bucket}/x") is verdict, "prod is protected: no forceDestroy"
        assert not allows(given, "s3:DeleteObjectVersion", "arn:aws:s3:::ml-platform-other-datasets-0/x")
        assert not allows(given, "backup:DeleteRecoveryPoint", "arn:aws:backup:us-west-2:1:recovery-point:x", **ours)
    vault = Resource("urn:pulumi:dev::p::aws:backup/vault:Vault::v", "aws:backup/vault:Vault", {"forceDestroy": True})
    vaults = [*resources(built("dev")), vault]
    given = statements(documents(vaults, STACKS["dev"]()), "deployer")
    for point in (
        *("backup:us-west-2:123456789012:recovery-point:x", "ec2:us-west-2::snapshot/snap-1"),
        "fsx:us-west-2:123456789012:backup/backup-1",
    ):
        assert allows(given, "backup:DeleteRecoveryPoint", f"arn:aws:{point}", **own)
        assert not allows(given, "backup:DeleteRecoveryPoint", f"arn:aws:{point}", **tagged("ResourceTag", "prod"))


def test_the_state_of_another_stack_is_neither_read_nor_written() -> None:
    """The names are those of pulumi v3.259.0, pkg/backend/diy."""
    bucket = "arn:aws:s3:::STATE_BUCKET/.pulumi"
    own = (
        *("stacks/ml-platform/test.json", "stacks/ml-platform/test.json.gz", "stacks/ml-platform/test.json.zst.bak"),
        *("stacks/ml-platform/test.pulumi-tags", "history/ml-platform/test/test-1.history.json"),
        *("backups/ml-platform/test/test.1.json", "locks/organization/ml-platform/test/1.json"),
    )
    for identity in ("preview", "deployer", "break-glass"):
        given, writes = statements(made("dev"), identity), identity == "deployer"
        for each in (*own, "meta.yaml"):
            assert allows(given, "s3:GetObject", f"{bucket}/{each}")
        for action in ("s3:PutObject", "s3:DeleteObject"):
            assert {allows(given, action, f"{bucket}/{each}") for each in own} == {writes}
            assert not allows(given, action, f"{bucket}/meta.yaml"), "of all stacks"
        for other in ("stacks/ml-platform/test2.json", "stacks/other/test.json", "backups/ml-platform/test2/x.json"):
            assert not allows(given, "s3:GetObject", f"{bucket}/{other}")


def test_launch_templates_and_functions_of_others_are_left_alone() -> None:
    given = statements(made("dev"), "deployer")
    for action in ("ec2:CreateLaunchTemplateVersion", "ec2:ModifyLaunchTemplate"):
        assert allows(given, action, "*", **tagged("ResourceTag"))
        assert not allows(given, action, "*", **tagged("ResourceTag", "prod"))
    function = "arn:aws:lambda:us-west-2:123456789012:function:rotate"
    type_ = "aws:secretsmanager/secretRotation:SecretRotation"
    rotation = Resource(f"urn:pulumi:dev::p::{type_}::r", type_, {"rotationLambdaArn": function})
    given = statements(documents([*resources(built("dev")), rotation], STACKS["dev"]()), "deployer")
    assert allows(given, "lambda:InvokeFunction", function)
    assert not allows(given, "lambda:InvokeFunction", f"{function}-2")


def test_what_goes_may_still_be_deleted() -> None:
    """`make report` gives the resources from before a change as well."""
    all_ = resources(built("everything"))
    rest = [each for each in all_ if not each.type.startswith("aws:efs/")]
    settings, own = STACKS["everything"](), tagged("ResourceTag", STACKS["everything"]().environment)
    file_system = "arn:aws:elasticfilesystem:us-west-2:123456789012:file-system/fs-1"
    for known, verdict in ((rest, False), ([*all_, *rest], True)):
        given = statements(documents(known, settings), "deployer")
        assert allows(given, "elasticfilesystem:DeleteFileSystem", file_system, **own) is verdict
    plan = mock.Mock(before={each.urn: each for each in all_}, after={each.urn: each for each in rest})
    plan.cost.as_json = mock.Mock(return_value={})
    pages = {"documents": mock.Mock(return_value={}), "compute_json": mock.Mock(return_value={})}
    others = dict.fromkeys(("access_page", "identities_page", "as_markdown"), mock.DEFAULT)
    with mock.patch.multiple(write, **pages, **others):
        write._of_all(plan, mock.Mock(), "everything", settings)
    assert {each.type for each in pages["documents"].call_args.args[0]} == {each.type for each in all_}


def test_who_drops_the_boundary_may_take_it_from_the_roles() -> None:
    before = [
        replace(each, inputs={**each.inputs, "permissionsBoundary": BOUNDARY}) if each.type == ROLE else each
        for each in resources(built("dev"))
    ]
    role, action = "arn:aws:iam::123456789012:role/ml-platform-dev-x", "iam:DeleteRolePermissionsBoundary"
    given = statements(documents(before, STACKS["dev"]()), "deployer")
    assert allows(given, action, role, **tagged("ResourceTag"))
    assert not allows(given, action, role, **tagged("ResourceTag", "prod"))
    assert not allows(statements(made("dev"), "deployer"), action, role, **tagged("ResourceTag"))
    assert not allows(statements(made("dev", True), "deployer"), action, role, **tagged("ResourceTag"))


@pytest.mark.parametrize("name", STACKS)
def test_a_role_with_every_right_gets_nowhere_with_the_boundary(name: str) -> None:
    given, here = statements(made(name), "boundary"), {"aws:RequestedRegion": "us-west-2"}
    for action in (
        *("ssm:SendCommand", "ssm:StartSession", "ssm:PutParameter", "lambda:UpdateFunctionCode"),
        *("cloudformation:UpdateStack", "eks:CreateAccessEntry", "eks:AssociateAccessPolicy", "cloudtrail:StopLogging"),
        *("organizations:LeaveOrganization", "sso:CreateAccountAssignment", "kms:PutKeyPolicy", "s3:PutBucketPolicy"),
    ):
        assert not allows(given, action, "*", **here), action
    state = "arn:aws:s3:::STATE_BUCKET/.pulumi/stacks/ml-platform/test.json"
    assert not allows([*given, {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}], "s3:GetObject", state, **here)
    assert not allows(given, "ec2:RunInstances", "*", **{"aws:RequestedRegion": "ap-south-1"}), "no region of the stack"
    assert allows(given, "ec2:RunInstances", "*", **here)
    secret = "arn:aws:secretsmanager:us-west-2:123456789012:secret:other-x"
    assert not allows(given, "secretsmanager:GetSecretValue", secret, **here)


@pytest.mark.parametrize("name", STACKS)
def test_six_clusters_have_one_boundary(name: str) -> None:
    """A role has one."""
    known, settings = resources(built(name)), STACKS[name]()
    clusters = [f"c{number}" for number in range(1, 6)]
    for key in clusters:
        for each in resources(built(name)):
            if "main" in each.name and each.type.startswith("aws:iam/"):
                inputs = json.loads(re.sub(r"\bmain\b", key, json.dumps(each.inputs, default=str)))
                known.append(replace(each, urn=re.sub(r"\bmain\b", key, each.urn), inputs=inputs))
    six = {"main": settings.clusters["main"], **dict.fromkeys(clusters, settings.clusters["main"])}
    files = documents(known, settings.model_copy(update={"clusters": six}))
    assert [each for each in files if "boundary" in each] == ["identity-boundary-1.json"]
    profile = "arn:aws:iam::123456789012:instance-profile/x"
    for cluster in ("main", "c5"):
        tags = {
            "aws:RequestTag/topology.kubernetes.io/region": "us-west-2",
            "aws:RequestTag/eks:eks-cluster-name": f"ml-platform-{settings.environment}-{cluster}",
            "aws:RequestTag/karpenter.k8s.aws/ec2nodeclass": "x",
        }
        karpenter = any("karpenter" in each.name for each in known if each.type == "aws:iam/rolePolicy:RolePolicy")
        own = allows(statements(files, "boundary"), "iam:CreateInstanceProfile", profile, **tags)
        assert own is karpenter or cluster != "main"
        tags["aws:RequestTag/eks:eks-cluster-name"] = "another"
        assert not allows(statements(files, "boundary"), "iam:CreateInstanceProfile", profile, **tags)


def test_the_boundary_leaves_out_what_another_statement_says_under_no_condition() -> None:
    given = [each for each in statements(made("prod"), "boundary") if "iam:PassRole" in each["Action"]]
    assert [each.get("Sid") for each in given] == ["PassOwnRoles"], "Karpenter passes roles of the stack to EC2 alone"


# Services that the platform keeps nothing in, so that its roles need none of what AWS's policies have of them.
UNUSED = {
    *("backup-gateway", "cloudformation", "ds", "dsql", "dynamodb", "ebs", "guardduty", "rds", "redshift"),
    *("redshift-serverless", "ssm-sap", "storagegateway", "timestream"),
}
LOOKED_AT = ("iam:GetRole", "iam:ListAttachedRolePolicies")
LEFT_OUT = {"AWSBackupServiceRolePolicyForBackup": {"ssm"}}  # for backups of Windows with all that is in it


@pytest.mark.parametrize("name", POLICY_ACTIONS)
def test_the_boundary_knows_what_a_policy_of_aws_does(name: str) -> None:
    document = json.loads(aws_managed_policies_data)[name]["Document"]
    does = {action for each in document["Statement"] for action in _listed(each["Action"])}
    does = {each for each in does if each.partition(":")[0] not in {"iam", *UNUSED, *LEFT_OUT.get(name, ())}}
    row = POLICY_ACTIONS[name].split()
    assert {each for each in does if not any(fnmatchcase(each.lower(), one.lower()) for one in row)} == set()
    assert {one for one in row if not any(fnmatchcase(each.lower(), one.lower()) for each in does)} == set()


@pytest.mark.parametrize("name", STACKS)
def test_the_boundary_lets_roles_look_at_and_pass_roles_as_policies_of_aws_do(name: str) -> None:
    given, looked = statements(made(name), "boundary"), set()
    role = "arn:aws:iam::123456789012:role/main-node-role-1"
    for policy in {each.inputs["policyArn"] for each in resources(built(name)) if each.type == ATTACHMENT}:
        for statement in json.loads(aws_managed_policies_data)[policy.rpartition("/")[2]]["Document"]["Statement"]:
            for action in {*_listed(statement.get("Action", []))} & {*LOOKED_AT, "iam:PassRole"}:
                looked.add(action)
                assert allows(given, action, role, **{"iam:PassedToService": "ec2.amazonaws.com"}), policy
    assert looked == {*LOOKED_AT, "iam:PassRole"}


@pytest.mark.parametrize("name", STACKS)
def test_each_policy_of_aws_in_a_stack_has_a_row(name: str) -> None:
    attached = {each.inputs["policyArn"] for each in resources(built(name)) if each.type == ATTACHMENT}
    assert attached
    assert {each.rpartition("/")[2] for each in attached} <= {*POLICY_ACTIONS}


@pytest.mark.parametrize("name", STACKS)
def test_what_a_stack_tags_is_what_the_documents_ask_for(name: str) -> None:
    """By tags it is found again: a thing without them could be made and not deleted."""
    cloud, looked = built(name).providers.cloud, 0
    for type_, row in CALLS.items():
        for each in cloud.of_type(type_) if row.by == "tag" and kinds()[type_].taggable else ():
            if each.urn:  # of the stack, not what AWS made with it
                tags = each.state.get("tagsAll") or {}
                assert (tags.get("project"), tags.get("environment")) == ("ml-platform", STACKS[name]().environment)
                looked += 1
    assert looked > 20


def test_each_stack_is_held_to_its_own() -> None:
    given = statements(made("dev"), "deployer")
    own, other = tagged("ResourceTag"), tagged("ResourceTag", "prod")
    key, bucket = "arn:aws:kms:us-west-2:123456789012:key/x", "arn:aws:s3:::ml-platform-{}-datasets-0"
    assert allows(given, "kms:ScheduleKeyDeletion", key, **own)
    assert not allows(given, "kms:ScheduleKeyDeletion", key, **other), "prod's key"
    assert allows(given, "ec2:DeleteVpc", "*", **own)
    assert not allows(given, "ec2:DeleteVpc", "*", **other)
    assert not allows(given, "ec2:DeleteVpc", "*", **tagged("ResourceTag", region="eu-west-1")), "another region"
    assert allows(given, "s3:DeleteBucket", bucket.format("dev"))
    assert not allows(given, "s3:DeleteBucket", bucket.format("prod"))
    node = "arn:aws:iam::123456789012:role/main-node-role-7ef6015"
    assert allows(given, "iam:PutRolePolicy", node, **own)
    assert not allows(given, "iam:PutRolePolicy", node, **other), "names of roles have no stack in them"
    assert not allows(given, "iam:CreateUser", "arn:aws:iam::123456789012:user/x", **own)
    assert not allows(given, "s3:GetObject", bucket.format("dev") + "/x", **own), "it makes buckets, and reads no data"
    assert not allows(given, "secretsmanager:GetSecretValue", "arn:aws:secretsmanager:us-west-2:1:secret:x", **own)


def test_roles_are_passed_to_the_services_that_they_trust_alone() -> None:
    given, node = statements(made("dev"), "deployer"), "arn:aws:iam::123456789012:role/main-node-role-7ef6015"
    assert allows(given, "iam:PassRole", node, **{"iam:PassedToService": "ec2.amazonaws.com"})
    assert not allows(given, "iam:PassRole", node, **{"iam:PassedToService": "lambda.amazonaws.com"})
    admin = "arn:aws:iam::123456789012:role/OrganizationAdmin"
    assert not allows(given, "iam:PassRole", admin, **{"iam:PassedToService": "ec2.amazonaws.com"})


def test_no_role_gets_another_policy_of_aws_than_the_stack_attaches() -> None:
    given, node = statements(made("dev"), "deployer"), "arn:aws:iam::123456789012:role/main-node-role-7ef6015"
    for policy, verdict in (("AmazonEKSWorkerNodePolicy", True), ("AdministratorAccess", False)):
        arn = {"iam:PolicyARN": f"arn:aws:iam::aws:policy/{policy}"}
        assert allows(given, "iam:AttachRolePolicy", node, **tagged("ResourceTag"), **arn) is verdict


def test_with_a_boundary_no_role_is_made_or_given_rights_without_it() -> None:
    given, role = statements(made("dev", True), "deployer"), "arn:aws:iam::123456789012:role/ml-platform-dev-x"
    for action, tags in (("iam:CreateRole", "RequestTag"), ("iam:PutRolePolicy", "ResourceTag")):
        assert allows(given, action, role, **tagged(tags), **{"iam:PermissionsBoundary": BOUNDARY})
        assert not allows(given, action, role, **tagged(tags))
        other = {"iam:PermissionsBoundary": "arn:aws:iam::aws:policy/AdministratorAccess"}
        assert not allows(given, action, role, **tagged(tags), **other)
    for action in ("iam:CreatePolicyVersion", "iam:SetDefaultPolicyVersion", "iam:DeletePolicy"):
        anything = [{"Effect": "Allow", "Action": action, "Resource": "*"}]
        assert not allows([*given, *anything], action, BOUNDARY), "also where another policy allows it"
    anything = [{"Effect": "Allow", "Action": "iam:*", "Resource": "*"}]
    for each in (role, "arn:aws:iam::123456789012:role/of-another"):
        assert allows(anything, "iam:DeleteRolePermissionsBoundary", each)
        assert not allows([*given, *anything], "iam:DeleteRolePermissionsBoundary", each), "then it has any rights"
    assert "**Without a boundary" in as_markdown(resources(built("dev")), STACKS["dev"](), "dev")
    assert "Without a boundary" not in as_markdown(resources(built("dev")), bounded(STACKS["dev"]()), "dev")


def test_who_deploys_cannot_change_who_deploys() -> None:
    given, anything = statements(made("prod"), "deployer"), {"Effect": "Allow", "Action": ["iam:PutRolePolicy"]}
    for role in ("ml-platform-deployer", "ml-platform-break-glass"):
        arn = f"arn:aws:iam::123456789012:role/{role}"
        assert not allows([*given, {**anything, "Resource": "*"}], "iam:PutRolePolicy", arn)


@pytest.mark.parametrize("name", STACKS)
def test_the_boundary_holds_what_roles_of_the_stack_do_and_nothing_that_makes_more_of_it(name: str) -> None:
    given = statements(made(name), "boundary")
    asked = 0
    for each in resources(built(name)):
        content = each.inputs.get("policy") if each.type == "aws:iam/rolePolicy:RolePolicy" else None
        for statement in json.loads(content)["Statement"] if isinstance(content, str) else ():
            context = {
                key: _listed(wanted)[0]
                for keys in statement.get("Condition", {}).values()
                for key, wanted in keys.items()
            }
            for action in _listed(statement["Action"]):
                for resource in _listed(statement["Resource"]):
                    asked += 1
                    arn, inside = resource.replace("*", "x"), {"aws:RequestedRegion": "us-west-2", **context}
                    assert allows(given, action, arn, **inside), f"{each.name} could not do {action}"
    assert asked > 20
    admin = "arn:aws:iam::123456789012:role/OrganizationAdmin"
    for action in ("iam:CreateUser", "iam:AttachRolePolicy", "iam:PutRolePolicy", "sts:AssumeRole", "iam:PassRole"):
        assert not allows(given, action, admin)


@pytest.mark.parametrize("name", STACKS)
def test_the_boundary_holds_what_policies_of_things_let_roles_of_the_stack_do(name: str) -> None:
    """A boundary limits what a policy grants to the ARN of a role: IAM user guide, "Permissions boundaries"."""
    given, here = statements(made(name), "boundary"), {"aws:RequestedRegion": "us-west-2"}
    file_system = "arn:aws:elasticfilesystem:us-west-2:123456789012:file-system/fs-1"
    # Not all of the policy is known while readers have no access points; EFS promises no key of the region.
    for each in (given, statements(documents(resources(built(name, True)), STACKS[name]()), "boundary")):
        for action in ("ClientMount", "ClientWrite"):
            assert allows(each, f"elasticfilesystem:{action}", file_system)
    assert not allows(given, "elasticfilesystem:ClientRootAccess", file_system, **here)
    assert allows(given, "kms:ListGrants", "arn:aws:kms:us-west-2:123456789012:key/x", **here), "the clusters' key"
    assert not allows(given, "kms:ScheduleKeyDeletion", "arn:aws:kms:us-west-2:123456789012:key/x", **here)


def test_policies_of_things_widen_the_boundary_for_roles_of_the_stack_alone() -> None:
    """By the principal or by a condition; a policy with resources counts for these."""
    type_, own = "aws:s3/bucketPolicy:BucketPolicy", "arn:aws:iam::123456789012:role/ml-platform-dev-x"
    other, here = "arn:aws:iam::123456789012:role/other", {"aws:RequestedRegion": "us-west-2"}
    bucket, key = "arn:aws:s3:::ml-platform-dev-datasets-0/x", "aws:PrincipalArn"
    allow = {"Effect": "Allow", "Action": "s3:RestoreObject", "Resource": bucket}
    for more, verdict in (
        ({"Principal": {"AWS": own}}, True),
        ({"Principal": "*"}, True),
        ({"Principal": {"AWS": other}}, False),
        ({"Principal": {"Service": "delivery.logs.amazonaws.com"}}, False),
        ({"Principal": {"AWS": own}, "Effect": "Deny"}, False),
        ({"Principal": {"AWS": "*"}, "Condition": {"ArnLike": {key: [own]}}}, True),
        ({"Principal": {"AWS": "*"}, "Condition": {"ArnLike": {key: other}}}, False),
    ):
        policy = json.dumps({"Statement": [{**allow, **more}]})
        known = [*resources(built("dev")), Resource(f"urn:pulumi:dev::p::{type_}::b", type_, {"policy": policy})]
        given = statements(documents(known, STACKS["dev"]()), "boundary")
        assert allows(given, "s3:RestoreObject", bucket, **here) is verdict, more
    later = Resource(f"urn:pulumi:dev::p::{type_}::unread", type_, {"policy": "known at up"})
    secret = Resource("urn:pulumi:dev::p::aws:x/y:Z::new", "aws:x/y:Z", {"policy": json.dumps({"Statement": [allow]})})
    page = as_markdown([*resources(built("dev")), later, secret], STACKS["dev"](), "dev")
    assert "lacks rights for: aws:x/y:Z" in page
    assert "Not known before `up`, so the boundary may lack something of them: unread." in page


@pytest.mark.parametrize("name", STACKS)
def test_the_boundary_lets_clusters_of_the_stack_be_backed_up_and_restored_and_no_others(name: str) -> None:
    given, here = statements(made(name), "boundary"), {"aws:RequestedRegion": "us-west-2"}
    account = "arn:aws:eks:us-west-2:123456789012"
    environment = STACKS[name]().environment
    assert allows(given, "eks:ListClusters", "*", **here)
    for action, part in (
        *((each, "cluster/{}") for each in ("CreateAccessEntry", "CreateCluster", "CreateNodegroup", "ListAddons")),
        *((each, "access-entry/{}/role/1/x/1") for each in ("DescribeAccessEntry", "AssociateAccessPolicy")),
        *((each, "access-entry/{}/role/1/x/1") for each in ("DisassociateAccessPolicy", "TagResource")),
        *(("DescribeAddon", "addon/{}/x/1"), ("DescribeNodegroup", "nodegroup/{}/x/1")),
        *(("DescribePodIdentityAssociation", "podidentityassociation/{}/1"), ("ListTagsForResource", "cluster/{}")),
    ):
        own = f"ml-platform-{environment}-main"
        assert allows(given, f"eks:{action}", f"{account}:{part.format(own)}", **here), action
        if not action.startswith(("Describe", "List")):
            assert not allows(given, f"eks:{action}", f"{account}:{part.format('other')}", **here), action
    entry = f"{account}:access-entry/other/role/1/ml-platform-{environment}-x/1"
    assert not allows(given, "eks:AssociateAccessPolicy", entry, **here), "a role of the stack in another cluster"


def test_roles_of_others_that_begin_with_a_cluster_are_not_passed_where_the_boundary_has_room() -> None:
    for name, room in (("dev", True), ("prod", False)):
        given = statements(made(name), "boundary")
        assert allows(given, "iam:PassRole", "arn:aws:iam::123456789012:role/main-node-role-7ef6015")
        assert allows(given, "iam:PassRole", "arn:aws:iam::123456789012:role/main-account-admin") is not room


def test_every_role_of_a_stack_carries_the_boundary() -> None:
    for name, load in STACKS.items():
        cloud = PlatformCloud()
        cloud.up(bounded(load()))
        roles = cloud.all(ROLE)
        assert roles
        assert {each.inputs.get("permissionsBoundary") for each in roles} == {BOUNDARY}, name
        assert all("permissionsBoundary" not in each.inputs for each in built(name).all(ROLE))


def test_who_repairs_enters_the_clusters_and_reads_the_state() -> None:
    given = statements(made("prod"), "break-glass")
    assert allows(given, "eks:DescribeCluster", "arn:aws:eks:us-west-2:123456789012:cluster/ml-platform-prod-main")
    state = "arn:aws:s3:::STATE_BUCKET/.pulumi/stacks/ml-platform/test.json"
    assert allows(given, "s3:GetObject", state)
    assert not allows(given, "s3:PutObject", state)
    page = as_markdown(resources(built("prod")), STACKS["prod"](), "prod")
    assert "arn:aws:iam::123456789012:role/ml-platform-break-glass in main" in page
    assert "no entry with policy: cluster-admin" in as_markdown(resources(built("dev")), STACKS["dev"](), "dev")

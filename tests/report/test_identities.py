"""The IAM documents of the platform's own identities, held against what the simulated provider does for the stacks."""

import json
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from parliament.statement import get_privilege_info

from catalog.provider_calls import CALLS, FUNCTIONS, SERVICE_LINKED, WITHOUT_RESOURCE
from components.stack.stack_file import load_file
from costs.resource import Resource
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
    "AllButIdentities: allows all but what it names": "a boundary gives nothing: what it leaves out, roles may not do",
    "RESOURCE_POLICY_PRIVILEGE_ESCALATION": "who deploys writes the policies of buckets: the guide says what follows",
    "boundary, a statement without Sid: allows iam:GetInstanceProfile": "Karpenter's own statement, justified there",
    "StringEquals requires a value of type String but given Arn": "the IAM user guide compares boundaries so",
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
        assert operator in ("StringEquals", "ArnEquals", "StringLike"), operator
        for key, wanted in keys.items():
            given = context.get(key)
            if given is None or not any(fnmatchcase(given, each) for each in _listed(wanted)):
                return False
    return True


def _holds(statement: Mapping[str, Any], action: str, arn: str, context: Mapping[str, str]) -> bool:
    if "NotAction" in statement:
        named = not any(fnmatchcase(action, each) for each in statement["NotAction"])
    else:
        named = action in _listed(statement["Action"])
    about = any(fnmatchcase(arn, each) for each in _listed(statement["Resource"]))
    return named and about and _met(statement.get("Condition", {}), context)


def allows(given: Iterable[Mapping[str, Any]], action: str, arn: str, **context: str) -> bool:
    """Returns IAM's verdict. context: condition keys, `_` for `:`, `aws_` in front where it has no service."""
    found = [each for each in given if _holds(each, action, arn, context)]
    return bool(found) and all(each["Effect"] == "Allow" for each in found)


def tagged(key: str, stack: str = "dev", region: str = "us-west-2") -> dict[str, str]:
    tags = {"project": "ml-platform", "environment": stack}
    return {"aws:RequestedRegion": region, **{f"aws:{key}/{tag}": value for tag, value in tags.items()}}


@pytest.mark.parametrize("name", STACKS)
def test_iam_takes_each_document_and_it_says_no_more_than_it_should(name: str) -> None:
    for boundary in (False, True):
        files = made(name, boundary)
        for file, text in files.items():
            assert len("".join(text.split())) <= MOST, f"{file} is no managed policy"
        for identity in ("preview", "deployer", "break-glass", "boundary"):
            whole = Document(identity, "identity", {"Statement": statements(files, identity)})
            assert [each for each in findings(whole) if not any(part in each for part in JUSTIFIED)] == []
        for identity in ("preview", "deployer", "break-glass"):
            number = sum(file.startswith(f"identity-{identity}-") for file in files)
            assert 0 < number <= MOST_POLICIES, "a role takes no more policies"
        assert sum("boundary" in file for file in files) == 1, "a role has one boundary"


@pytest.mark.parametrize("name", STACKS)
def test_who_previews_reads_and_no_more(name: str) -> None:
    for statement in statements(made(name), "preview"):
        for action in statement["Action"]:
            level = get_privilege_info(*action.split(":"))["access_level"]
            decrypts = (action, statement.get("Sid")) == ("kms:Decrypt", "DecryptState")
            assert level in ("Read", "List") or decrypts, f"{action} is of the level {level}"
            assert action not in ("secretsmanager:GetSecretValue", "sqs:ReceiveMessage")
        if "s3:GetObject" in statement["Action"]:
            assert statement["Resource"] == ["arn:aws:s3:::STATE_BUCKET/*"], "objects of the stack are data"


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
        for each in named
        if not any(kind["resource_type"] for kind in get_privilege_info(*each.split(":"))["resource_types"])
    }
    assert {each for each in wide if not each.startswith("ec2:")} == WITHOUT_RESOURCE
    assert all(each.startswith(("ec2:Describe", "ec2:Get")) for each in wide - WITHOUT_RESOURCE)
    assert {*SERVICE_LINKED} <= {*CALLS}


# Type -> its template of an ARN, where the thing that an action is about has none of its own.
PARENTS = {
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
    "aws:sqs/queuePolicy:QueuePolicy": "arn:aws:sqs:{region}:123456789012:ml-platform-dev-main",
    "aws:secretsmanager/secret:Secret": "arn:aws:secretsmanager:{region}:123456789012:secret:{name}-AbCdEf",
}
OF_ROLE = ("aws:iam/rolePolicy:RolePolicy", ATTACHMENT)


def about(type_: str, state: Mapping[str, Any]) -> str:
    """Returns the ARN of what an action on a resource is about; `*` in EC2, where the documents name none."""
    if type_ in PARENTS:
        return PARENTS[type_].format_map({"region": "us-west-2", **state})
    if type_.startswith("aws:s3/"):
        return f"arn:aws:s3:::{state['bucket']}"
    if type_ in OF_ROLE:
        return f"arn:aws:iam::123456789012:role/{state['role']}"
    if CALLS[type_].service in ("ec2", "autoscaling"):
        return "*"
    return str(state["arn"])


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
    for type_, doing, state in done:
        kind = kinds()[type_]
        operation = {"creating": kind.creates, "updating": kind.updates, "deleting": kind.deletes}.get(doing)
        if not operation:
            continue
        call = f"{PREFIXES[kind.service.id]}:{operation}"
        action = ACTIONS.get(call, call)
        tags = {"aws:RequestedRegion": state.get("region", "us-west-2"), "iam:PolicyARN": str(state.get("policyArn"))}
        own = state.get("tagsAll", {}) if kind.taggable else {"project": "ml-platform", "environment": "dev"}
        for key, value in own.items():  # of a thing that takes no tags, those of what it is a part of
            tags |= {f"aws:RequestTag/{key}": value, f"aws:ResourceTag/{key}": value}
        if not allows(given, action, about(type_, state), **tags):
            denied.add((type_, action, about(type_, state)))
    assert denied == set()


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
                asked += 1
                arn = _listed(statement["Resource"])[0].replace("*", "x")
                assert allows(given, action, arn, **context), f"{each.name} could not do {action}"
    assert asked > 20
    admin = "arn:aws:iam::123456789012:role/OrganizationAdmin"
    for action in ("iam:CreateUser", "iam:AttachRolePolicy", "iam:PutRolePolicy", "sts:AssumeRole", "iam:PassRole"):
        assert not allows(given, action, admin)
    assert not allows(given, "organizations:LeaveOrganization", "*")


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
    assert allows(given, "s3:GetObject", "arn:aws:s3:::STATE_BUCKET/state.json")
    assert not allows(given, "s3:PutObject", "arn:aws:s3:::STATE_BUCKET/state.json")
    page = as_markdown(resources(built("prod")), STACKS["prod"](), "prod")
    assert "arn:aws:iam::123456789012:role/ml-platform-break-glass in main" in page
    assert "no entry with policy: cluster-admin" in as_markdown(resources(built("dev")), STACKS["dev"](), "dev")

"""`python -m report pending`: what an interrupted `up` may have made in the cloud without writing it into the state.

A killed engine leaves its running creates in the state as pending operations. A call whose answer was lost leaves
nothing at all, so its URN is given. A rerun of `up` would then make such a thing a second time, or stop at its name.
`pulumi refresh --import-pending-creates` does not help: engine 3.259 drops the operation and imports nothing.
"""

import json
import re
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from common.urns import name_of, type_of
from report.simulated import ReportError

_SETTINGS = (
    *("IntelligentTieringConfiguration", "LifecycleConfiguration", "Logging", "ObjectLockConfiguration"),
    *("OwnershipControls", "Policy", "PublicAccessBlock", "ReplicationConfig", "ServerSideEncryptionConfiguration"),
    "Versioning",
)
AGAIN = frozenset(
    {
        *(f"aws:s3/bucket{name}:Bucket{name}" for name in _SETTINGS),
        "aws:amp/workspaceConfiguration:WorkspaceConfiguration",
        "aws:autoscaling/schedule:Schedule",
        "aws:autoscaling/tag:Tag",
        "aws:backup/vaultLockConfiguration:VaultLockConfiguration",
        "aws:cloudwatch/eventRule:EventRule",
        "aws:cloudwatch/eventTarget:EventTarget",
        "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup",
        "aws:ec2/tag:Tag",
        "aws:efs/backupPolicy:BackupPolicy",
        "aws:efs/fileSystemPolicy:FileSystemPolicy",
        "aws:eks/accessPolicyAssociation:AccessPolicyAssociation",
        "aws:acm/certificateValidation:CertificateValidation",
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
        "aws:cloudwatch/logMetricFilter:LogMetricFilter",
        "aws:cloudwatch/metricAlarm:MetricAlarm",
        "aws:ecr/lifecyclePolicy:LifecyclePolicy",
        "aws:ecr/repositoryPolicy:RepositoryPolicy",
        "aws:guardduty/detectorFeature:DetectorFeature",
        "aws:kms/keyPolicy:KeyPolicy",
        "aws:secretsmanager/secretRotation:SecretRotation",  # as ours is: it sets when, and starts no rotation
        "aws:servicequotas/serviceQuota:ServiceQuota",
        "aws:sns/topic:Topic",  # of the same name and attributes: SNS answers with the one that is there, as here
        "aws:sns/topicPolicy:TopicPolicy",
        "aws:sns/topicSubscription:TopicSubscription",
        "aws:sqs/queuePolicy:QueuePolicy",
    }
)
"""Types whose create sets something on a resource that exists: doing it again changes nothing."""

SLOW = frozenset(
    {
        *("aws:ec2/natGateway:NatGateway", "aws:efs/fileSystem:FileSystem", "aws:eks/addon:Addon"),
        *("aws:eks/cluster:Cluster", "aws:fsx/dataRepositoryAssociation:DataRepositoryAssociation"),
        "aws:fsx/lustreFileSystem:LustreFileSystem",
    }
)
"""Types that AWS takes minutes to make. What is imported too early lacks what it gets later, such as an endpoint."""

DELETE_IT = "delete that in AWS"
"""The advice where the thing itself makes every preview fail."""

_RELEASE = "kubernetes:helm.sh/v3:Release"
_CREATES = ("create", "create-replacement")
# Type -> the command that deletes one with a generated name. Its import would not help: it keeps no record of which
# inputs are the provider's own, so the next `up` replaces the thing for another name. Nothing stands on it yet.
# Source: pulumi/pulumi issue 9210, open, read 2026-11; seen with engine 3.259.
_DELETIONS: Mapping[str, str] = {
    "ec2/launchTemplate": "ec2 delete-launch-template --launch-template-id <LaunchTemplateId>",
    "ec2/securityGroup": "ec2 delete-security-group --group-id <GroupId>",
    "efs/fileSystem": "efs delete-file-system --file-system-id <FileSystemId>",
    "eks/nodeGroup": "eks delete-nodegroup --cluster-name {clusterName} --nodegroup-name <its name>",
    "iam/role": "iam delete-role --role-name <its name>",
    "iam/rolePolicy": "iam delete-role-policy --role-name {role} --policy-name <its name>",
}
_FIELD = re.compile(r"\{([\w.]+)\}")
_NAMED = "Name=tag:Name,Values={tags.Name} Name=vpc-id,Values={vpcId}"
# Type -> the id for `pulumi import`, where the inputs tell it; and the command that shows whether the thing exists, or
# its id. Sources: the section Import of each resource in the Pulumi Registry, pulumi-aws 7.51; read 2026-11.
_LOOKUPS: Mapping[str, tuple[str, str]] = {
    "amp/workspace": ("", "amp list-workspaces --query \"workspaces[?alias=='{alias}']\""),
    "backup/plan": ("", "backup list-backup-plans --query \"BackupPlansList[?BackupPlanName=='{name}']\""),
    "backup/selection": (
        "{planId}|<SelectionId>",
        (
            "backup list-backup-selections --backup-plan-id {planId} "
            "--query \"BackupSelectionsList[?SelectionName=='{name}']\""
        ),
    ),
    "backup/vault": ("{name}", "backup describe-backup-vault --backup-vault-name {name}"),
    "cloudwatch/logGroup": ("{name}", "logs describe-log-groups --log-group-name-prefix {name}"),
    "ec2/capacityReservation": ("", "ec2 describe-capacity-reservations --filters Name=state,Values=active"),
    "ec2/eip": ("<AllocationId>", "ec2 describe-addresses --filters Name=tag:Name,Values={tags.Name}"),
    "ec2/flowLog": ("", "ec2 describe-flow-logs --filter Name=resource-id,Values={vpcId}"),
    "ec2/internetGateway": ("", "ec2 describe-internet-gateways --filters Name=tag:Name,Values={tags.Name}"),
    "ec2/launchTemplate": (
        "",
        "ec2 describe-launch-templates --filters 'Name=launch-template-name,Values={beginning}*'",
    ),
    "ec2/natGateway": (
        "",
        "ec2 describe-nat-gateways --filter Name=subnet-id,Values={subnetId} Name=state,Values=pending,available",
    ),
    "ec2/placementGroup": ("{name}", "ec2 describe-placement-groups --group-names {name}"),
    "ec2/route": (
        "{routeTableId}_{destinationCidrBlock}{destinationPrefixListId}",
        "ec2 describe-route-tables --route-table-ids {routeTableId} --query 'RouteTables[].Routes'",
    ),
    "ec2/routeTable": ("", f"ec2 describe-route-tables --filters {_NAMED}"),
    "ec2/routeTableAssociation": (
        "{subnetId}/{routeTableId}",
        "ec2 describe-route-tables --filters Name=association.subnet-id,Values={subnetId}",
    ),
    "ec2/securityGroup": (
        "",
        "ec2 describe-security-groups --filters 'Name=group-name,Values={beginning}*' Name=vpc-id,Values={vpcId}",
    ),
    "ec2/securityGroupRule": (
        "{securityGroupId}_{type}_{protocol}_{fromPort}_{toPort}_<source>",
        (
            "ec2 describe-security-group-rules --filters Name=group-id,Values={securityGroupId} "
            "--query 'SecurityGroupRules[?FromPort==`{fromPort}`]'"
        ),
    ),
    "ec2/subnet": (
        "",
        "ec2 describe-subnets --filters Name=vpc-id,Values={vpcId} Name=cidr-block,Values={cidrBlock}",
    ),
    "ec2/vpc": ("", "ec2 describe-vpcs --filters Name=tag:Name,Values={tags.Name}"),
    "ec2/vpcEndpoint": (
        "",
        "ec2 describe-vpc-endpoints --filters Name=vpc-id,Values={vpcId} Name=service-name,Values={serviceName}",
    ),
    "ec2/vpcIpv4CidrBlockAssociation": (
        "",
        "ec2 describe-vpcs --vpc-ids {vpcId} --query 'Vpcs[].CidrBlockAssociationSet'",
    ),
    "ec2transitgateway/vpcAttachment": (
        "",
        "ec2 describe-transit-gateway-vpc-attachments --filters Name=vpc-id,Values={vpcId}",
    ),
    "efs/accessPoint": (
        "",
        (
            "efs describe-access-points --file-system-id {fileSystemId} "
            "--query \"AccessPoints[?RootDirectory.Path=='{rootDirectory.path}']\""
        ),
    ),
    "efs/fileSystem": ("", "efs describe-file-systems --query \"FileSystems[?Name=='{tags.Name}']\""),
    "efs/mountTarget": (
        "",
        "efs describe-mount-targets --file-system-id {fileSystemId} --query \"MountTargets[?SubnetId=='{subnetId}']\"",
    ),
    "efs/replicationConfiguration": (
        "{sourceFileSystemId}",
        "efs describe-replication-configurations --file-system-id {sourceFileSystemId}",
    ),
    "acm/certificate": (
        "<CertificateArn>",
        "acm list-certificates --query \"CertificateSummaryList[?DomainName=='{domainName}']\"",
    ),
    "eks/accessEntry": (
        "{clusterName}:{principalArn}",
        "eks describe-access-entry --cluster-name {clusterName} --principal-arn {principalArn}",
    ),
    "eks/addon": (
        "{clusterName}:{addonName}",
        "eks describe-addon --cluster-name {clusterName} --addon-name {addonName}",
    ),
    "eks/cluster": ("{name}", "eks describe-cluster --name {name}"),
    "eks/nodeGroup": (
        "",
        "eks list-nodegroups --cluster-name {clusterName} --query \"nodegroups[?starts_with(@,'{beginning}')]\"",
    ),
    "eks/podIdentityAssociation": (
        "{clusterName},<associationId>",
        "eks list-pod-identity-associations --cluster-name {clusterName} --namespace {namespace}",
    ),
    "fsx/dataRepositoryAssociation": (
        "",
        (
            "fsx describe-data-repository-associations --filters Name=file-system-id,Values={fileSystemId} "
            "--query \"Associations[?FileSystemPath=='{fileSystemPath}']\""
        ),
    ),
    "fsx/lustreFileSystem": (
        "",
        "fsx describe-file-systems --query \"FileSystems[?Tags[?Key=='Name'&&Value=='{tags.Name}']]\"",
    ),
    "guardduty/detector": ("<DetectorId>", "guardduty list-detectors"),
    "iam/instanceProfile": ("{name}", "iam get-instance-profile --instance-profile-name {name}"),
    "iam/openIdConnectProvider": ("<Arn>", "iam list-open-id-connect-providers"),
    "iam/policy": ("<Arn>", "iam list-policies --scope Local --query \"Policies[?PolicyName=='{name}']\""),
    "iam/serviceLinkedRole": ("<Arn>", "iam list-roles --path-prefix /aws-service-role/{awsServiceName}/"),
    "iam/role": (
        "{name}",
        "iam list-roles --query \"Roles[?starts_with(RoleName,'{beginning}')].[RoleName,CreateDate]\"",
    ),
    "iam/rolePolicy": ("{role}:{name}", "iam list-role-policies --role-name {role}"),
    "kms/alias": ("{name}", "kms list-aliases --query \"Aliases[?AliasName=='{name}']\""),
    "kms/key": (
        "<KeyId>",
        (
            "kms list-keys --region {region} --query Keys[].KeyId --output text | xargs -n 1 aws kms describe-key "
            "--query 'KeyMetadata.[KeyId,CreationDate,KeyState,Description]' --output text --key-id  # {description}"
        ),
    ),
    "route53/record": (
        "{zoneId}_{name}_{type}",
        (
            "route53 list-resource-record-sets --hosted-zone-id {zoneId} "
            "--query \"ResourceRecordSets[?Name=='{name}.']\""
        ),
    ),
    "s3/bucket": ("{bucket}", "s3api head-bucket --bucket {bucket}"),
    "sqs/queue": ("<QueueUrl>", "sqs get-queue-url --queue-name {name}"),
    "ssm/parameter": ("{name}", "ssm get-parameter --name {name}"),
    "vpc/securityGroupEgressRule": (
        "",
        (
            "ec2 describe-security-group-rules --filters Name=group-id,Values={securityGroupId} "
            "--query 'SecurityGroupRules[?IpProtocol==`{ipProtocol}`]'"
        ),
    ),
    "vpc/securityGroupIngressRule": (
        "",
        (
            "ec2 describe-security-group-rules --filters Name=group-id,Values={securityGroupId} "
            "--query 'SecurityGroupRules[?IpProtocol==`{ipProtocol}`]'"
        ),
    ),
    "budgets/budget": (
        "<AccountId>:{name}",
        "budgets describe-budgets --account-id <AccountId> --query \"Budgets[?BudgetName=='{name}']\"",
    ),
    "ecr/pullThroughCacheRule": (
        "{ecrRepositoryPrefix}",
        "ecr describe-pull-through-cache-rules --ecr-repository-prefixes {ecrRepositoryPrefix}",
    ),
    "ecr/repository": ("{name}", "ecr describe-repositories --repository-names {name}"),
    "ecr/repositoryCreationTemplate": (
        "{prefix}",
        "ecr describe-repository-creation-templates --prefixes {prefix}",
    ),
    "secretsmanager/secret": ("<ARN>", "secretsmanager describe-secret --secret-id {name}"),
    "wafv2/webAcl": (
        "<Id>/<Name>/{scope}",
        "wafv2 list-web-acls --scope {scope} --query \"WebACLs[?starts_with(Name,'{beginning}')]\"",
    ),
}


@dataclass(frozen=True)
class Create:
    """A create that may have happened. id: the id in the cloud, where the engine had it already; else empty.

    planned: it is of a preview, in which a generated name ends in other letters.
    """

    urn: str
    inputs: Mapping[str, Any]
    parent: str
    provider: str
    id: str = ""
    planned: bool = False

    @classmethod
    def of(cls, resource: Mapping[str, Any], *, planned: bool = False) -> "Create":
        """Reads a resource of a state or of a preview."""
        provider = resource["provider"].rpartition("::")[0]
        id_ = "" if planned else resource.get("id") or ""  # that of a replacement is the old one's
        return cls(resource["urn"], resource.get("inputs", {}), resource.get("parent", ""), provider, id_, planned)

    @property
    def generated(self) -> str:
        """The name, or the token, that the provider made up from the logical name; "" when it made up none."""
        made_up = re.compile(re.escape(name_of(self.urn)) + "-?[0-9a-f]{6,}")
        values = (str(self.inputs.get(key)) for key in self.inputs.get("__defaults") or ())
        return next(filter(made_up.fullmatch, values), "")

    @property
    def deletion(self) -> str:
        """The command that deletes it, where it has a generated name; else ""."""
        if not self.generated:
            return ""
        if self._kind not in _DELETIONS:
            return f"delete {self.type} {self._beginning} in AWS"
        name = "<its name>" if self.planned else self._beginning
        return f"aws {self._filled(_DELETIONS[self._kind]).replace('<its name>', name)}{self._region}"

    @property
    def type(self) -> str:
        return type_of(self.urn)

    @property
    def lookup(self) -> tuple[str, str]:
        """The id for `pulumi import`, with <...> or empty where only the command tells it, and that command."""
        if self.type.startswith("kubernetes:"):
            metadata = self.inputs.get("metadata") or self.inputs
            name, namespace = (str(metadata.get(key) or "") for key in ("name", "namespace"))
            kind = self.type.rpartition(":")[2].lower()
            command = f"helm status {name}" if self.type == _RELEASE else f"kubectl get {kind} {name}"
            return (f"{namespace}/{name}", f"{command} --namespace {namespace}") if namespace else (name, command)
        id_, command = _LOOKUPS.get(self._kind, ("", ""))
        if not command:
            return "", f"look for a {self.type} like {name_of(self.urn)} in the console of AWS"
        front, comment, note = self._filled(command).partition("  #")
        id_ = re.sub("<.*>", lambda shown: self.id or shown[0], self._filled(id_)) or self.id
        return id_, f"aws {front}{self._region}{comment}{note}"

    @property
    def _kind(self) -> str:
        return self.type.removeprefix("aws:").partition(":")[0]

    @property
    def _beginning(self) -> str:
        """Its name, or how that begins: another preview makes up another end."""
        if self.generated:
            return re.sub("[0-9a-f]{6,}$", "", self.generated) if self.planned else self.generated
        return str(self.inputs.get("name") or name_of(self.urn))

    @property
    def _region(self) -> str:
        region = self.inputs.get("region")
        return f" --region {region}" if region else ""

    def _filled(self, template: str) -> str:
        def value(match: re.Match[str]) -> str:
            if match[1] == "beginning":
                return self._beginning
            found: Any = self.inputs
            for key in match[1].split("."):
                found = found.get(key, "") if isinstance(found, Mapping) else ""
            return str(found)

        return _FIELD.sub(value, template)

    def entry(self, id_: str) -> Mapping[str, Any]:
        """Returns the entry of a file for `pulumi import`. It takes over only what the program sets."""
        return {
            "type": self.type,
            "name": name_of(self.urn),
            "id": id_,
            "parent": self.parent,
            "provider": self.provider,
            "properties": sorted(key for key in self.inputs if not key.startswith("__")),
        }


def creates(deployment: Mapping[str, Any], planned: Iterable[Mapping[str, Any]] = ()) -> tuple[Create, ...]:
    """Returns the creates that may have happened and that another one would repeat.

    deployment: from `pulumi stack export`. planned: the new states of creates in a preview whose answers were lost.
    """
    interrupted = [each["resource"] for each in _interrupted(deployment, "creating")]
    every = [(each, of_preview) for of_preview, group in ((True, planned), (False, interrupted)) for each in group]
    # Components and providers are in the state alone, so there is nothing to look up.
    found = {each["urn"]: Create.of(each, planned=of_preview) for each, of_preview in every if each.get("provider")}
    return tuple(create for create in found.values() if create.type not in AGAIN)


Pulumi = Callable[..., tuple[int, str, str]]
"""Runs pulumi with some arguments, and returns its exit code, standard output and standard error."""


def pending(stack: str, file: Path, urns: Sequence[str], pulumi: Pulumi | None = None) -> int:
    """Prints how to look up each create that may have happened, and writes a file for `pulumi import`.

    urns: of resources whose creation ended with a lost connection. pulumi: the one on PATH when not given.
    Returns 1 when something has to be looked up.
    Raises ReportError when pulumi fails, or when neither the state nor the next `up` has one of the URNs.
    """
    run = pulumi or on_path
    deployment = output_of(run, "stack", "export", "--stack", stack)["deployment"]
    here = {each["urn"]: each.get("id") for each in deployment.get("resources") or ()}
    planned: list[Mapping[str, Any]] = []
    if urns:
        try:
            steps = output_of(run, "preview", "--json", "--stack", stack)["steps"]
        except ReportError as reason:
            those = ", ".join(f"{type_of(urn)} {name_of(urn)}" for urn in urns)
            raise ReportError(f"{reason} If it fails because of {those}, {DELETE_IT}: `up` makes it.") from None
        planned = [step["newState"] for step in steps if step["op"] in _CREATES and step["urn"] in urns]
        left = [urn for urn in urns if urn not in {each["urn"] for each in planned}]
        if unknown := sorted(set(left) - here.keys()):
            raise ReportError(f"neither the state of {stack} nor the next `pulumi up` has {', '.join(unknown)}.")
        for urn in left:
            print(f"{type_of(urn)} {name_of(urn)}: it arrived, the state has {here[urn]}.")
    found = creates(deployment, planned)
    for number, create in enumerate(found, 1):
        print(f"{number}. {create.type} {name_of(create.urn)}\n     {create.lookup[1]}")
        for line in _what_to_do(create, here.get(create.urn)):
            print(f"     {line}")
    releases = [
        each["resource"]
        for each in _interrupted(deployment, "updating")
        if type_of(each["resource"]["urn"]) == _RELEASE
    ]
    for release in releases:
        name, namespace = (release["inputs"][key] for key in ("name", "namespace"))
        print(f"{_RELEASE} {name_of(release['urn'])}\n     helm status {name} --namespace {namespace}")
        print(f"     When it is pending-upgrade: helm rollback {name} --namespace {namespace}")
    lost = [create for create in found if create.urn not in here and not create.deletion]
    if lost:
        names = {urn: urn for create in lost for urn in (create.parent, create.provider)}
        entries = [create.entry(create.lookup[0]) for create in lost]
        file.write_text(json.dumps({"nameTable": names, "resources": entries}, indent=2) + "\n")
        print(
            f"\nRun the commands above. In {file}, write the ids, and delete the entries of what is not there. Then:\n"
            f"  pulumi import --stack {stack} --file {file} --yes --protect=false --generate-code=false"
        )
    if deployment.get("pending_operations"):
        print(f"  pulumi refresh --stack {stack} --clear-pending-creates")
    if found or releases:
        print(f"  pulumi up --stack {stack}")
    else:
        print(f"{stack}: nothing was interrupted. `pulumi up` goes on from here.")
    return 1 if found or releases else 0


def _interrupted(deployment: Mapping[str, Any], doing: str) -> Iterator[Mapping[str, Any]]:
    yield from (each for each in deployment.get("pending_operations") or () if each["type"] == doing)


def _what_to_do(create: Create, here: str | None) -> Iterator[str]:
    """Yields what to do with what the look-up shows. here: the id of the resource in the state, if it has one."""
    if here:
        yield f"The state has {here}. What else the command shows is a second one: delete it."
    elif create.deletion:
        yield "If it is there, delete it, since its name is generated: `up` makes another one."
    else:
        yield f"id: {create.lookup[0] or 'as shown'}"
    if create.deletion:
        yield create.deletion
    if create.type in SLOW:
        yield "Wait until it is active or available. If it failed, delete it, and its entry."
    if create.type == _RELEASE:
        name, namespace = (create.inputs.get(key) or "" for key in ("name", "namespace"))
        yield f"If it is pending-install, delete its entry, and: helm uninstall {name} --namespace {namespace}"


def on_path(*arguments: str) -> tuple[int, str, str]:
    try:
        done = subprocess.run(["pulumi", *arguments], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise ReportError("there is no pulumi on PATH.") from None
    return done.returncode, done.stdout, done.stderr


def output_of(pulumi: Pulumi, *arguments: str) -> Mapping[str, Any]:
    code, output, errors = pulumi(*arguments)
    answer: Mapping[str, Any] = json.loads(output) if output.startswith("{") else {}
    if code:
        said = [each["message"] for each in answer.get("diagnostics") or () if each["severity"] == "error"]
        reason = "\n".join(said) or errors or output
        raise ReportError(f"`pulumi {' '.join(arguments)}` failed: {reason.strip()}")
    return answer

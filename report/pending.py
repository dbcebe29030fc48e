"""`python -m report pending`: what an interrupted `up` may have made in the cloud without writing it into the state.

A killed engine leaves its running creates in the state as pending operations. A call whose answer was lost leaves
nothing at all, so its URN is given. A rerun of `up` would then make such a thing a second time, or stop at its name.
`pulumi refresh --import-pending-creates` does not help: engine 3.259 drops the operation and imports nothing.
"""

import json
import re
import subprocess
from collections.abc import Iterable, Mapping, Sequence
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
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
        "aws:kms/keyPolicy:KeyPolicy",
        "aws:servicequotas/serviceQuota:ServiceQuota",
        "aws:sqs/queuePolicy:QueuePolicy",
    }
)
"""Types whose create sets something on a resource that exists: doing it again changes nothing."""

_FIELD = re.compile(r"\{([\w.]+)\}")
_NAMED = "Name=tag:Name,Values={tags.Name} Name=vpc-id,Values={vpcId}"
# Type -> the id for `pulumi import`, where the inputs tell it; and the command that shows whether the thing exists, or
# its id. Sources: the section Import of each resource in the Pulumi Registry, pulumi-aws 7.51; read 2026-11.
_LOOKUPS: Mapping[str, tuple[str, str]] = {
    "backup/plan": ("", "backup list-backup-plans --query \"BackupPlansList[?BackupPlanName=='{name}']\""),
    "backup/selection": ("{planId}|<SelectionId>", "backup list-backup-selections --backup-plan-id {planId}"),
    "backup/vault": ("{name}", "backup describe-backup-vault --backup-vault-name {name}"),
    "cloudwatch/logGroup": ("{name}", "logs describe-log-groups --log-group-name-prefix {name}"),
    "ec2/capacityReservation": ("", "ec2 describe-capacity-reservations --filters Name=state,Values=active"),
    "ec2/eip": ("<AllocationId>", "ec2 describe-addresses --filters Name=tag:Name,Values={tags.Name}"),
    "ec2/flowLog": ("", "ec2 describe-flow-logs --filter Name=resource-id,Values={vpcId}"),
    "ec2/internetGateway": ("", "ec2 describe-internet-gateways --filters Name=tag:Name,Values={tags.Name}"),
    "ec2/launchTemplate": ("", "ec2 describe-launch-templates --launch-template-names {name}"),
    "ec2/natGateway": ("", "ec2 describe-nat-gateways --filter Name=subnet-id,Values={subnetId}"),
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
    "ec2/securityGroup": ("", "ec2 describe-security-groups --filters Name=group-name,Values={name}"),
    "ec2/securityGroupRule": (
        "{securityGroupId}_{type}_{protocol}_{fromPort}_{toPort}_<source>",
        "ec2 describe-security-group-rules --filters Name=group-id,Values={securityGroupId}",
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
    "efs/accessPoint": ("", "efs describe-access-points --file-system-id {fileSystemId}"),
    "efs/fileSystem": ("", "efs describe-file-systems --query \"FileSystems[?Name=='{tags.Name}']\""),
    "efs/mountTarget": ("", "efs describe-mount-targets --file-system-id {fileSystemId}"),
    "efs/replicationConfiguration": (
        "{sourceFileSystemId}",
        "efs describe-replication-configurations --file-system-id {sourceFileSystemId}",
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
        "{clusterName}:{nodeGroupName}",
        "eks describe-nodegroup --cluster-name {clusterName} --nodegroup-name {nodeGroupName}",
    ),
    "eks/podIdentityAssociation": (
        "{clusterName},<associationId>",
        "eks list-pod-identity-associations --cluster-name {clusterName} --namespace {namespace}",
    ),
    "fsx/dataRepositoryAssociation": (
        "",
        "fsx describe-data-repository-associations --filters Name=file-system-id,Values={fileSystemId}",
    ),
    "fsx/lustreFileSystem": ("", "fsx describe-file-systems --query \"FileSystems[?FileSystemType=='LUSTRE']\""),
    "iam/instanceProfile": ("{name}", "iam get-instance-profile --instance-profile-name {name}"),
    "iam/openIdConnectProvider": ("<Arn>", "iam list-open-id-connect-providers"),
    "iam/policy": ("<Arn>", "iam list-policies --scope Local --query \"Policies[?PolicyName=='{name}']\""),
    "iam/serviceLinkedRole": ("<Arn>", "iam list-roles --path-prefix /aws-service-role/{awsServiceName}/"),
    "iam/role": ("{name}", "iam get-role --role-name {name}"),
    "iam/rolePolicy": ("{role}:{name}", "iam get-role-policy --role-name {role} --policy-name {name}"),
    "kms/alias": ("{name}", "kms list-aliases --query \"Aliases[?AliasName=='{name}']\""),
    "kms/key": (
        "<KeyId>",
        "resourcegroupstaggingapi get-resources --resource-type-filters kms  # one without an alias: {description}",
    ),
    "s3/bucket": ("{bucket}", "s3api head-bucket --bucket {bucket}"),
    "sqs/queue": ("<QueueUrl>", "sqs get-queue-url --queue-name {name}"),
    "ssm/parameter": ("{name}", "ssm get-parameter --name {name}"),
    "vpc/securityGroupEgressRule": (
        "",
        "ec2 describe-security-group-rules --filters Name=group-id,Values={securityGroupId}",
    ),
    "vpc/securityGroupIngressRule": (
        "",
        "ec2 describe-security-group-rules --filters Name=group-id,Values={securityGroupId}",
    ),
}


@dataclass(frozen=True)
class Create:
    """A create that may have happened. id: the id in the cloud, where the engine had it already; else empty."""

    urn: str
    inputs: Mapping[str, Any]
    parent: str
    provider: str
    id: str = ""

    @classmethod
    def of(cls, resource: Mapping[str, Any]) -> "Create":
        """Reads a resource of a state or of a preview."""
        provider = resource["provider"].rpartition("::")[0]
        id_ = resource.get("id") or ""
        return cls(resource["urn"], resource.get("inputs", {}), resource.get("parent", ""), provider, id_)

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
            command = f"helm status {name}" if kind == "release" else f"kubectl get {kind} {name}"
            return (f"{namespace}/{name}", f"{command} --namespace {namespace}") if namespace else (name, command)
        id_, command = _LOOKUPS.get(self.type.removeprefix("aws:").partition(":")[0], ("", ""))
        if not command:
            return "", f"look for a {self.type} like {name_of(self.urn)} in the console of AWS"
        region = self.inputs.get("region")
        front, comment, note = self._filled(command).partition("  #")
        id_ = re.sub("<.*>", lambda shown: self.id or shown[0], self._filled(id_)) or self.id
        return id_, f"aws {front}{f' --region {region}' if region else ''}{comment}{note}"

    def _filled(self, template: str) -> str:
        def value(match: re.Match[str]) -> str:
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
    operations = deployment.get("pending_operations") or ()
    interrupted = [each["resource"] for each in operations if each["type"] == "creating"]
    found = {each["urn"]: Create.of(each) for each in (*planned, *interrupted) if each.get("custom")}
    return tuple(create for create in found.values() if create.type not in AGAIN and create.provider)


def pending(stack: str, file: Path, urns: Sequence[str]) -> int:
    """Prints how to look up each create that may have happened, and writes a file for `pulumi import`.

    urns: of resources whose creation ended with a lost connection. Returns 1 when something has to be looked up.
    Raises ReportError when pulumi fails, or when the next `up` would not create one of the URNs.
    """
    deployment = _output("stack", "export", "--stack", stack)["deployment"]
    planned = []
    if urns:
        steps = _output("preview", "--json", "--stack", stack)["steps"]
        planned = [step["newState"] for step in steps if step["op"] == "create" and step["urn"] in urns]
        if other := set(urns) - {each["urn"] for each in planned}:
            raise ReportError(f"the next `pulumi up` of {stack} would not create {', '.join(sorted(other))}.")
    here = {each["urn"]: each.get("id") for each in deployment.get("resources") or ()}
    found = creates(deployment, planned)
    for number, create in enumerate(found, 1):
        id_, command = create.lookup
        print(f"{number}. {create.type} {name_of(create.urn)}\n     {command}\n     id: {id_ or 'as shown'}")
        if create.urn in here:
            print(f"     The state has {here[create.urn]}. What else the command shows is a second one: delete it.")
    lost = [create for create in found if create.urn not in here]
    if lost:
        names = {urn: urn for create in lost for urn in (create.parent, create.provider)}
        entries = [create.entry(create.lookup[0]) for create in lost]
        file.write_text(json.dumps({"nameTable": names, "resources": entries}, indent=2) + "\n")
        print(
            f"\nRun the commands above. In {file}, write the ids, and delete the entries of what is not there. Then:\n"
            f"  pulumi import --stack {stack} --file {file} --yes --protect=false --generate-code=false"
        )
    interrupted = any(each["type"] == "creating" for each in deployment.get("pending_operations") or ())
    if interrupted:
        print(f"  pulumi refresh --stack {stack} --clear-pending-creates")
    if lost or interrupted:
        print(f"  pulumi up --stack {stack}")
    else:
        print(f"{stack}: nothing was interrupted. `pulumi up` goes on from here.")
    return 1 if found else 0


def _output(*arguments: str) -> Mapping[str, Any]:
    try:
        done = subprocess.run(["pulumi", *arguments], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise ReportError("there is no pulumi on PATH.") from None
    if done.returncode:
        raise ReportError(f"`pulumi {' '.join(arguments)}` failed: {(done.stderr or done.stdout).strip()}")
    answer: Mapping[str, Any] = json.loads(done.stdout)
    return answer

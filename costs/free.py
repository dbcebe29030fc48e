"""Resource types that AWS does not bill, or that exist only in Pulumi.

A type is in this table only when AWS's price list charges nothing for it. A type that nobody looked up is unpriced, not
free. Source: AWS price pages of each service, read 2026-11.
"""

import re

FREE_TYPES = {
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": "security groups are free",
    "aws:ec2/egressOnlyInternetGateway:EgressOnlyInternetGateway": "only the traffic is billed",
    "aws:ec2/internetGateway:InternetGateway": "only the traffic is billed",
    "aws:ec2/launchTemplate:LaunchTemplate": "billed as the nodes that use it",
    "aws:ec2/networkAcl:NetworkAcl": "network ACLs are free",
    "aws:ec2/placementGroup:PlacementGroup": "placement groups are free",
    "aws:ec2/route:Route": "routing is free",
    "aws:ec2/routeTable:RouteTable": "routing is free",
    "aws:ec2/securityGroup:SecurityGroup": "security groups are free",
    "aws:ec2/subnet:Subnet": "subnets are free",
    "aws:ec2/tag:Tag": "tags are free",
    "aws:ec2/vpc:Vpc": "a VPC is free",
    "aws:ec2/vpcDhcpOptions:VpcDhcpOptions": "DHCP options are free",
    "aws:acm/certificateValidation:CertificateValidation": "waits for the certificate",
    "aws:amp/workspaceConfiguration:WorkspaceConfiguration": "part of the workspace",
    "aws:autoscaling/schedule:Schedule": "scheduled actions are free",
    "aws:autoscaling/tag:Tag": "tags are free",
    "aws:backup/selection:Selection": "its backups are billed",
    "aws:backup/vaultLockConfiguration:VaultLockConfiguration": "locks are free",
    "aws:budgets/budget:Budget": "budgets without actions are free",
    "aws:cloudwatch/eventRule:EventRule": "rules on events of AWS services are free",
    "aws:cloudwatch/eventTarget:EventTarget": "delivery within the account is free for events of AWS services",
    "aws:ecr/repositoryCreationTemplate:RepositoryCreationTemplate": "its repositories are counted with the cache",
    "aws:sns/topic:Topic": "only deliveries are billed",
    "aws:sns/topicSubscription:TopicSubscription": "a thousand mails a month are free, then two dollars for 100 000",
    "aws:efs/accessPoint:AccessPoint": "part of the file system",
    "aws:efs/mountTarget:MountTarget": "only traffic between zones is billed",
    "aws:eks/accessEntry:AccessEntry": "access entries are free",
    "aws:eks/accessPolicyAssociation:AccessPolicyAssociation": "access entries are free",
    "aws:eks/podIdentityAssociation:PodIdentityAssociation": "Pod Identity is free",
    "aws:fsx/dataRepositoryAssociation:DataRepositoryAssociation": "the data that it moves is counted with the bucket",
    "aws:secretsmanager/secretRotation:SecretRotation": "its function and the requests are billed where they are used",
    "aws:kms/alias:Alias": "aliases are free",
    "aws:kms/grant:Grant": "grants are free",
    "aws:route53/record:Record": "records are free; queries for aliases of load balancers are too",
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": "transitions are counted with the bucket",
    "aws:s3/bucketLogging:BucketLogging": "logs are counted with the bucket that receives them",
    "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration": "part of the bucket",
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": "part of the bucket",
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": "part of the bucket",
    "aws:s3/bucketVersioning:BucketVersioning": "old versions are counted with the bucket",
    "aws:servicequotas/serviceQuota:ServiceQuota": "quota requests are free",
    "aws:wafv2/webAclAssociation:WebAclAssociation": "counted with the web ACL",
    "kubernetes:karpenter.k8s.aws/v1:EC2NodeClass": "billed as the nodes of the NodePools that use it",
    "kubernetes:karpenter.sh/v1alpha1:NodeOverlay": "describes nodes to Karpenter; starts none",
}

_PREFIXES = {
    "aws:iam/": "IAM is free",
    "pulumi:": "exists only in Pulumi",
    "random:": "exists only in Pulumi",
    "tls:": "exists only in Pulumi",
    "eks:index:": "a component: its children are counted",
    "mlplatform:": "a component: its children are counted",
    "kubernetes:": "runs on nodes that are counted",
}


_KINDS = {
    "(acmpca|apigateway|appautoscaling|autoscaling|backup|cloudwatch|dynamodb|ec2|ecr|ecrpublic|efs|elasticsearch|elb|iot|"
    "kinesis|kms|lambda|organizations|s3|s3control|s3tables|secretsmanager|sns|sqs|ssoadmin)/(.+P|p)olicy|"
    ".+/(auth|cluster|container|domain|identity|registry|resource|sink)Policy|"
    ".+/.+(Access|Group|Identity|Permissions|Resource)Policy|glacier/vaultLock": "policies are free",
    "(acmpca|cloudwatch|ec2|lambda|ram)/(.+P|p)ermission|codeartifact/domainPermissions": "permissions are free",
    "(dynamodb|ecs|organizations|secretsmanager|transfer)/tag|resourcegroups/group": "tags and groups are free",
    "(lambda|sfn)/alias": "aliases are free",
    "memorydb/acl": "access lists are free",
    "s3/(bucket(Acl|LifecycleConfiguration|ServerSideEncryptionConfiguration|Versioning)(V2)?|accessPoint)": (
        "part of the bucket"
    ),
    "secretsmanager/secretVersion": "part of the secret",
    "(alb|lb|ec2|vpc)/.+Rule": "part of the load balancer, network ACL or security group",
    "(alb|autoscaling|ec2|elb|lb|organizations|ssoadmin)/(.+A|a)ttachment": "its ends are counted",
    "(ec2|elasticache|ram|rds|redshift|vpc)/.+Association|route53/(resolverRule|zone)Association": "its ends count",
    "ec2/(managedPrefixList(Entry)?|default(NetworkAcl|RouteTable|Subnet|Vpc)|(carrier|customer)Gateway)": (
        "parts of a network are free"
    ),
    "ec2/launchConfiguration": "billed as the machines that use it",
    "ebs/encryptionByDefault": "settings of the account are free",
}
"""Names of types without `aws:` -> why all of them cost nothing. A service stands here once its price page was read."""
_BILLED = re.compile("efs/backupPolicy|cloudwatch/logAccountPolicy|.*DataProtectionPolicy", re.IGNORECASE)
"""What makes backups, or reads data for a price per GB, although its name is one of the above."""


def why_free(resource_type: str) -> str | None:
    """Returns why a type costs nothing, or None when it may cost something."""
    if resource_type in FREE_TYPES:
        return FREE_TYPES[resource_type]
    if why := next((why for prefix, why in _PREFIXES.items() if resource_type.startswith(prefix)), None):
        return why
    package, _, name = resource_type.rpartition(":")[0].partition(":")
    if package != "aws" or _BILLED.fullmatch(name):
        return None
    return next((why for kind, why in _KINDS.items() if re.fullmatch(kind, name)), None)

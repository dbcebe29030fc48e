"""Policy documents as people get them wrong, and sound ones that look odd. See test_wrong_documents.py."""

from __future__ import annotations

import json
from typing import Any

from tests.simulator.aws.wrong import Wrong

ROLE = "aws:iam/role:Role"
POLICY = "aws:iam/policy:Policy"
INLINE = "aws:iam/rolePolicy:RolePolicy"
ATTACHMENT = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
KEY = "aws:kms/key:Key"
BUCKET = "aws:s3/bucketPolicy:BucketPolicy"
QUEUE = "aws:sqs/queuePolicy:QueuePolicy"
FILES = "aws:efs/fileSystemPolicy:FileSystemPolicy"
ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"

ACCOUNT = "arn:aws:iam::123456789012"
DATA = "arn:aws:s3:::data"
OIDC = f"{ACCOUNT}:oidc-provider"
EKS_ISSUER = "oidc.eks.us-west-2.amazonaws.com/id/0123456789ABCDEF"
GITHUB = "token.actions.githubusercontent.com"
MANAGED = "arn:aws:iam::aws:policy"

STATEMENTS: dict[str, dict[str, Any]] = {
    ROLE: {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"},
    POLICY: {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"{DATA}/*"},
    INLINE: {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"{DATA}/*"},
    KEY: {"Effect": "Allow", "Principal": {"AWS": f"{ACCOUNT}:root"}, "Action": "kms:*", "Resource": "*"},
    BUCKET: {
        "Effect": "Allow",
        "Principal": {"AWS": f"{ACCOUNT}:root"},
        "Action": "s3:GetObject",
        "Resource": f"{DATA}/*",
    },
    QUEUE: {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": "arn:aws:sqs:us-west-2:123456789012:jobs",
    },
    FILES: {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "elasticfilesystem:ClientMount"},
    ENDPOINT: {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"},
}


def document(type_: str, *more: Any, version: Any = "2012-10-17", top: Any = None, **changes: Any) -> dict[str, Any]:
    """Returns the inputs with a document: the sound statement of the type with changes, and more statements.

    A change to None leaves the element out. top: further elements beside the statements.
    """
    changed = {key: value for key, value in {**STATEMENTS[type_], **changes}.items() if value is not None}
    content = {"Version": version, "Statement": [changed, *more], **(top or {})}
    text = json.dumps({key: value for key, value in content.items() if value is not None})
    return {"assumeRolePolicy" if type_ == ROLE else "policy": text}


def wrong(case: str, type_: str, says: str, *more: Any, **changes: Any) -> Wrong:
    return Wrong(case, type_, document(type_, *more, **changes), says)


def sound(case: str, type_: str, *more: Any, passes: str = "AWS takes it", **changes: Any) -> Wrong:
    return Wrong(case, type_, document(type_, *more, **changes), passes=passes)


def federated(provider: str, **tests: str) -> dict[str, Any]:
    """Returns the changes of a trust policy for an identity provider."""
    return {
        "Principal": {"Federated": provider},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": {key.replace("__", ":"): value for key, value in tests.items()}},
    }


SYNTAX = "MalformedPolicyDocument: Syntax errors in policy."
LEGACY = "MalformedPolicyDocument: The policy failed legacy parsing"
TRUST_PRINCIPAL = "MalformedPolicyDocument: Invalid principal in policy: "
STS = "MalformedPolicyDocument: AssumeRole policy may only specify STS AssumeRole actions."
KEY_PRINCIPAL = "MalformedPolicyDocumentException: Policy contains a statement with one or more invalid principals."
BUCKET_PRINCIPAL = "MalformedPolicy: Invalid principal in policy"
QUEUE_POLICY = "InvalidAttributeValue: Invalid value for the parameter Policy."
NOT_THERE = "does not exist or is not attachable."

IDENTITY = [
    wrong("a version that is today's date", POLICY, SYNTAX, version="2026-11-29"),
    wrong("a version as a number", POLICY, SYNTAX, version=2012),
    wrong("no version in a managed policy", POLICY, "must be version 2012-10-17 or greater.", version=None),
    wrong("the old version in a managed policy", POLICY, "must be version 2012-10-17", version="2008-10-17"),
    wrong("Statements for Statement", POLICY, SYNTAX, top={"Statement": None, "Statements": []}),
    wrong("a comment beside the statements", POLICY, SYNTAX, top={"Comment": "for the trainers"}),
    wrong("no statements after a filter took all", INLINE, SYNTAX, top={"Statement": []}),
    wrong("actions in the plural, as in Terraform", POLICY, SYNTAX, Action=None, Actions=["s3:GetObject"]),
    wrong("a key in lower case", INLINE, SYNTAX, Resource=None, resource="*"),
    wrong("the effect in lower case", POLICY, LEGACY, Effect="allow"),
    wrong("another word for Deny", POLICY, SYNTAX, Effect="Forbid"),
    wrong("no effect", INLINE, SYNTAX, Effect=None),
    wrong("a Sid with spaces", POLICY, "Statement IDs (SID) must be alpha-numeric.", Sid="Read the data"),
    wrong("a Sid with a hyphen", INLINE, "Statement IDs (SID) must be alpha-numeric.", Sid="read-data"),
    wrong(
        "a statement copied with its Sid",
        POLICY,
        "Statement IDs (SID) in a single policy must be unique.",
        {"Sid": "Read", "Effect": "Allow", "Action": "s3:ListBucket", "Resource": DATA},
        Sid="Read",
    ),
    wrong("an action without its service", POLICY, "must be prefaced by a vendor", Action="GetObject"),
    wrong("an empty action", POLICY, "must be prefaced by a vendor", Action=""),
    wrong("an action in the form of an ARN", POLICY, "can contain only one colon.", Action="arn:aws:s3:GetObject"),
    wrong("a service with a space", POLICY, "Vendor s3  is not valid", Action="s3 :GetObject"),
    wrong("an action and all but another", POLICY, SYNTAX, NotAction="s3:DeleteObject"),
    wrong("no actions", INLINE, "Policy statement must contain actions.", Action=[]),
    wrong("no resource", INLINE, "Policy statement must contain resources.", Resource=None),
    wrong("an empty list of resources", POLICY, "Policy statement must contain resources.", Resource=[]),
    wrong("the name of a bucket for its ARN", POLICY, 'Resource data must be in ARN format or "*".', Resource="data"),
    wrong("an empty ARN", POLICY, 'Resource  must be in ARN format or "*".', Resource=""),
    wrong("the URL of a bucket", POLICY, 'Partition "//data/*" is not valid', Resource="s3://data/*"),
    wrong("the ARN of another partition", POLICY, 'Partition "aws-cn" is not valid', Resource="arn:aws-cn:s3:::data/*"),
    wrong("an ARN without partition", POLICY, 'Partition "s3" is not valid', Resource="arn:s3:::data/*"),
    wrong("an ARN with a colon missing", POLICY, LEGACY, Resource="arn:aws:s3::data/*"),
    wrong(
        "a bucket with a region", POLICY, "can not contain region information.", Resource="arn:aws:s3:us-west-2::data"
    ),
    wrong(
        "a role with a region",
        POLICY,
        "cannot contain region information.",
        Resource="arn:aws:iam:us-west-2:123456789012:role/x",
    ),
    wrong("a role without role/", POLICY, "IAM resource path must either be", Resource=f"{ACCOUNT}:pods"),
    wrong("an object for a resource", POLICY, SYNTAX, Resource={"arn": f"{DATA}/*"}),
    wrong("a misspelt operator", POLICY, SYNTAX, Condition={"StringEqual": {"aws:RequestedRegion": "us-west-2"}}),
    wrong("IfExists of Null", POLICY, SYNTAX, Condition={"NullIfExists": {"aws:TokenIssueTime": "true"}}),
    wrong("two colons after ForAnyValue", POLICY, SYNTAX, Condition={"ForAnyValue::StringLike": {"aws:TagKeys": "a"}}),
    wrong("a condition without operator", INLINE, SYNTAX, Condition={"aws:RequestedRegion": "us-west-2"}),
    wrong("conditions as a list", INLINE, SYNTAX, Condition=[{"Bool": {"aws:SecureTransport": "true"}}]),
    wrong("a date as people write it", POLICY, LEGACY, Condition={"DateLessThan": {"aws:CurrentTime": "31.12.2026"}}),
    wrong("a 13th month", POLICY, LEGACY, Condition={"DateLessThan": {"aws:CurrentTime": "2026-13-01T00:00:00Z"}}),
    wrong("a principal", INLINE, "should not specify a principal.", Principal={"AWS": f"{ACCOUNT}:root"}),
    wrong("all but a principal", POLICY, "should not specify a principal.", NotPrincipal={"AWS": f"{ACCOUNT}:root"}),
    Wrong("JSON in JSON", POLICY, {"policy": json.dumps(document(POLICY)["policy"])}, "not a JSON object"),
    Wrong("a list of statements alone", INLINE, {"policy": "[]"}, "not a JSON object"),
    Wrong(
        "a line break before the document",
        POLICY,
        {"policy": "\n" + document(POLICY)["policy"]},
        "leading space characters are not allowed",
    ),
    Wrong("an empty text", POLICY, {"policy": ""}, "not a JSON object"),
    Wrong("a comma too many", INLINE, {"policy": '{"Version": "2012-10-17",}'}, "contains an invalid JSON policy"),
    Wrong(
        "Action twice",
        POLICY,
        {"policy": document(POLICY)["policy"].replace('"Action"', '"Action": "s3:ListBucket", "Action"')},
        'duplicate key "Action"',
    ),
    Wrong(
        "a wrong inline policy of a role",
        ROLE,
        {**document(ROLE), "inlinePolicies": [{"name": "a", **document(INLINE, Resource=None)}]},
        "Policy statement must contain resources.",
    ),
]

TRUST = [
    wrong("no principal", ROLE, "Missing required field Principal", Principal=None),
    wrong("anybody, without AWS", ROLE, "Principal must be a JSON object.", Principal="*"),
    wrong("a service without Service", ROLE, "Principal must be a JSON object.", Principal="ec2.amazonaws.com"),
    wrong("an empty principal", ROLE, "Principal cannot be empty!", Principal={}),
    wrong("services for Service", ROLE, TRUST_PRINCIPAL, Principal={"Services": "ec2.amazonaws.com"}),
    wrong(
        "a misspelt service in a trust",
        ROLE,
        TRUST_PRINCIPAL + '"SERVICE":"',
        Principal={"Service": "lamda.amazonaws.com"},
    ),
    wrong("pod for pods", ROLE, TRUST_PRINCIPAL, Principal={"Service": "pod.eks.amazonaws.com"}),
    wrong("a service at aws.com", ROLE, TRUST_PRINCIPAL, Principal={"Service": "eks.aws.com"}),
    wrong("a service without domain", ROLE, TRUST_PRINCIPAL, Principal={"Service": "lambda"}),
    wrong("a role that nobody made", ROLE, TRUST_PRINCIPAL + '"AWS":"', Principal={"AWS": f"{ACCOUNT}:role/nobody"}),
    wrong("every role of the account", ROLE, TRUST_PRINCIPAL, Principal={"AWS": f"{ACCOUNT}:role/*"}),
    wrong("an account with 11 digits", ROLE, TRUST_PRINCIPAL, Principal={"AWS": "12345678901"}),
    wrong("a group", ROLE, TRUST_PRINCIPAL, Principal={"AWS": f"{ACCOUNT}:group/admins"}),
    wrong("an instance profile", ROLE, TRUST_PRINCIPAL, Principal={"AWS": f"{ACCOUNT}:instance-profile/node"}),
    wrong(
        "a principal of another partition",
        ROLE,
        TRUST_PRINCIPAL,
        Principal={"AWS": "arn:aws-cn:iam::123456789012:root"},
    ),
    wrong("a resource", ROLE, "Has prohibited field Resource", Resource="*"),
    wrong("an action of another service", ROLE, STS, Action="s3:GetObject"),
    wrong("TagSessions", ROLE, STS, Action=["sts:AssumeRole", "sts:TagSessions"]),
    wrong("WebIdendity", ROLE, STS, Action="sts:AssumeRoleWithWebIdendity"),
    wrong("every action", ROLE, STS, Action="*"),
    wrong(
        "all but one may", ROLE, "Allow with NotPrincipal is not allowed.", Principal=None, NotPrincipal={"AWS": "*"}
    ),
    wrong("no actions", ROLE, "Missing required field Action", Action=None),
    wrong("a version of tomorrow", ROLE, "must contain a valid version string", version="2022-10-17"),
    wrong("the URL of an issuer", ROLE, "Federated principals must be", **federated(f"https://{EKS_ISSUER}")),
    wrong(
        "an issuer without account", ROLE, "Federated principals must be", **federated("arn:aws:iam:::oidc-provider/x")
    ),
    wrong(
        "Cognito without a pool of its own",
        ROLE,
        "cognito-identity.amazonaws.com:aud",
        **federated("cognito-identity.amazonaws.com", **{"cognito-identity.amazonaws.com__amr": "authenticated"}),
    ),
    wrong(
        "GitHub without a repository",
        ROLE,
        f"{GITHUB}:sub",
        **federated(f"{OIDC}/{GITHUB}", **{f"{GITHUB}__aud": "sts.amazonaws.com"}),
    ),
]

POLICIES_OF_AWS = [
    Wrong("a path missing", ATTACHMENT, {"policyArn": f"{MANAGED}/AmazonEFSCSIDriverPolicy"}, NOT_THERE),
    Wrong("a path too much", ATTACHMENT, {"policyArn": f"{MANAGED}/service-role/AmazonEKS_CNI_Policy"}, NOT_THERE),
    Wrong("a misspelt policy", ATTACHMENT, {"policyArn": f"{MANAGED}/AmazonEKSWorkerNodesPolicy"}, NOT_THERE),
    Wrong("a policy that there should be", ATTACHMENT, {"policyArn": f"{MANAGED}/AmazonEKSFullAccess"}, NOT_THERE),
    Wrong(
        "a policy of a service-linked role",
        ATTACHMENT,
        {"policyArn": f"{MANAGED}/aws-service-role/AmazonEKSServiceRolePolicy"},
        "PolicyNotAttachable: Cannot attach a Service Role Policy to a Customer Role.",
    ),
    Wrong(
        "a policy of another partition",
        ATTACHMENT,
        {"policyArn": "arn:aws-us-gov:iam::aws:policy/AmazonEKS_CNI_Policy"},
        "is not valid.",
    ),
    Wrong(
        "a boundary that there should be",
        ROLE,
        {**document(ROLE), "permissionsBoundary": f"{MANAGED}/PowerUser"},
        f"Scope ARN: {MANAGED}/PowerUser {NOT_THERE}",
    ),
    Wrong(
        "a role as a boundary, which nobody made",
        ROLE,
        {**document(ROLE), "permissionsBoundary": "arn:aws:iam::123456789012:role/most"},
        f"Scope ARN: arn:aws:iam::123456789012:role/most {NOT_THERE}",
    ),
    Wrong(
        "one of several policies misspelt",
        ROLE,
        {**document(ROLE), "managedPolicyArns": [f"{MANAGED}/ReadOnlyAccess", f"{MANAGED}/AmazonSSMManagedInstance"]},
        NOT_THERE,
    ),
]

ADMINISTRATOR = STATEMENTS[KEY]
USE = {**ADMINISTRATOR, "Action": ["kms:Encrypt", "kms:Decrypt"]}
RESOURCES = [
    wrong("a role that nobody made", KEY, KEY_PRINCIPAL, {**USE, "Principal": {"AWS": f"{ACCOUNT}:role/trainer"}}),
    wrong("roles by a wildcard", KEY, KEY_PRINCIPAL, {**USE, "Principal": {"AWS": f"{ACCOUNT}:role/main-*"}}),
    wrong(
        "a service that there is not",
        KEY,
        KEY_PRINCIPAL,
        {**USE, "Principal": {"Service": "log.us-west-2.amazonaws.com"}},
    ),
    wrong("an account as a text", KEY, KEY_PRINCIPAL, {**USE, "Principal": "123456789012"}),
    wrong("no resource", KEY, "Missing required field Resource", {**USE, "Resource": []}),
    wrong("a bucket for the key", KEY, "The only valid value of Resource", {**USE, "Resource": f"{DATA}/*"}),
    wrong(
        "no principal", KEY, "Missing required field Principal", {"Effect": "Deny", "Action": "kms:*", "Resource": "*"}
    ),
    wrong(
        "tags of the key",
        KEY,
        "not permitted in a key policy",
        {**USE, "Condition": {"StringEquals": {"aws:ResourceTag/a": "b"}}},
    ),
    wrong(
        "its aliases",
        KEY,
        "not permitted in a key policy",
        {**USE, "Condition": {"StringLike": {"kms:ResourceAliases": "alias/*"}}},
    ),
    wrong("who may not put a policy again", KEY, "will not allow you to update the key policy", Action="kms:Decrypt"),
    wrong(
        "an operator that there is not",
        KEY,
        "Syntax error at position",
        {**USE, "Condition": {"StringIs": {"a:b": "c"}}},
    ),
    wrong("no principal", BUCKET, "MalformedPolicy: Missing required field Principal", Principal=None),
    wrong("a role that nobody made", BUCKET, BUCKET_PRINCIPAL, Principal={"AWS": f"{ACCOUNT}:role/reader"}),
    wrong("roles by a wildcard", BUCKET, BUCKET_PRINCIPAL, Principal={"AWS": f"{ACCOUNT}:role/data-*"}),
    wrong("the name of a service", BUCKET, BUCKET_PRINCIPAL, Principal="logging.s3.amazonaws.com"),
    wrong("a misspelt service", BUCKET, BUCKET_PRINCIPAL, Principal={"Service": "loging.s3.amazonaws.com"}),
    wrong("objects, for a list of them", BUCKET, "Action does not apply to any resource(s)", Action="s3:ListBucket"),
    wrong("the bucket, for its objects", BUCKET, "Action does not apply to any resource(s)", Resource=DATA),
    wrong(
        "both actions, one resource",
        BUCKET,
        "Action does not apply",
        Action=["s3:ListBucket", "s3:PutObject"],
        Resource=DATA,
    ),
    wrong(
        "the name of an API operation", BUCKET, "Policy has invalid action", Action="s3:ListObjectsV2", Resource=DATA
    ),
    wrong("a misspelt action", BUCKET, "Policy has invalid action", Action="s3:GetObjects"),
    wrong("an action of an account", BUCKET, "Policy has invalid action", Action="s3:ListAllMyBuckets", Resource=DATA),
    wrong("an action of KMS", BUCKET, "Policy has invalid action", Action=["s3:GetObject", "kms:Decrypt"]),
    wrong("another bucket", BUCKET, "Policy has invalid resource", Resource="arn:aws:s3:::logs/*"),
    wrong("a bucket whose name goes on", BUCKET, "Policy has invalid resource", Resource="arn:aws:s3:::data-old/*"),
    wrong("every bucket", BUCKET, "Policy has invalid resource", Resource="*"),
    wrong("no resource", BUCKET, "Missing required field Resource", Resource=None),
    wrong(
        "a key of S3 that there is not",
        BUCKET,
        "invalid condition key",
        Condition={"StringEquals": {"s3:acl": "private"}},
    ),
    wrong(
        "a key without service", BUCKET, "invalid condition key", Condition={"IpAddress": {"SourceIp": "10.0.0.0/8"}}
    ),
    wrong(
        "a key of lists on objects", BUCKET, "Conditions do not apply", Condition={"StringLike": {"s3:prefix": "a/*"}}
    ),
    wrong(
        "a mask of 33",
        BUCKET,
        "Invalid IP address in Conditions",
        Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/33"}},
    ),
    wrong(
        "an operator in lower case",
        BUCKET,
        "Invalid Condition type : bool",
        Condition={"bool": {"aws:SecureTransport": "false"}},
    ),
    wrong(
        "all but one may", BUCKET, "Allow with NotPrincipal", Principal=None, NotPrincipal={"AWS": f"{ACCOUNT}:root"}
    ),
    wrong("Principals", BUCKET, "MalformedPolicy: Unknown field Principals", Principals={"AWS": "*"}),
    wrong(
        "equal Sids", BUCKET, "Statement Ids in the policy are not unique", {**STATEMENTS[BUCKET], "Sid": "A"}, Sid="A"
    ),
    wrong("no principal", QUEUE, QUEUE_POLICY, Principal=None),
    wrong("no resource", QUEUE, QUEUE_POLICY, Resource=None),
    wrong("a name for the ARN", QUEUE, QUEUE_POLICY, Resource="jobs"),
    wrong("a batch action, which is none", QUEUE, QUEUE_POLICY, Action="sqs:SendMessageBatch"),
    wrong("an action of another service", QUEUE, QUEUE_POLICY, Action=["sqs:SendMessage", "kms:Decrypt"]),
    wrong("a role that nobody made", QUEUE, QUEUE_POLICY, Principal={"AWS": f"{ACCOUNT}:role/sender"}),
    wrong("event for events", QUEUE, QUEUE_POLICY, Principal={"Service": "event.amazonaws.com"}),
    wrong(
        "no version, for which the provider waits",
        QUEUE,
        "timeout while waiting for state to become 'equal'",
        version=None,
    ),
    wrong("no principal", FILES, "InvalidPolicyException: Policy contains invalid Principal block.", Principal=None),
    wrong("an account as a text", FILES, "Policy contains invalid Principal block.", Principal="123456789012"),
    wrong("a role that nobody made", FILES, "invalid Principal block.", Principal={"AWS": f"{ACCOUNT}:role/nobody"}),
    wrong("Conditions", FILES, "Syntax error at position", Conditions={"Bool": {"aws:SecureTransport": "true"}}),
    wrong("no principal", ENDPOINT, "InvalidPolicyDocument: The Policy Document is not valid.", Principal=None),
    wrong("no resource", ENDPOINT, "The Policy Document is not valid. Missing required field Resource", Resource=None),
    wrong(
        "a Terraform condition", ENDPOINT, "Syntax error at position", Condition={"test": "Bool", "values": ["true"]}
    ),
]

SOUND = [
    sound("one statement without a list", POLICY, top={"Statement": STATEMENTS[POLICY]}),
    sound("an action that nobody has", POLICY, Action="s3:GetObjekt"),
    sound("a service that nobody has", INLINE, Action="karpenter:Scale", Resource="*"),
    sound("a resource of no service", POLICY, Resource="arn:aws:s33:::data"),
    sound("an inline policy without a version", INLINE, version=None),
    sound("an inline policy of the old version", INLINE, version="2008-10-17"),
    sound(
        "all but some actions on all but a resource",
        POLICY,
        Action=None,
        NotAction="iam:*",
        Resource=None,
        NotResource=DATA,
    ),
    sound("an empty Sid, as the console writes it", POLICY, {**STATEMENTS[POLICY], "Sid": ""}, Sid=""),
    sound("an Id", POLICY, top={"Id": "data-readers"}),
    sound("any partition", POLICY, Resource="arn:*:s3:::data/*"),
    sound("any partition of AWS", POLICY, Resource="arn:aws*:s3:::data/*"),
    sound("a variable in a resource", POLICY, Resource="arn:aws:s3:::data/${aws:username}/*"),
    sound("every role by a wildcard", POLICY, Action="iam:PassRole", Resource=f"{ACCOUNT}:role/*"),
    sound("an unknown condition key", POLICY, Condition={"StringEquals": {"ec2:Nothing": "a"}}),
    sound(
        "an operator of sets with IfExists",
        POLICY,
        Condition={"ForAnyValue:StringLikeIfExists": {"aws:TagKeys": ["a"]}},
    ),
    sound("booleans and numbers without quotes", POLICY, Condition={"Bool": {"aws:MultiFactorAuthPresent": True}}),
    sound("an empty condition", INLINE, Condition={}),
    sound("a date without a time", POLICY, Condition={"DateLessThan": {"aws:CurrentTime": "2026-12-31"}}),
    sound("a date in seconds", POLICY, Condition={"DateLessThan": {"aws:EpochTime": "1798675200"}}),
    sound(
        "an empty prefix among others",
        POLICY,
        Action="s3:ListBucket",
        Resource=DATA,
        Condition={"StringLike": {"s3:prefix": ["", "a/*"]}},
    ),
    sound("anybody of any account", ROLE, Principal={"AWS": "*"}),
    sound("an account by its number", ROLE, Principal={"AWS": "210987654321"}),
    sound("a role of another account", ROLE, Principal={"AWS": "arn:aws:iam::210987654321:role/ci"}),
    sound("a role that stands, with a path", ROLE, Principal={"AWS": f"{ACCOUNT}:role/platform/reader"}),
    sound(
        "several services, several kinds",
        ROLE,
        Principal={"Service": ["ec2.amazonaws.com", "ssm.amazonaws.com"], "AWS": "210987654321"},
    ),
    sound(
        "an environment of Airflow", ROLE, Principal={"Service": ["airflow.amazonaws.com", "airflow-env.amazonaws.com"]}
    ),
    sound("a service that is new", ROLE, Principal={"Service": "quantum-foundry.amazonaws.com"}),
    sound("pods", ROLE, Principal={"Service": "pods.eks.amazonaws.com"}, Action=["sts:AssumeRole", "sts:TagSession"]),
    sound("a service of a region", ROLE, Principal={"Service": "logs.us-west-2.amazonaws.com"}),
    sound("a service of a region that is new", ROLE, Principal={"Service": "logs.mx-central-1.amazonaws.com"}),
    sound("an action in lower case", ROLE, Action="sts:assumerole"),
    sound(
        "an issuer that nobody made",
        ROLE,
        **federated(f"{OIDC}/{EKS_ISSUER}", **{f"{EKS_ISSUER}__aud": "sts.amazonaws.com"}),
    ),
    sound(
        "GitHub with a repository",
        ROLE,
        **federated(f"{OIDC}/{GITHUB}", **{f"{GITHUB}__sub": "repo:a/b:ref:refs/heads/main"}),
    ),
    sound("a trust policy without a version", ROLE, version=None),
    sound("a Sid with spaces", KEY, Sid="Enable IAM User Permissions"),
    sound(
        "roles by a condition",
        KEY,
        {**USE, "Principal": {"AWS": "*"}, "Condition": {"ArnLike": {"aws:PrincipalArn": f"{ACCOUNT}:role/main-*"}}},
    ),
    sound(
        "a service-linked role",
        KEY,
        {
            **USE,
            "Principal": {
                "AWS": f"{ACCOUNT}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
            },
        },
    ),
    sound(
        "all but the account denied",
        KEY,
        {"Effect": "Deny", "NotPrincipal": {"AWS": f"{ACCOUNT}:root"}, "Action": "kms:Decrypt", "Resource": "*"},
    ),
    sound(
        "every action on bucket and objects",
        BUCKET,
        Effect="Deny",
        Action="s3:*",
        Resource=[DATA, f"{DATA}/*"],
        Condition={"Bool": {"aws:SecureTransport": "false"}},
    ),
    sound(
        "a list with a prefix",
        BUCKET,
        Action="s3:ListBucket",
        Resource=DATA,
        Condition={"StringLike": {"s3:prefix": "a/*"}},
    ),
    sound("a wildcard after the name", BUCKET, Resource="arn:aws:s3:::data*"),
    sound(
        "a delivery with an ACL",
        BUCKET,
        Principal={"Service": "delivery.logs.amazonaws.com"},
        Action="s3:PutObject",
        Condition={"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control"}},
    ),
    sound(
        "an identity of CloudFront",
        BUCKET,
        Principal={"AWS": "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E1AB2CD3EF4GHI"},
    ),
    sound("tags of the bucket", BUCKET, Condition={"StringEquals": {"s3:BucketTag/team": "ml"}}),
    sound("tags of an object", BUCKET, Condition={"StringEquals": {"s3:ExistingObjectTag/public": "yes"}}),
    sound("an address without a mask", BUCKET, Condition={"IpAddress": {"aws:SourceIp": "203.0.113.7"}}),
    sound("actions in capitals", QUEUE, Action="SQS:SendMessage"),
    sound(
        "every action of SQS denied",
        QUEUE,
        Effect="Deny",
        Principal="*",
        Action="sqs:*",
        Condition={"Bool": {"aws:SecureTransport": "false"}},
    ),
    sound("no resource, which is the file system", FILES),
    sound("no version, as in the guide", FILES, version=None),
    sound("a Sid with hyphens, as in the guide", FILES, Sid="efs-statement-example02"),
    sound(
        "an access grant of S3", POLICY, Action="s3:GetDataAccess", Resource="arn:aws:s3:*:*:access-grants/default/*"
    ),
    sound("every service role", INLINE, Action="iam:PassRole", Resource="arn:*:iam::*:role/service-role/*"),
    sound("no version", ENDPOINT, version=None),
    Wrong(
        "a policy of a job function",
        ATTACHMENT,
        {"policyArn": f"{MANAGED}/job-function/ViewOnlyAccess"},
        passes="AWS takes it",
    ),
]

IN_LINE = [
    Wrong(
        "a policy of the bucket's own inputs",
        "aws:s3/bucket:Bucket",
        {"bucket": "data", **document(BUCKET, Principal=None)},
        "MalformedPolicy: Missing required field Principal",
    ),
    Wrong(
        "a policy of the queue's own inputs",
        "aws:sqs/queue:Queue",
        {"name": "jobs", **document(QUEUE, Resource=None)},
        QUEUE_POLICY,
    ),
]

LATER = [
    wrong("a role that is gone", ROLE, TRUST_PRINCIPAL, Principal={"AWS": f"{ACCOUNT}:role/gone"}),
    wrong("a Sid with an underscore", POLICY, "(SID) must be alpha-numeric", Sid="read_data"),
    wrong(
        "a statement less", KEY, "will not allow you to update the key policy", Action=["kms:Encrypt", "kms:Decrypt"]
    ),
    wrong("objects and bucket mixed up", BUCKET, "Action does not apply", Action="s3:GetBucketLocation"),
    wrong("a misspelt action", QUEUE, QUEUE_POLICY, Action="sqs:SendMesage"),
    wrong("a principal less", FILES, "Policy contains invalid Principal block.", Principal={"AWS": []}),
]
UPDATES = [case._replace(case=f"later, {case.case}", before=document(case.type)) for case in LATER]

# AWS refuses these, and the simulator does not.
MISSED = [
    sound(
        "a user that nobody made",
        KEY,
        {**USE, "Principal": {"AWS": f"{ACCOUNT}:user/anna"}},
        passes="no simulated type makes users, so all of them may stand",
    ),
    sound(
        "a service of nobody",
        ROLE,
        Principal={"Service": "karpenter.amazonaws.com"},
        passes="no source lists all services, and a refused one that exists is worse",
    ),
    sound(
        "a part of a service that is not",
        ROLE,
        Principal={"Service": "nodes.eks.amazonaws.com"},
        passes="no source lists all parts of services",
    ),
    sound(
        "a service with actions, but no principal",
        ROLE,
        Principal={"Service": "tag.amazonaws.com"},
        passes="no source lists the services without a principal",
    ),
]

DOCUMENTS = [*IDENTITY, *TRUST, *POLICIES_OF_AWS, *RESOURCES, *IN_LINE, *UPDATES, *MISSED]

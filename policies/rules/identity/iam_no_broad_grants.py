"""No policy allows to change things, or to read data, on any resource.

All actions on resources that are named, such as `s3:*` on one bucket, are left to the rules about these resources.
"""

import json
import re
from collections.abc import Collection, Iterator, Mapping

from policies.grants import IDENTITY_POLICIES, Grant, listed
from policies.patterns import matches
from policies.powers import ROLE, documents, is_bounded, shown, wide
from policies.rule import Case, Option, Resource, Rule, View

HARMLESS = (
    *("*:describe*", "*:list*", "resource-explorer-2:search", "cloudtrail:lookupevents", "budgets:view*"),
    *("access-analyzer:get*", "acm:get*", "arc-zonal-shift:get*", "autoscaling:get*", "backup:get*", "ce:get*"),
    *("cloudtrail:get*", "cloudwatch:get*", "compute-optimizer:get*", "config:get*", "ec2:getcapacity*"),
    *("ec2:getcoip*", "ec2:getebs*", "ec2:getinstancetypes*", "ec2:getipam*", "ec2:getmanagedprefix*"),
    *("ec2:getsecuritygroups*", "ec2:getspot*", "ec2:gettransit*", "ecr:getauthorizationtoken"),
    *("ecr-public:getauthorizationtoken", "guardduty:get*", "health:get*", "iam:get*", "iam:simulate*"),
    *("inspector2:batchget*", "inspector2:get*", "kms:get*", "lambda:getaccountsettings", "pricing:get*"),
    *("resource-groups:get*", "route53:get*", "s3:getaccount*", "s3:getbucket*", "s3:getencryption*"),
    *("s3:getlifecycle*", "s3:getreplication*", "secretsmanager:getrandompassword", "securityhub:get*"),
    *("servicequotas:get*", "shield:get*", "sns:gettopic*", "sqs:getqueue*", "ssm:getconnectionstatus"),
    *("sts:getcalleridentity", "tag:get*", "waf*:get*", "xray:batchget*", "xray:get*"),
    *("aps:remotewrite", "cloudwatch:putmetricdata", "logs:createloggroup", "logs:createlogstream"),
    *("logs:putlogevents", "xray:puttelemetryrecords", "xray:puttracesegments"),
    *("ec2:createlaunchtemplate", "ec2messages:*", "elasticloadbalancing:setwebacl", "ssmmessages:*"),
    *("ssm:updateinstanceinformation", "logs:putretentionpolicy", "ec2:createnetworkinterface"),
    *("ec2:deletenetworkinterface", "ec2:assignprivateipaddresses", "ec2:unassignprivateipaddresses"),
)
"""What may be allowed on any resource: reading what there is and how it is set, writing telemetry, and a few actions
that AWS scopes to no resource and that change nothing of others. Agents set how long the logs are kept that they make,
and functions in a network have interfaces: AWS's own policies for both (CloudWatchAgentServerPolicy,
AWSLambdaVPCAccessExecutionRole) allow it on everything, and an interface in use is not deleted. Every other action
reads data or changes something. Source: Service Authorization Reference, read 2026-11.
"""
HARMLESS_ON: Mapping[tuple[str, ...], str] = {
    # what a machine is launched from: who may launch is a question of the instance, in another statement
    ("ec2:runinstances", "ec2:createfleet"): (
        "ec2:[^:]*:[^:]*:(capacity-reservation|image|key-pair|launch-template|network-interface|placement-group|"
        "security-group|snapshot|subnet|volume)/.*"
    ),
    # what a web ACL and a load balancer are joined by: AWS WAF asks for no tag of either
    ("wafv2:associatewebacl", "wafv2:disassociatewebacl"): (
        r"(elasticloadbalancing:[^:]*:[^:]*:loadbalancer/app|wafv2:[^:]*:[^:]*:regional/webacl)/.*"
    ),
    # images of one account: whoever runs machines there pulls them
    ("ecr:batchchecklayeravailability", "ecr:batchgetimage", "ecr:getdownloadurlforlayer"): (
        r"ecr:[^:]*:\d{12}:repository/.*"
    ),
    # models that AWS offers to everybody: no data of ours, only a price
    ("bedrock:invokemodel", "bedrock:invokemodelwithresponsestream"): "bedrock:[^:]*::foundation-model/.*",
}
"""Actions -> what they may be allowed on, after the partition of the ARN, whatever its name."""


def _is_harmless(grant: Grant, action: str) -> bool:
    for actions, pattern in HARMLESS_ON.items():
        if action in actions:
            resources = listed(grant.statement, "Resource")
            return bool(resources) and all(re.fullmatch(rf"arn:[\w-]+:{pattern}", each) for each in resources)
    return any(matches(pattern, action) for pattern in HARMLESS)  # a pattern within a pattern matches it as a text


def _problems(grant: Grant, allowed: Collection[str]) -> Iterator[str]:
    if listed(grant.statement, "NotAction") and not any(map(is_bounded, grant.conditions)):
        yield "allows all actions but a few"
    broad = [
        action
        for action in listed(grant.statement, "Action")
        if action not in allowed
        and not _is_harmless(grant, action.lower())
        and not any(is_bounded(each, action.lower()) for each in grant.conditions)
    ]
    if broad:
        yield f"allows {shown(broad)}"


def _document(view: View, path: str, allowed: Collection[str]) -> Iterator[tuple[str, str]]:
    for grant in wide(view, path):
        keys = shown(sorted({each.key for each in grant.conditions}))
        how = "without a condition on what is acted on"
        if keys:
            how = (
                f"and the condition on {keys} does not count: it is not about what is acted on, or holds for most of it"
            )
        for problem in _problems(grant, allowed):
            yield grant.statement.path, f"{problem} on any resource, {how}"


def check(resource: Resource, *, allowed: Collection[str]) -> Iterator[tuple[str, str]]:
    for given in documents(resource):
        yield from _document(*given, allowed)


def _grant(actions: object, resource: object = "*", key: str = "Action", **more: object) -> dict[str, str]:
    statement = {"Effect": "Allow", key: actions, "Resource": resource, **more}
    return {"policy": json.dumps({"Version": "2012-10-17", "Statement": [statement]})}


def _an_action(pattern: str) -> str:
    return pattern.replace("*:", "eks:").replace("*", "x")


BROAD = (
    *("s3:GetObject", "secretsmanager:GetSecretValue", "ssm:GetParameter", "ssm:GetParametersByPath", "kms:Decrypt"),
    *("kms:ReEncryptFrom", "kms:CreateGrant", "dynamodb:GetItem", "dynamodb:Query", "rds-db:connect"),
    *("ec2:GetPasswordData", "ec2:RunInstances", "ec2:ModifyLaunchTemplate", "ec2:TerminateInstances"),
    *("ec2:Get*", "sqs:ReceiveMessage", "cloudtrail:StopLogging", "logs:DeleteLogGroup", "*:Get*", "eks:D*"),
)
LAUNCHED_FROM = [f"arn:aws:ec2:us-west-2:*:{each}/*" for each in ("image", "subnet", "security-group")]
SET = "aws:ssoadmin/permissionSetInlinePolicy:PermissionSetInlinePolicy"
AT = "policy.Statement[0]"
CHANGES = ["elasticfilesystem:DeleteAccessPoint", "ec2:DeleteVolume"]
OF_CONTROLLERS = (
    ("Null", "false", "aws:ResourceTag/efs.csi.aws.com/cluster"),
    ("Null", "false", "aws:ResourceTag/elbv2.k8s.aws/cluster"),
    ("StringLike", "*", "ec2:ResourceTag/kubernetes.io/created-for/pvc/name"),
    ("StringLike", "*", "ec2:ResourceTag/CSIVolumeName"),
)
BY_END = ("arn:aws:s3:::*prod*", "arn:aws:s3:::?-prod/*", "arn:aws:s3:::${aws:RequestTag/bucket}/x")
OURS = {"StringEquals": {"aws:ResourceTag/team": "research"}}

RULE = Rule(
    id="iam-no-broad-grants",
    applies_to=(*IDENTITY_POLICIES, ROLE),
    severity="high",
    standards=("FSBP IAM.21", "CKV_AWS_63", "CKV_AWS_288", "CKV_AWS_290"),
    why="A workload that is taken over reaches what it never used: other teams' data, other machines.",
    fix=(
        "Name actions and resources, or add a Condition on aws:ResourceTag; what needs neither goes into "
        "policies.iam-no-broad-grants.allowed."
    ),
    dev="advisory",
    options={
        "allowed": Option("Actions or patterns, as written, that may be allowed on any resource.", [], stricter="fewer")
    },
    check=check,
    good={
        "a web ACL of load balancers": _grant(
            "wafv2:AssociateWebACL", "arn:aws:elasticloadbalancing:us-west-2:111122223333:loadbalancer/app/*"
        ),
        "nothing set": {},
        "reading what there is": _grant(["ec2:Describe*", "eks:List*", "pricing:GetProducts"]),
        "objects of one bucket": _grant("s3:*", ["arn:aws:s3:::data", "arn:aws:s3:::data/*"]),
        **{
            f"what has a tag, by {each}": _grant("ec2:*", Condition={each: OURS["StringEquals"]})
            for each in ("StringEquals", "StringEqualsIgnoreCase", "StringLike", "ArnEquals", "ArnLike")
        },
        "what has one of several tags": _grant("ec2:*", Condition={"ForAnyValue:StringEquals": OURS["StringEquals"]}),
        **{f"{each} on everything": _grant(each) for each in map(_an_action, HARMLESS)},
        "what machines are launched from": _grant(["ec2:RunInstances", "ec2:CreateFleet"], LAUNCHED_FROM),
        "an action without resources": _grant("ec2:CreateLaunchTemplate"),
        **{f"{key} by {how}": _grant(CHANGES, Condition={how: {key: value}}) for how, value, key in OF_CONTROLLERS},
        "what is made with a tag": _grant(
            ["ecr:CreateRepository", "ec2:RunInstances"],
            Condition={"StringEquals": {"aws:RequestTag/team": "research"}},
        ),
        "images of the account": _grant(
            ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
            "arn:aws:ecr:us-west-2:111122223333:repository/*",
        ),
        "models of AWS": _grant("bedrock:InvokeModel", "arn:aws:bedrock:us-west-2::foundation-model/*"),
        "data of the caller": _grant("s3:GetObject", "arn:aws:s3:::data-${aws:PrincipalTag/team}/*"),
        "one that is allowed": Case(_grant("xray:Put*"), options={"allowed": ["xray:Put*"]}),
        "role without inline policies": Case({}, type=ROLE),
    },
    bad={
        "a web ACL of anything": Case(_grant("wafv2:DisassociateWebACL"), at=AT),
        "every group": Case(
            _grant(
                "autoscaling:DeleteX",
                "arn:aws:autoscaling:us-west-2:111122223333:autoScalingGroup:*:autoScalingGroupName/*",
            ),
            at=AT,
        ),
        **{
            f"every {kind}": Case(
                _grant("elasticloadbalancing:DeleteX", f"arn:aws:elasticloadbalancing:us-west-2:111122223333:{kind}/*"),
                at=AT,
            )
            for kind in (
                "targetgroup",
                *(
                    f"{one}/{of}"
                    for one in ("loadbalancer", "listener", "listener-rule")
                    for of in ("app", "net", "gwy")
                ),
            )
        },
        "a service": Case(_grant("s3:*"), at=AT),
        "a service, in every account": Case(_grant("s3:*", "arn:aws:s3:::*"), at=AT),
        "a family of changes": Case(_grant("ec2:Create*"), at=AT),
        "all but a few": Case(_grant("iam:*", key="NotAction"), at=AT),
        **{f"{each} on everything": Case(_grant(each), at=AT) for each in BROAD},
        "machines of any kind": Case(_grant("ec2:RunInstances", [*LAUNCHED_FROM, "arn:aws:ec2:*:*:instance/*"]), at=AT),
        "all but one, launched": Case(
            {"policy": _grant("ec2:RunInstances")["policy"].replace('"Resource": "*"', '"NotResource": "a"')}, at=AT
        ),
        "all secrets, by pattern": Case(_grant("secretsmanager:Get*"), at=AT),
        **{
            f"{each} with a tag that the caller chooses": Case(
                _grant(each, Condition={"StringEquals": {"aws:RequestTag/team": "research"}}), at=AT
            )
            for each in ("ec2:CreateTags", "ec2:Create*", "iam:TagRole", "*", "ec2:TerminateInstances", "eks:Create*")
        },
        "models of the account": Case(
            _grant("bedrock:InvokeModel", "arn:aws:bedrock:us-west-2:111122223333:imported-model/*"), at=AT
        ),
        "images of any account": Case(_grant("ecr:BatchGetImage", "arn:aws:ecr:*:*:repository/*"), at=AT),
        **{f"data by its end, {each}": Case(_grant("s3:Get*", each), at=AT) for each in BY_END},
        "a tag of nobody's, present": Case(
            _grant("ec2:*", Condition={"Null": {"aws:ResourceTag/team": "false"}}), at=AT
        ),
        "a controller's tag, absent": Case(
            _grant("ec2:*", Condition={"Null": {"aws:ResourceTag/ebs.csi.aws.com/cluster": "true"}}), at=AT
        ),
        "any tag": Case(_grant("ec2:*", Condition={"StringLike": {"aws:ResourceTag/team": "*"}}), at=AT),
        "in one region": Case(_grant("sqs:*", Condition={"StringEquals": {"aws:RequestedRegion": "us-west-2"}}), at=AT),
        "a permission set": Case({"inlinePolicy": _grant("s3:*")["policy"]}, type=SET, at=f"inlinePolicy{AT[6:]}"),
        "inline in a role": Case(
            {"inlinePolicies": [_grant("sns:*")]}, type=ROLE, at="inlinePolicies[0].policy.Statement[0]"
        ),
    },
)

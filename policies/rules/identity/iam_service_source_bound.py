"""What a service of AWS may use names for whom the service acts, and that is us.

Services act for every account: one that a stranger sends writes into the bucket of another, if its policy asks nothing.
EventBridge publishes to a topic without saying for whom, so a topic's policy cannot ask. AWS's own guides write key
policies and the trust of roles without one: there only a source that is not ours counts, and all rights on a key.
Sources: IAM user guide, "The confused deputy problem" (cross-service prevention); EventBridge user guide, "Amazon SNS
permissions"; read 2026-11.
"""

from collections.abc import Collection, Iterator

from common.values import UNKNOWN
from policies.grants import EVERYONE, TRUSTED, Grant, grants, is_foreign, own_accounts
from policies.rule import Case, Resource, Rule, at_if_known, present, text
from policies.samples import policy_for

POLICY = "aws:s3/bucketPolicy:BucketPolicy"
TYPES = (
    *(POLICY, "aws:s3/bucket:Bucket", "aws:sqs/queue:Queue", "aws:sqs/queuePolicy:QueuePolicy"),
    *("aws:sns/topic:Topic", "aws:sns/topicPolicy:TopicPolicy"),
    *("aws:secretsmanager/secret:Secret", "aws:secretsmanager/secretPolicy:SecretPolicy"),
)
KEYS = tuple(f"aws:kms/{each}" for each in ("key:Key", "keyPolicy:KeyPolicy", "replicaKey:ReplicaKey"))
ROLE, PERMISSION = "aws:iam/role:Role", "aws:lambda/permission:Permission"
SILENT = "events.amazonaws.com"
SOURCES = ("sourceAccount", "sourceArn", "principalOrgId", "eventSourceToken")
"""What bounds who is behind the service that calls a function. One that is known later is enough."""


def _needs_source(resource: Resource, grant: Grant) -> bool:
    return resource.type in TYPES or (resource.type in KEYS and grant.is_for("kms:PutKeyPolicy"))


def _permission(resource: Resource, own: Collection[str]) -> Iterator[tuple[str, str]]:
    if not text(resource, "principal").endswith(".amazonaws.com"):
        return
    if not any(present(resource, each) for each in SOURCES):
        yield "sourceArn", "is not set, and neither is sourceAccount: a stranger may be behind the service"
    for path in ("sourceAccount", "sourceArn"):
        value = str(at_if_known(resource, path) or "")
        owner = value.split(":")[4] if value.count(":") > 4 else value
        if is_foreign(owner, own):
            yield path, f"is of the account {owner}, which is not of ours"


def check(resource: Resource, *, trusted_accounts: Collection[str]) -> Iterator[tuple[str, str]]:
    if resource.type == PERMISSION:
        yield from _permission(resource, own_accounts(resource, trusted_accounts))
        return
    own, silent = own_accounts(resource, trusted_accounts), SILENT if resource.type.startswith("aws:sns/") else ""
    for grant in grants(resource, "assumeRolePolicy" if resource.type == ROLE else "policy"):
        if not grant.allows or not any(one.kind == "service" and one.name != silent for one in grant.principals):
            continue
        source = grant.source(own)
        if source == EVERYONE and _needs_source(resource, grant):
            yield (
                grant.statement.under("Condition"),
                "has no aws:SourceAccount and no aws:SourceArn: a stranger may be behind the service",
            )
        elif source not in ("", EVERYONE):
            yield grant.statement.under("Condition"), f"lets the service act for {source}, which is not of ours"


AT = "policy.Statement[0].Condition"
SERVICE = {"Service": "delivery.logs.amazonaws.com"}
OURS = {"StringEquals": {"aws:SourceAccount": "111122223333"}}
STRANGER = "999999999999"
FOREIGN = {"StringEquals": {"aws:SourceAccount": STRANGER}}

RULE = Rule(
    id="iam-service-source-bound",
    applies_to=(*TYPES, *KEYS, ROLE, PERMISSION),
    severity="medium",
    why="A stranger has the service of AWS write false logs, events or alarms among ours, which nobody tells apart.",
    fix="Name an account of ours: in a Condition on aws:SourceAccount or aws:SourceArn, or in a permission.",
    mend={
        "Condition": {"StringEquals": {"aws:SourceAccount": "<account>"}},
        "sourceArn": "arn:aws:<service>:<region>:<account>:<name>",
        "sourceAccount": "<account>",
    },
    options={"trusted_accounts": TRUSTED},
    dev="advisory",
    check=check,
    good={
        "nothing set": {},
        "for our account": policy_for(SERVICE, Condition=OURS),
        "for one rule": policy_for(
            SERVICE, Condition={"ArnEquals": {"aws:SourceArn": "arn:aws:events:us-west-2:111122223333:rule/a"}}
        ),
        "a role": policy_for({"AWS": "arn:aws:iam::111122223333:role/a"}),
        "EventBridge, to a topic": Case(policy_for({"Service": SILENT}), type="aws:sns/topicPolicy:TopicPolicy"),
        "a service that is denied": policy_for(SERVICE, "Deny"),
        "a key for alarms, as AWS writes it": Case(policy_for(SERVICE, Action=["kms:Decrypt"]), type=KEYS[0]),
        "a role of a service": Case(policy_for(SERVICE, path="assumeRolePolicy", Action="sts:AssumeRole"), type=ROLE),
        "for an account that is trusted": Case(
            policy_for(SERVICE, Condition=FOREIGN), options={"trusted_accounts": [STRANGER]}
        ),
        **{
            f"a function, by {path}": Case({"principal": "s3.amazonaws.com", path: value}, type=PERMISSION)
            for path, value in (
                ("sourceArn", UNKNOWN),
                ("sourceArn", "arn:aws:s3:::data"),
                ("sourceAccount", "111122223333"),
                ("eventSourceToken", "token"),
            )
        },
        "a function for a role": Case({"principal": "arn:aws:iam::111122223333:role/a"}, type=PERMISSION),
    },
    bad={
        **{f"for anybody, {kind.rpartition(':')[2]}": Case(policy_for(SERVICE), type=kind, at=AT) for kind in TYPES},
        "for rules of any account": Case(
            policy_for(SERVICE, Condition={"ArnLike": {"aws:SourceArn": "arn:aws:events:*:*:rule/*"}}), at=AT
        ),
        **{
            f"for another account, {kind.rpartition(':')[2]}": Case(
                policy_for(SERVICE, path=path, Action="sts:AssumeRole", Condition=FOREIGN),
                type=kind,
                at=f"{path}.Statement[0].Condition",
            )
            for kind, path in (*((each, "policy") for each in (*TYPES, *KEYS)), (ROLE, "assumeRolePolicy"))
        },
        "for a bucket of another account": Case(
            policy_for(SERVICE, Condition={**FOREIGN, "ArnLike": {"aws:SourceArn": "arn:aws:s3:::theirs"}}), at=AT
        ),
        "all rights on a key": Case(policy_for(SERVICE, Action="kms:*"), type=KEYS[0], at=AT),
        "a function, for anybody": Case({"principal": "s3.amazonaws.com"}, type=PERMISSION, at="sourceArn"),
        "a function, for another account": Case(
            {"principal": "s3.amazonaws.com", "sourceArn": UNKNOWN, "sourceAccount": STRANGER},
            type=PERMISSION,
            at="sourceAccount",
        ),
        "a function, for a rule of another account": Case(
            {"principal": SILENT, "sourceArn": f"arn:aws:events:us-west-2:{STRANGER}:rule/a"},
            type=PERMISSION,
            at="sourceArn",
        ),
        "EventBridge, to a queue": Case(policy_for({"Service": SILENT}), type=TYPES[3], at=AT),
        "over TLS": Case(policy_for(SERVICE, Condition={"Bool": {"aws:SecureTransport": "true"}}), at=AT),
    },
)

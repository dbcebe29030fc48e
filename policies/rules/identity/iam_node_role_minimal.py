"""Roles of nodes have the policies that a node needs, and no more: each pod of the node could use them."""

import json
from collections.abc import Collection, Iterator

from policies.grants import Grant, grants, listed
from policies.powers import documents, is_wide
from policies.rule import Option, Resource, Sample, Stack, StackCase, StackRule, at_if_known, text

GROUPS = ("aws:eks/nodeGroup:NodeGroup",)
PROFILE = "aws:iam/instanceProfile:InstanceProfile"
ENTRY = "aws:eks/accessEntry:AccessEntry"
ROLE, ATTACHMENT, INLINE = (
    *("aws:iam/role:Role", "aws:iam/rolePolicyAttachment:RolePolicyAttachment"),
    "aws:iam/rolePolicy:RolePolicy",
)
NEEDED = (
    *("AmazonEKSWorkerNodePolicy", "AmazonEKSWorkerNodeMinimalPolicy", "AmazonEKS_CNI_Policy"),
    *("AmazonEC2ContainerRegistryReadOnly", "AmazonEC2ContainerRegistryPullOnly", "AmazonSSMManagedInstanceCore"),
)
FILLS = frozenset(("ecr:batchimportupstreamimage", "ecr:createrepository", "ecr:tagresource"))
"""What a node needs beside, where pulls make the repositories of a cache: AWS's policies of nodes lack it.

Source: Amazon ECR user guide, "IAM permissions required to sync an upstream registry with ECR"; read 2026-11.
"""


def _fills_a_cache(grant: Grant) -> bool:
    actions, on = (listed(grant.statement, key) for key in ("Action", "Resource"))
    bounded = all(arn.split(":", 3)[2:3] == ["ecr"] for arn in on) and not is_wide(grant)
    return {*map(str.lower, actions)} <= FILLS and not listed(grant.statement, "NotAction") and bounded


def _more(resource: Resource) -> bool:
    """Tells whether policies in the resource itself allow more than to fill a cache of images."""
    return any(grant.allows and not _fills_a_cache(grant) for each in documents(resource) for grant in grants(*each))


def _roles(stack: Stack) -> set[str]:
    used = [*((group, "nodeRoleArn") for group in stack.of(*GROUPS)), *((each, "role") for each in stack.of(PROFILE))]
    used += [(each, "principalArn") for each in stack.of(ENTRY) if text(each, "type").startswith("EC2")]
    return {role.urn for holder, key in used for role in stack.linked(holder, key, (ROLE,))}


def check(stack: Stack, *, policies: Collection[str]) -> Iterator[tuple[Resource, str, str]]:
    roles = _roles(stack)
    for role in stack.of(ROLE):
        if role.urn in roles:
            arns = at_if_known(role, "managedPolicyArns")
            for arn in map(str, arns if isinstance(arns, list) else ()):
                if arn.rpartition("/")[2] not in policies:
                    yield role, "managedPolicyArns", f"has {arn.rpartition('/')[2]}, which each pod of a node could use"
            if at_if_known(role, "inlinePolicies") and _more(role):
                yield role, "inlinePolicies", "are more than the nodes need: each pod of a node could use them"
    for attachment in stack.of(ATTACHMENT):
        if roles & {role.urn for role in stack.linked(attachment, "role", (ROLE,))}:
            name = text(attachment, "policyArn").rpartition("/")[2]
            if name not in policies:
                yield attachment, "policyArn", f"is {name}, for a role of nodes: each pod of a node could use it"
    for inline in stack.of(INLINE):
        if roles & {role.urn for role in stack.linked(inline, "role", (ROLE,))} and _more(inline):
            yield inline, "role", "is a role of nodes, which needs no such policy of its own: each pod could use it"


def _stack(
    policy: str = NEEDED[0], *, holder: str = GROUPS[0], key: str = "nodeRoleArn", kind: str = "", **more: Sample
) -> StackCase:
    arn = f"arn:aws:iam::aws:policy/{policy}"
    props = {"type": kind} if kind else {}
    resources = {
        "role": Sample(ROLE, {"managedPolicyArns": [f"arn:aws:iam::aws:policy/{NEEDED[1]}"]}),
        "other": Sample(ROLE),
        "attachment": Sample(ATTACHMENT, {"policyArn": arn}, links={"role": "role"}),
        "nodes": Sample(holder, props, links={key: "role"}),
        **more,
    }
    return StackCase(resources, at=("attachment", "policyArn"))


S3 = "AmazonS3ReadOnlyAccess"
CACHE = "arn:aws:ecr:us-west-2:111122223333:repository/cache/*"


def _document(action: object = "ecr:CreateRepository", on: object = CACHE, **more: object) -> str:
    return json.dumps({"Statement": {"Effect": "Allow", "Action": action, "Resource": on, **more}})


def _own(policy: str, *, inside: bool = False) -> StackCase:
    if inside:
        role = Sample(ROLE, {"inlinePolicies": [{"name": "own", "policy": policy}]})
        return StackCase(_stack(role=role).resources, at=("role", "inlinePolicies"))
    inline = Sample(INLINE, {"policy": policy}, links={"role": "role"})
    return StackCase(_stack(inline=inline).resources, at=("inline", "role"))


READS = _document("s3:GetObject", "arn:aws:s3:::data/*")
OF_ROLE = Sample(ROLE, {"managedPolicyArns": [f"arn:aws:iam::aws:policy/{S3}"]})

RULE = StackRule(
    id="iam-node-role-minimal",
    applies_to=(*GROUPS, PROFILE, ENTRY, ROLE, ATTACHMENT, INLINE),
    severity="high",
    standards=("CIS EKS 5.1.3", "EKS best practices: identity"),
    why="A pod that reaches the metadata service has the rights of its node.",
    fix="Give the rights to the pods that need them: storage.buckets.<name>.used_by, or a Pod Identity association.",
    no_mend="the resource itself must go",
    dev="advisory",
    options={"policies": Option("Names of policies that a role of nodes may have.", list(NEEDED), stricter="fewer")},
    check=check,
    good={
        "nothing set": StackCase({"role": Sample(ROLE)}),
        "what a node needs": _stack(),
        "a role of no node": _stack(S3, other=Sample(ROLE), nodes=Sample(GROUPS[0], links={"nodeRoleArn": "other"})),
        "an entry of people": _stack(S3, holder=ENTRY, key="principalArn", kind="STANDARD"),
        "a policy of another role": _stack(inline=Sample(INLINE, {"policy": READS}, links={"role": "other"})),
        "a cache of images": _own(_document(["ecr:BatchImportUpstreamImage", "ecr:TagResource"])),
        "a cache of images, in the role itself": _own(_document(), inside=True),
        "what is denied": _own(_document("*", "*", Effect="Deny")),
        "policies of another role": _stack(other=OF_ROLE),
    },
    bad={
        "buckets": _stack(S3),
        "an instance profile": _stack(S3, holder=PROFILE, key="role"),
        "an entry of nodes": _stack(S3, holder=ENTRY, key="principalArn", kind="EC2_LINUX"),
        "in the role itself": StackCase(_stack(role=OF_ROLE).resources, at=("role", "managedPolicyArns")),
        "a policy of its own": _own(READS),
        "a policy inside of the role": _own(READS, inside=True),
        "more of ECR": _own(_document(["ecr:CreateRepository", "ecr:PutImage"])),
        "all but a few": _own(json.dumps({"Statement": {"Effect": "Allow", "NotAction": "iam:*", "Resource": CACHE}})),
        "every repository": _own(_document(on="arn:aws:ecr:*:*:repository/*")),
        "another service": _own(_document("ecr:TagResource", "arn:aws:s3:::data")),
    },
)

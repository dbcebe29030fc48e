"""Roles of nodes have the policies that a node needs, and no more: each pod of the node could use them."""

from collections.abc import Collection, Iterator

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
    for attachment in stack.of(ATTACHMENT):
        if roles & {role.urn for role in stack.linked(attachment, "role", (ROLE,))}:
            name = text(attachment, "policyArn").rpartition("/")[2]
            if name not in policies:
                yield attachment, "policyArn", f"is {name}, for a role of nodes: each pod of a node could use it"
    for inline in stack.of(INLINE):
        if roles & {role.urn for role in stack.linked(inline, "role", (ROLE,))}:
            yield inline, "role", "is a role of nodes, which needs no policy of its own: each pod could use it"


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
        "a policy of another role": _stack(inline=Sample(INLINE, links={"role": "other"})),
        "policies of another role": _stack(other=OF_ROLE),
    },
    bad={
        "buckets": _stack(S3),
        "an instance profile": _stack(S3, holder=PROFILE, key="role"),
        "an entry of nodes": _stack(S3, holder=ENTRY, key="principalArn", kind="EC2_LINUX"),
        "in the role itself": StackCase(_stack(role=OF_ROLE).resources, at=("role", "managedPolicyArns")),
        "a policy of its own": StackCase(
            _stack(inline=Sample(INLINE, links={"role": "role"})).resources, at=("inline", "role")
        ),
    },
)

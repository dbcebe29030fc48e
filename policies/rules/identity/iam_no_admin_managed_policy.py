"""No role carries one of AWS's administrator policies."""

from collections.abc import Iterator

from policies.rule import Case, Resource, Rule, text, texts

ATTACHMENT, ROLE = "aws:iam/rolePolicyAttachment:RolePolicyAttachment", "aws:iam/role:Role"
ADMINISTRATORS = ("AdministratorAccess", "PowerUserAccess", "IAMFullAccess")


def _administers(arn: str) -> bool:
    return arn.startswith("arn:") and arn.rpartition("/")[2] in ADMINISTRATORS


def check(resource: Resource) -> Iterator[tuple[str, str]]:
    if resource.type == ATTACHMENT and _administers(text(resource, "policyArn")):
        yield "policyArn", "is an administrator policy"
    if resource.type == ROLE and any(map(_administers, texts(resource, "managedPolicyArns"))):
        yield "managedPolicyArns", "holds an administrator policy"


RULE = Rule(
    id="iam-no-admin-managed-policy",
    applies_to=(ATTACHMENT, ROLE),
    severity="critical",
    standards=("CKV_AWS_274", "CKV2_AWS_56"),
    why="Whoever takes over the workload takes over the account.",
    fix="Attach a policy that lists the actions that are called.",
    on_unknown="pass",  # ARNs of AWS are known; an unknown policy is made in this stack and judged there
    check=check,
    good={
        "nothing said": {},
        "a policy for one service": {"policyArn": "arn:aws:iam::aws:policy/AmazonEKSClusterPolicy"},
        "role": Case({"managedPolicyArns": ["arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"]}, type=ROLE),
    },
    bad={
        f"attached: {ADMINISTRATORS[0]}": Case(
            {"policyArn": f"arn:aws:iam::aws:policy/{ADMINISTRATORS[0]}"}, at="policyArn"
        ),
        "of another partition": Case({"policyArn": "arn:aws-cn:iam::aws:policy/IAMFullAccess"}, at="policyArn"),
        "named in the role": Case(
            {"managedPolicyArns": ["arn:aws:iam::aws:policy/PowerUserAccess"]}, type=ROLE, at="managedPolicyArns"
        ),
    },
)

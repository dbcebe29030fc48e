"""No role has one of AWS's administrator policies."""

from collections.abc import Iterator

from policies.rule import Case, Resource, Rule, text, texts

ATTACHMENT, ROLE = "aws:iam/rolePolicyAttachment:RolePolicyAttachment", "aws:iam/role:Role"
ADMINISTRATORS = ("AdministratorAccess", "PowerUserAccess", "IAMFullAccess")


def _is_administrator_policy(arn: str) -> bool:
    return arn.startswith("arn:") and arn.rpartition("/")[2] in ADMINISTRATORS


def check(resource: Resource) -> Iterator[tuple[str, str]]:
    if resource.type == ATTACHMENT and _is_administrator_policy(text(resource, "policyArn")):
        yield "policyArn", "is an administrator policy"
    if resource.type == ROLE and any(map(_is_administrator_policy, texts(resource, "managedPolicyArns"))):
        yield "managedPolicyArns", "contains an administrator policy"


RULE = Rule(
    id="iam-no-admin-managed-policy",
    applies_to=(ATTACHMENT, ROLE),
    severity="critical",
    standards=("CKV_AWS_274", "CKV2_AWS_56"),
    why="Anyone who takes over the workload takes over the account.",
    fix="Attach a policy that lists the actions that the workload calls.",
    on_unknown="pass",  # ARNs of AWS's policies are known; an unknown one is a policy of this stack, with its own rule
    check=check,
    good={
        "nothing set": {},
        "a policy for one service": {"policyArn": "arn:aws:iam::aws:policy/AmazonEKSClusterPolicy"},
        "role": Case({"managedPolicyArns": ["arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"]}, type=ROLE),
    },
    bad={
        f"{ADMINISTRATORS[0]} attached": Case(
            {"policyArn": f"arn:aws:iam::aws:policy/{ADMINISTRATORS[0]}"}, at="policyArn"
        ),
        "policy of another partition": Case({"policyArn": "arn:aws-cn:iam::aws:policy/IAMFullAccess"}, at="policyArn"),
        "in the role itself": Case(
            {"managedPolicyArns": ["arn:aws:iam::aws:policy/PowerUserAccess"]}, type=ROLE, at="managedPolicyArns"
        ),
    },
)

"""Each service account has a role of its own: a role that two share gives each the rights of the other."""

from collections.abc import Iterator

from policies.rule import Resource, Sample, Stack, StackCase, StackRule, at_if_known, text

ASSOCIATION, ROLE = "aws:eks/podIdentityAssociation:PodIdentityAssociation", "aws:iam/role:Role"


def check(stack: Stack) -> Iterator[tuple[Resource, str, str]]:
    first: dict[str, str] = {}
    for association in stack.of(ASSOCIATION):
        arn = at_if_known(association, "roleArn")
        roles = [str(arn)] if arn else [role.urn for role in stack.linked(association, "roleArn", (ROLE,))]
        account = f"{text(association, 'namespace')}/{text(association, 'serviceAccount')}"
        for role in roles:
            if (other := first.setdefault(role, account)) != account:
                yield association, "roleArn", f"is the role of service account {other} too"


def _pair(*accounts: str, arn: object = None) -> StackCase:
    pods = {
        name: Sample(
            ASSOCIATION,
            {"namespace": "research", "serviceAccount": account, **({"roleArn": arn} if arn else {})},
            {} if arn else {"roleArn": "role"},
        )
        for name, account in zip(("one", "two"), accounts, strict=True)
    }
    return StackCase({"role": Sample(ROLE), **pods}, ("two", "roleArn"))


RULE = StackRule(
    id="iam-one-role-per-workload",
    applies_to=(ASSOCIATION, ROLE),
    severity="medium",
    standards=("EKS best practices, identity and access management",),
    why="Who takes over one of the two pods may do in AWS what the other may.",
    fix="Make a role for each service account, with what it needs alone.",
    mend={"roleArn": "arn:aws:iam::<account>:role/<name>"},
    dev="advisory",
    check=check,
    good={
        "nothing set": StackCase({}),
        "one service account in two clusters": _pair("train", "train"),
        "two roles": StackCase(
            {name: Sample(ASSOCIATION, {"serviceAccount": name, "roleArn": f"arn:{name}"}) for name in ("one", "two")}
        ),
    },
    bad={
        "a role that is made later": _pair("train", "serve"),
        "a role of elsewhere": _pair("train", "serve", arn="arn:aws:iam::111122223333:role/ml"),
    },
)

"""Nobody has one of AWS's policies for administrators, or for everything in a service."""

from collections.abc import Collection, Iterator

from policies.powers import ADMINISTRATORS
from policies.rule import Case, Option, Resource, Rule, text, texts

ROLE = "aws:iam/role:Role"
BY_PROPERTY = {
    "policyArn": (
        *("iam/rolePolicyAttachment:RolePolicyAttachment", "iam/userPolicyAttachment:UserPolicyAttachment"),
        *("iam/groupPolicyAttachment:GroupPolicyAttachment", "iam/policyAttachment:PolicyAttachment"),
    ),
    "policyArns": tuple(
        f"iam/{who}PolicyAttachmentsExclusive:{who.title()}PolicyAttachmentsExclusive"
        for who in ("role", "user", "group")
    ),
    "managedPolicyArns": ("iam/role:Role",),
    "managedPolicyArn": ("ssoadmin/managedPolicyAttachment:ManagedPolicyAttachment",),
}
PROPERTY = {f"aws:{kind}": name for name, kinds in BY_PROPERTY.items() for kind in kinds}


def check(resource: Resource, *, allowed: Collection[str]) -> Iterator[tuple[str, str]]:
    path = PROPERTY[resource.type]
    names = texts(resource, path) if path.endswith("Arns") else [text(resource, path)]
    for arn in names:
        yield from _problem(path, arn, allowed)


def _problem(path: str, arn: str, allowed: Collection[str]) -> Iterator[tuple[str, str]]:
    if ADMINISTRATORS.fullmatch(arn) and arn.rpartition("/")[2] not in allowed:
        yield path, f"is {arn.rpartition('/')[2]}, which lets its holder do everything there is in a service or in all"


def _aws(name: str) -> str:
    return f"arn:aws:iam::aws:policy/{name}"


RULE = Rule(
    id="iam-no-admin-managed-policy",
    applies_to=tuple(PROPERTY),
    severity="critical",
    standards=("CKV_AWS_274", "CKV2_AWS_56"),
    why="Anyone who takes over the workload takes over the account.",
    fix="Attach a policy that lists the actions that the workload calls.",
    mend={
        "policyArn": "arn:aws:iam::<account>:policy/<name>",
        "policyArns": ["arn:aws:iam::<account>:policy/<name>"],
        "managedPolicyArns": ["arn:aws:iam::<account>:policy/<name>"],
        "managedPolicyArn": "arn:aws:iam::<account>:policy/<name>",
    },
    on_unknown="pass",  # ARNs of AWS's policies are known; an unknown one is a policy of this stack, with its own rule
    options={"allowed": Option("Names of AWS's policies that may be attached all the same.", [], stricter="fewer")},
    check=check,
    good={
        "nothing set": {},
        "a policy for one service": {"policyArn": _aws("AmazonEKSClusterPolicy")},
        "reading for administrators": {"policyArn": _aws("AWSServiceCatalogAdminReadOnlyAccess")},
        "a policy of the account": {"policyArn": "arn:aws:iam::111122223333:policy/AdministratorAccess"},
        "role": Case({"managedPolicyArns": [_aws("AmazonSSMManagedInstanceCore")]}, type=ROLE),
        "one that is allowed": Case(
            {"policyArn": _aws("AmazonS3FullAccess")}, options={"allowed": ["AmazonS3FullAccess"]}
        ),
    },
    bad={
        "AdministratorAccess attached": Case({"policyArn": _aws("AdministratorAccess")}, at="policyArn"),
        "policy of another partition": Case({"policyArn": "arn:aws-cn:iam::aws:policy/IAMFullAccess"}, at="policyArn"),
        "administrator of a product": Case({"policyArn": _aws("AdministratorAccess-Amplify")}, at="policyArn"),
        **{
            each: Case({"policyArn": _aws(each)}, at="policyArn")
            for each in ("AWSCodeBuildAdminAccess", "AmazonWorkSpacesAdmin", "SecretsManagerReadWrite")
        },
        "administrator of a service": Case({"policyArn": _aws("AmazonAPIGatewayAdministrator")}, at="policyArn"),
        "a job": Case({"policyArn": _aws("job-function/SystemAdministrator")}, at="policyArn"),
        "everything in S3": Case({"policyArn": _aws("AmazonS3FullAccess")}, at="policyArn"),
        **{
            f"{kind.rpartition(':')[2]}": Case(
                {
                    path: [_aws("ReadOnlyAccess"), _aws("PowerUserAccess")]
                    if path.endswith("Arns")
                    else _aws("PowerUserAccess")
                },
                type=kind,
                at=path,
            )
            for kind, path in PROPERTY.items()
        },
    },
)

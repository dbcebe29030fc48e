"""No policy of a repository, or of the registry, lets in everyone, or an account that is not trusted."""

from collections.abc import Collection, Iterator

from policies.grants import TRUSTED, let_in
from policies.rule import Case, Resource, Rule
from policies.samples import policy_for

POLICY, REGISTRY = "aws:ecr/repositoryPolicy:RepositoryPolicy", "aws:ecr/registryPolicy:RegistryPolicy"
TEMPLATE = "aws:ecr/repositoryCreationTemplate:RepositoryCreationTemplate"


def check(resource: Resource, *, trusted_accounts: Collection[str]) -> Iterator[tuple[str, str]]:
    for path in ("policy", "repositoryPolicy"):
        yield from let_in(resource, path, "they may use the images", trusted_accounts)


AT = "policy.Statement[0].Principal"
ROLE = {"AWS": "arn:aws:iam::111122223333:role/ci"}

RULE = Rule(
    id="ecr-policy-not-open",
    applies_to=(POLICY, REGISTRY, TEMPLATE),
    severity="critical",
    standards=("CKV_AWS_32",),
    why="Images hold code and models; and who may push runs code on every node that pulls.",
    fix="Name the roles that push, or the organization in a Condition on aws:PrincipalOrgID.",
    mend={"Principal": {"AWS": "arn:aws:iam::<account>:role/<name>"}},
    options={"trusted_accounts": TRUSTED},
    check=check,
    good={
        "a role": policy_for(ROLE),
        "an organization": policy_for("*", Condition={"StringEquals": {"aws:PrincipalOrgID": "o-0123456789"}}),
        "denied": policy_for("*", "Deny"),
        "nothing set, so only the account has access": Case({}, type=TEMPLATE),
    },
    bad={
        "everyone": Case(policy_for("*"), at=AT),
        "everyone, spelled as a map": Case(policy_for({"AWS": "*"}), at=AT),
        "everyone may make repositories": Case(policy_for("*"), type=REGISTRY, at=AT),
        "repositories to come": Case(
            policy_for("*", path="repositoryPolicy"), type=TEMPLATE, at="repositoryPolicy.Statement[0].Principal"
        ),
        "all but one": Case(policy_for(None, NotPrincipal=ROLE), at="policy.Statement[0].NotPrincipal"),
        "another account": Case(policy_for({"AWS": "arn:aws:iam::999999999999:root"}), at=AT),
    },
)

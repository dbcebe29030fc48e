"""No key policy and no grant lets in everyone, or an account that is not trusted."""

from collections.abc import Collection, Iterator

from policies.grants import TRUSTED, Principal, is_foreign, let_in, own_accounts
from policies.rule import Case, Resource, Rule, text
from policies.samples import policy_for

KEYS = tuple(f"aws:kms/{each}" for each in ("key:Key", "replicaKey:ReplicaKey", "externalKey:ExternalKey"))
POLICY, GRANT = "aws:kms/keyPolicy:KeyPolicy", "aws:kms/grant:Grant"


def check(resource: Resource, *, trusted_accounts: Collection[str]) -> Iterator[tuple[str, str]]:
    if resource.type == GRANT:
        for path in ("granteePrincipal", "retiringPrincipal"):
            owner = Principal("aws", text(resource, path)).owner
            if owner and is_foreign(owner, own_accounts(resource, trusted_accounts)):
                yield path, "is of another account, which may use the key"
    yield from let_in(resource, "policy", "they may use the key", trusted_accounts)


AT = "policy.Statement[0].Principal"
FOREIGN = "arn:aws:iam::999999999999:root"

RULE = Rule(
    id="kms-policy-not-open",
    applies_to=(*KEYS, POLICY, GRANT),
    severity="critical",
    standards=("FSBP KMS.5", "CKV_AWS_33"),
    why="Anyone who may use the key may read everything that it encrypts.",
    fix="Name the principals, or add a Condition such as kms:CallerAccount.",
    mend={"Principal": {"AWS": "arn:aws:iam::<account>:role/<name>"}},
    options={"trusted_accounts": TRUSTED},
    check=check,
    good={
        "the account": policy_for({"AWS": "arn:aws:iam::111122223333:root"}),
        "a service": policy_for({"Service": "logs.us-west-2.amazonaws.com"}),
        "everyone in the account": policy_for("*", Condition={"StringEquals": {"kms:CallerAccount": "111122223333"}}),
        "denied": policy_for("*", "Deny"),
        "nothing set, so AWS allows the account only": {},
        "a grant to a role of the account": Case(
            {"granteePrincipal": "arn:aws:iam::111122223333:role/loader"}, type=GRANT
        ),
        "a grant to a trusted account": Case(
            {"granteePrincipal": FOREIGN}, type=GRANT, options={"trusted_accounts": ["999999999999"]}
        ),
    },
    bad={
        "everyone": Case(policy_for("*"), at=AT),
        "everyone, spelled as a map": Case(policy_for({"AWS": ["*"]}), type=POLICY, at=AT),
        "everyone, through a service": Case(
            policy_for("*", Condition={"StringEquals": {"kms:ViaService": "s3.us-west-2.amazonaws.com"}}), at=AT
        ),
        "another account": Case(policy_for({"AWS": FOREIGN}), at=AT),
        "a grant to another account": Case({"granteePrincipal": FOREIGN}, type=GRANT, at="granteePrincipal"),
        "a grant that another account retires": Case(
            {"retiringPrincipal": FOREIGN}, type=GRANT, at="retiringPrincipal"
        ),
    },
)

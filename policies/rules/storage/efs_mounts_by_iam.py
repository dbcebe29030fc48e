"""No EFS file system is open to everybody who reaches one of its mount targets."""

import json
from collections.abc import Iterator

from policies.grants import grants
from policies.rule import Case, Resource, Rule

MOUNTS = "elasticfilesystem:ClientMount"
WHO = tuple(f"aws:principal{each}" for each in ("arn", "account", "orgid", "orgpaths"))
"""Keys of a condition that only a caller with an identity has."""


def check(resource: Resource) -> Iterator[tuple[str, str]]:
    given = list(grants(resource, "policy"))
    if not given:
        yield "policy", "has no statement, so everybody mounts who reaches a mount target"
    for grant in given:
        everybody = grant.all_principals_but or any(principal.name == "*" for principal in grant.principals)
        named = any(each.key in WHO and each.owners for each in grant.conditions)
        if grant.allows and grant.is_for(MOUNTS) and everybody and not named:
            yield "policy", "lets everybody mount who reaches a mount target, also pods that nobody gave a claim"


def _policy(**changes: object) -> dict[str, object]:
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::111122223333:role/nodes"},
        "Action": ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"],
        **changes,
    }
    statement = {key: value for key, value in statement.items() if value is not None}
    return {"policy": json.dumps({"Version": "2012-10-17", "Statement": [statement]})}


_EVERYBODY = {"AWS": "*"}
_OWNERS = {
    "Account": "111122223333",
    "Arn": "arn:aws:iam::111122223333:role/a",
    "OrgID": "o-a1b2c3d4e5",
    "OrgPaths": "o-a1b2c3d4e5/*",
}
_OWN = {"aws:PrincipalAccount": "111122223333"}
RULE = Rule(
    id="efs-mounts-by-iam",
    applies_to="aws:efs/fileSystemPolicy:FileSystemPolicy",
    severity="medium",
    standards=("EKS best practices, identity and access management",),
    why="A network alone says nothing of who it is: any pod or machine behind the security group may try each access "
    "point.",
    fix="Let the file system ask for a role. One that is in use goes by access: both first.",
    stack_file={"storage.file_systems.<name>.access": "iam"},
    dev="advisory",
    staging="advisory",
    prod="advisory",  # a live file system has to go through the step between
    on_unknown="pass",  # the ARN of a role that is made in the same stack
    check=check,
    good={
        "the role of the driver": _policy(),
        "everybody denied": _policy(Effect="Deny", Principal=_EVERYBODY),
        "everybody, for what is no mount": _policy(Principal="*", Action=["elasticfilesystem:Describe*"]),
        "everybody, for all but mounts": _policy(Principal="*", Action=None, NotAction="elasticfilesystem:client*"),
        **{
            f"everybody by {key}": _policy(
                Principal=_EVERYBODY, Condition={"StringLike": {f"aws:Principal{key}": value}}
            )
            for key, value in _OWNERS.items()
        },
    },
    bad={
        "nothing set": Case({"policy": json.dumps({"Version": "2012-10-17", "Statement": []})}, at="policy"),
        "everybody": Case(_policy(Principal="*"), at="policy"),
        "all but one": Case(_policy(Principal=None, NotPrincipal={"AWS": "arn:aws:iam::1:role/a"}), at="policy"),
        "all but other actions": Case(
            _policy(Principal="*", Action=None, NotAction="elasticfilesystem:ClientWrite"), at="policy"
        ),
        "an action in lower case": Case(_policy(Principal="*", Action="elasticfilesystem:clientmount"), at="policy"),
        "a part of an action": Case(_policy(Principal="*", Action=["elasticfilesystem:ClientM*"]), at="policy"),
        "everybody with an access point": Case(
            _policy(
                Principal=_EVERYBODY,
                Condition={"ArnLike": {"elasticfilesystem:AccessPointArn": "arn:aws:elasticfilesystem:*"}},
            ),
            at="policy",
        ),
        "everybody but one account": Case(
            _policy(Principal=_EVERYBODY, Condition={"StringNotEquals": _OWN}), at="policy"
        ),
    },
)

"""People and programs get credentials that expire: the stack makes no IAM user, password or access key."""

from collections.abc import Collection, Iterator

from policies.rule import Case, Option, Resource, Rule, text

USER, KEY = "aws:iam/user:User", "aws:iam/accessKey:AccessKey"
OTHERS = (
    *("aws:iam/userLoginProfile:UserLoginProfile", "aws:iam/sshKey:SshKey"),
    "aws:iam/serviceSpecificCredential:ServiceSpecificCredential",
)


def check(resource: Resource, *, allowed: Collection[str]) -> Iterator[tuple[str, str]]:
    path = "name" if resource.type == USER else "userName" if "serviceSpecific" in resource.type else "user"
    path = "username" if "sshKey" in resource.type else path
    if text(resource, path) not in allowed:
        yield path, "is a user of IAM, whose credentials do not expire by themselves"


RULE = Rule(
    id="iam-no-users-or-keys",
    applies_to=(USER, KEY, *OTHERS),
    severity="high",
    standards=("CKV_AWS_273",),
    why="A key that does not expire leaks once and works for ever, and its secret stands in the state.",
    fix="Use a role: IAM Identity Center for people, Pod Identity for pods, OpenID Connect for pipelines.",
    on_unknown="pass",  # the name of a user that is made in the same stack, which has its own finding
    options={"allowed": Option("Names of users that may be there all the same.", [])},
    check=check,
    good={"a user for emergencies": Case({"name": "emergency"}, options={"allowed": ["emergency"]})},
    bad={
        "nothing set": Case({}, at="name"),
        "a user": Case({"name": "ci"}, at="name"),
        "a key": Case({"user": "ci"}, type=KEY, at="user"),
        "a password": Case({"user": "ci"}, type=OTHERS[0], at="user"),
        "an SSH key": Case({"username": "ci"}, type=OTHERS[1], at="username"),
        "a password of one service": Case({"userName": "ci"}, type=OTHERS[2], at="userName"),
    },
)

"""People and programs get credentials that expire: the stack makes no IAM user, password, key or right of one."""

from collections.abc import Collection, Iterator

from policies.rule import Case, Option, Resource, Rule, text, texts

USER, KEY = "aws:iam/user:User", "aws:iam/accessKey:AccessKey"
SHARED = "aws:iam/policyAttachment:PolicyAttachment"
NAMED = {
    USER: "name",
    KEY: "user",
    "aws:iam/userLoginProfile:UserLoginProfile": "user",
    "aws:iam/sshKey:SshKey": "username",
    "aws:iam/serviceSpecificCredential:ServiceSpecificCredential": "userName",
    "aws:iam/userPolicy:UserPolicy": "user",
    "aws:iam/userPolicyAttachment:UserPolicyAttachment": "user",
    "aws:iam/userGroupMembership:UserGroupMembership": "user",
}
"""Type -> the input that names the user."""


def check(resource: Resource, *, allowed: Collection[str]) -> Iterator[tuple[str, str]]:
    path = NAMED.get(resource.type, "users")
    names = texts(resource, path) if resource.type == SHARED else [text(resource, path)]
    if not set(names) <= set(allowed):
        yield path, "is a user of IAM, whose credentials do not expire by themselves"


RULE = Rule(
    id="iam-no-users-or-keys",
    applies_to=(*NAMED, SHARED),
    severity="high",
    standards=("CKV_AWS_40", "CKV_AWS_273"),
    why="A key that does not expire leaks once and works for ever, and its secret stands in the state.",
    fix="Use a role: IAM Identity Center for people, Pod Identity for pods, OpenID Connect for pipelines.",
    no_mend="the resource itself must go",
    on_unknown="pass",  # the name of a user that is made in the same stack, which has its own finding
    options={"allowed": Option("Names of users that may be there all the same.", [], stricter="fewer")},
    check=check,
    good={
        "a user for emergencies": Case({"name": "emergency"}, options={"allowed": ["emergency"]}),
        "a policy for roles": Case({"roles": ["trainer"]}, type=SHARED),
    },
    bad={
        "nothing set": Case({}, at="name"),
        "a policy for several": Case({"users": ["emergency", "ci"]}, type=SHARED, at="users"),
        **{kind.rpartition(":")[2]: Case({path: "ci"}, type=kind, at=path) for kind, path in NAMED.items()},
    },
)

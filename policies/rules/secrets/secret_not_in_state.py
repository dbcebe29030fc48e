"""The program holds no value of a secret: what it gives to AWS or to the cluster stays in the state and its history.

That holds for write-only inputs too, which the bridge of the provider keeps in the state.
Source: pulumi/pulumi-terraform-bridge, issue 3201; read 2026-11.
"""

from collections.abc import Iterator

from common.values import UNKNOWN, Secret
from policies.objects import objects
from policies.rule import Case, Resource, Rule, View, collect_from, present, text

PARAMETER = "aws:ssm/parameter:Parameter"
HOLDING = {
    "aws:secretsmanager/secretVersion:SecretVersion": ("secretString", "secretBinary", "secretStringWo"),
    "aws:rds/cluster:Cluster": ("masterPassword", "masterPasswordWo"),
    "aws:rds/instance:Instance": ("password", "passwordWo"),
    PARAMETER: ("value", "valueWo"),
}
OBJECT = "kubernetes:core/v1:Secret"
WHY = "has a value, which the state keeps, and every earlier state"


def _secret(secret: View) -> Iterator[tuple[str, str]]:
    for name in ("data", "stringData"):
        if present(secret, name):
            yield secret.under(name), WHY


def check(resource: Resource) -> Iterator[tuple[str, str]]:
    if resource.type == PARAMETER and text(resource, "type") != "SecureString":
        return
    for name in HOLDING.get(resource.type, ()):
        if present(resource, name):
            yield name, WHY
    yield from collect_from(objects(resource, "core", "Secret"), _secret)


VERSION = next(iter(HOLDING))

RULE = Rule(
    id="secret-not-in-state",
    applies_to=(*HOLDING, f"{OBJECT}*"),
    severity="critical",
    standards=("Pulumi: secrets in state",),
    why="Who may read the state of a stack would have its passwords, also those that were replaced long ago.",
    fix="Make the secret empty and fill it outside, let a generator or RDS make it, and name it where it is used.",
    on_unknown="fail",
    check=check,
    good={
        "nothing set": Case({}, type=VERSION),
        "a parameter that is no secret": Case({"type": "String", "value": "x"}, type=PARAMETER),
        "a database that makes its own": Case({"manageMasterUserPassword": True}, type="aws:rds/cluster:Cluster"),
        "a Secret that a controller fills": Case({"type": "Opaque", "data": {}}, type=OBJECT),
    },
    bad={
        **{
            f"{name} of {kind.rpartition(':')[2]} in {kind.split('/')[0][4:]}": Case(
                {**({"type": "SecureString"} if kind == PARAMETER else {}), name: Secret("hunter2")}, type=kind, at=name
            )
            for kind, names in HOLDING.items()
            for name in names
        },
        "a value that is known later": Case({"secretString": UNKNOWN}, type=VERSION, at="secretString"),
        "a Secret": Case({"data": {"token": "aHVudGVyMg=="}}, type=OBJECT, at="data"),
        "a Secret in plain text": Case({"stringData": Secret({"token": "hunter2"})}, type=OBJECT, at="stringData"),
        "a patch": Case({"stringData": {"token": UNKNOWN}}, type=f"{OBJECT}Patch", at="stringData"),
        "in a list": Case({"items": [{"data": {"token": "x"}}]}, type=f"{OBJECT}List", at="items[0].data"),
    },
)

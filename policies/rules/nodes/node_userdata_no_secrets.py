"""The start script of a machine holds no secret, and opens no login that nobody records."""

import base64
import binascii
import re
from collections.abc import Iterator

from common.secret_names import set_inside
from common.secret_texts import form_of
from policies.machines import INSTANCES, SPOT_FLEET, STARTS, launches
from policies.pools import NODE_CLASS
from policies.rule import Case, Resource, Rule, text

INSTANCE, CONFIGURATION = INSTANCES[0], "aws:ec2/launchConfiguration:LaunchConfiguration"
SCRIPTS = (*STARTS, CONFIGURATION, NODE_CLASS)
PATHS = ("userData", "userDataBase64", "spec.userData")
_LOGIN = re.compile(r"ssh[-_]authorized[-_]keys|authorized_keys|\bssh-(rsa|ed25519) AAAA|\bchpasswd\b")
_ADMIN_CONTAINER = re.compile(r"\[settings\.host-containers\.admin\][^\[]*^\s*enabled\s*=\s*true", re.MULTILINE)


def _opened(value: str) -> str:
    try:
        return base64.b64decode(value, validate=True).decode()
    except (binascii.Error, ValueError):
        return value


def scripts(resource: Resource) -> Iterator[tuple[str, str]]:
    """Yields path and text of each start script, decoded. Raises NotKnownError, WrongTypeError."""
    for launch in launches(resource):
        for path in PATHS:
            if script := _opened(text(launch, path)):
                yield launch.under(path), script


def check(resource: Resource) -> Iterator[tuple[str, str]]:
    for path, script in scripts(resource):
        if form_of(script) or any(map(set_inside, script.splitlines())):
            yield path, "holds a secret, which everybody on the machine and in the console can read"
        if _LOGIN.search(script):
            yield path, "adds an SSH key or a password: who has it logs in, and nothing records what they do"
        if _ADMIN_CONTAINER.search(script):
            yield path, "turns on Bottlerocket's admin container, which is root on the node"


def _of(script: str, *, encoded: bool = True) -> dict[str, str]:
    return {"userData": base64.b64encode(script.encode()).decode() if encoded else script}


KEY = "AKIA" + "QWERTYUIOPASDFGH"
ADMIN = "[settings.host-containers.admin]\nsuperpowered = true\nenabled = "

RULE = Rule(
    id="node-userdata-no-secrets",
    applies_to=SCRIPTS,
    severity="critical",
    standards=("CKV_AWS_46",),
    why="Each pod that reaches the metadata service, and everybody who may describe machines, reads the script.",
    fix="Keep the secret in Secrets Manager and read it by the machine's role; use Session Manager to log in.",
    check=check,
    good={
        "nothing set": {},
        "a script": _of("#!/bin/bash\nnodeadm init\n"),
        "a file that is named": _of("export TOKEN_FILE=/run/token\n"),
        "Bottlerocket without its admin container": _of(f"{ADMIN}false\n[settings.kubernetes]\nenabled = true\n"),
        "a node class": Case({"spec": {"userData": "#!/bin/bash\n"}}, type=NODE_CLASS),
    },
    bad={
        "a key": Case(_of(f"aws configure set aws_access_key_id {KEY}\n"), at="userData"),
        "a key in the other property": Case(
            {"userDataBase64": _of(f"echo {KEY}\n")["userData"]}, type=INSTANCE, at="userDataBase64"
        ),
        "a key of a spot fleet": Case(
            {"launchSpecifications": [_of(f"echo {KEY}\n")]}, type=SPOT_FLEET, at="launchSpecifications[0].userData"
        ),
        "a key beside what is not base64": Case(_of(f"\u00e4 {KEY}\n", encoded=False), at="userData"),
        "a key, not encoded": Case(_of(f"echo {KEY}\n", encoded=False), type=INSTANCE, at="userData"),
        "a password by its name": Case(_of("export DB_PASSWORD=hunter2-hunter2\n"), at="userData"),
        "an SSH key of cloud-init": Case(_of("ssh_authorized_keys:\n  - ssh-ed25519 AAAAC3Nz me\n"), at="userData"),
        "an SSH key of a node class": Case(
            {"spec": {"userData": "echo x >> ~ec2-user/.ssh/authorized_keys"}}, type=NODE_CLASS, at="spec.userData"
        ),
        "Bottlerocket's admin container": Case(_of(f"{ADMIN}true\n"), at="userData"),
    },
)

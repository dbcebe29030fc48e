"""The start script of a machine holds no secret, and opens no login that nobody records."""

import base64
import binascii
import email
import gzip
import io
import re
import zlib
from collections.abc import Iterator

from common.secret_names import set_inside
from common.secret_texts import form_of
from policies.machines import INSTANCES, SPOT_FLEET, STARTS, launches
from policies.pools import NODE_CLASS
from policies.rule import Case, Resource, Rule, text

INSTANCE, CONFIGURATION = INSTANCES[0], "aws:ec2/launchConfiguration:LaunchConfiguration"
SCRIPTS = (*STARTS, CONFIGURATION, NODE_CLASS)
SHORTEST = 24
"""Characters of base64 that no word of a plain script has without being base64."""
LARGEST = 2**20
"""Bytes of an unpacked script that are read; EC2 takes 16 KiB packed."""
_BASE64 = re.compile(r"([A-Za-z0-9+/]{4,}\s*\n\s*)*[A-Za-z0-9+/]+={0,2}")
PATHS = ("userData", "userDataBase64", "spec.userData")
_LOGIN = re.compile(r"ssh[-_]authorized[-_]keys|authorized_keys|\bssh-(rsa|ed25519) AAAA|\bchpasswd\b")
_ADMIN_CONTAINER = re.compile(r"\[settings\.host-containers\.admin\][^\[]*^\s*enabled\s*=\s*true", re.MULTILINE)


def _texts(data: bytes) -> Iterator[str | None]:
    """Yields the texts in what a machine gets, unpacked and decoded; None for what is no text."""
    if data.startswith(b"\x1f\x8b"):
        try:
            yield from _texts(gzip.GzipFile(fileobj=io.BytesIO(data)).read(LARGEST))
        except (OSError, EOFError, zlib.error):
            yield None
        return
    try:
        script = data.decode()
    except ValueError:
        yield None
        return
    message = email.message_from_string(script.lstrip())
    if not message.is_multipart():
        yield script
    for part in message.walk() if message.is_multipart() else ():
        payload = part.get_payload(decode=True)
        if isinstance(payload, bytes):
            yield from _texts(payload)


def _opened(value: str) -> Iterator[str | None]:
    """Yields the texts of a script that is plain, or in base64 of one line or many."""
    whole = "".join(value.split())
    if _BASE64.fullmatch(value.strip()):
        try:
            data = base64.b64decode(whole, validate=True)
        except (binascii.Error, ValueError):
            data = b""
        found = [*_texts(data)] if data else []
        if found and (None not in found or len(whole) >= SHORTEST):
            yield from found
            return
    yield from _texts(value.encode())


def scripts(resource: Resource) -> Iterator[tuple[str, str | None]]:
    """Yields path and each text of a start script, decoded; None for a part that is no text.

    Raises NotKnownError, WrongTypeError.
    """
    for launch in launches(resource):
        for path in PATHS:
            yield from ((launch.under(path), script) for script in _opened(text(launch, path)) if script != "")


def check(resource: Resource) -> Iterator[tuple[str, str]]:
    return iter(dict.fromkeys(_problems(resource)))


def _problems(resource: Resource) -> Iterator[tuple[str, str]]:
    for path, script in scripts(resource):
        if script is None:
            yield path, "is no text after decoding, so nobody can tell what it holds"
            continue
        if form_of(script) or any(map(set_inside, script.splitlines())):
            yield path, "holds a secret, which everybody on the machine and in the console can read"
        if _LOGIN.search(script):
            yield path, "adds an SSH key or a password: who has it logs in, and nothing records what they do"
        if _ADMIN_CONTAINER.search(script):
            yield path, "turns on Bottlerocket's admin container, which is root on the node"


def _of(script: str, *, encoded: bool = True) -> dict[str, str]:
    return {"userData": base64.b64encode(script.encode()).decode() if encoded else script}


def _packed(script: str) -> str:
    return base64.b64encode(gzip.compress(script.encode(), mtime=0)).decode()


def _parts(script: str | bytes) -> str:
    """Returns a MIME message with the script as a part in base64."""
    part = base64.b64encode(script if isinstance(script, bytes) else script.encode()).decode()
    kind = "Content-Type: text/x-shellscript\nContent-Transfer-Encoding: base64"
    return f'Content-Type: multipart/mixed; boundary="//"\n\n--//\n{kind}\n\n{part}\n--//--\n'


LONG = "\n# a comment that makes the script longer than a line of base64\n"
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
        "a script, packed": {"userData": _packed("#!/bin/bash\nnodeadm init\n")},
        "parts": _of(_parts("#!/bin/bash\nnodeadm init\n")),
        "one word": _of("true", encoded=False),
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
        "a key, packed": Case({"userData": _packed(f"echo {KEY}\n")}, at="userData"),
        "a key, in lines of base64": Case(
            {"userData": base64.encodebytes(f"echo {KEY}{LONG}".encode()).decode()}, at="userData"
        ),
        "a key in a part": Case(_of(_parts(f"echo {KEY}\n")), at="userData"),
        "a part that is no text": Case(_of(_parts(b"\xff" * 9)), at="userData"),
        "what is no text": Case({"userData": base64.b64encode(b"\x1f\x8b" + b"\xff" * 30).decode()}, at="userData"),
        "an SSH key of cloud-init": Case(_of("ssh_authorized_keys:\n  - ssh-ed25519 AAAAC3Nz me\n"), at="userData"),
        "an SSH key of a node class": Case(
            {"spec": {"userData": "echo x >> ~ec2-user/.ssh/authorized_keys"}}, type=NODE_CLASS, at="spec.userData"
        ),
        "Bottlerocket's admin container": Case(_of(f"{ADMIN}true\n"), at="userData"),
    },
)

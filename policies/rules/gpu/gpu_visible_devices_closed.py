"""Nodes with GPUs of NVIDIA show a container only the GPUs that it was assigned.

By default NVIDIA's toolkit follows NVIDIA_VISIBLE_DEVICES, which most CUDA images set to all; Bottlerocket refuses the
variable but takes volume mounts. In a script only a plain `nvidia-ctk config --in-place --set ...` that always runs
closes a node: whatever else names the toolkit could open it again. The rule skips a NodePool whose EC2NodeClass is in
another stack. Sources: NVIDIA container toolkit 1.19, cmd/nvidia-ctk/config, api/config/v1 and cuda_image.go; Go,
strconv.ParseBool; Bottlerocket, settings.nvidia-container-runtime; read 2026-11.
"""

import base64
import binascii
import email
import re
import shlex
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from policies.pools import LAUNCH_TEMPLATE, NODE_CLASS, NODE_GROUP, NODE_POOL, Pool, pools
from policies.rule import Resource, Sample, Stack, StackCase, StackRule, collect_from, each, text
from policies.samples import A100, PLAIN, node_class, node_group, node_pool

Settings = Mapping[str, bool]

# Setting -> whether it is on by default.
BOTTLEROCKET_SETTINGS: Settings = {
    "visible-devices-envvar-when-unprivileged": False,
    "visible-devices-as-volume-mounts": True,
}
TOOLKIT_SETTINGS: Settings = {
    "accept-nvidia-visible-devices-envvar-when-unprivileged": True,
    "accept-nvidia-visible-devices-as-volume-mounts": False,
}
TOOLKIT = re.compile(r"nvidia-ctk|nvidia-container|accept-nvidia|/etc/nvidia")
COMMANDS, CONFIG_FILE = ("nvidia-ctk", "/usr/bin/nvidia-ctk"), "/etc/nvidia-container-runtime/config.toml"
TRUE, FALSE = ("1", "t", "T", "TRUE", "true", "True"), ("0", "f", "F", "FALSE", "false", "False")
# After such a word a later line may not run, or may do something else than it says.
NOT_PLAIN = re.compile(r"if|for|while|until|case|select|function|exit|exec|return|eval|source|\.|alias|\[\[|!")


class _NotUnderstoodError(Exception):
    """User data names the toolkit in a way that could open the node."""


def _open(user_data: str, operating_system: str) -> str | None:
    """Returns the first setting that lets a container choose GPUs, or None."""
    bottlerocket = operating_system.lower().startswith("bottlerocket")
    by_default = BOTTLEROCKET_SETTINGS if bottlerocket else TOOLKIT_SETTINGS
    try:
        said = _of_bottlerocket(user_data) if bottlerocket else _of_scripts(user_data)
    except _NotUnderstoodError:
        return next(iter(by_default))
    return next((name for name, on in by_default.items() if said.get(name, on) is not False), None)


def _of_bottlerocket(user_data: str) -> Mapping[str, Any]:
    try:
        section = tomllib.loads(user_data)
        for key in ("settings", "nvidia-container-runtime"):
            section = section.get(key, {})
        return {**section}
    except (tomllib.TOMLDecodeError, AttributeError, TypeError):
        raise _NotUnderstoodError from None


def _of_scripts(user_data: str) -> Settings:
    """Returns the settings that the scripts of the user data leave behind. The last one wins."""
    said: dict[str, bool] = {}
    for kind, content in _parts(user_data):
        if kind in ("text/x-shellscript", "text/plain") and re.match(r"#!\s*(/usr)?/bin/(env )?(ba)?sh\b", content):
            said |= _of_script(content)
        elif TOOLKIT.search(content) and kind != "application/node.eks.aws":
            raise _NotUnderstoodError
    return said


def _parts(user_data: str) -> Iterator[tuple[str, str]]:
    """Yields each part with its type, as cloud-init reads them."""
    if not re.match(r"(?i)(mime-version|content-type):", user_data):
        yield "text/plain", user_data
        return
    for part in email.message_from_string(user_data).walk():
        content = part.get_payload(decode=True)
        if isinstance(content, bytes):
            yield part.get_content_type(), content.decode(errors="replace")


def _of_script(script: str) -> Settings:
    said: dict[str, bool] = {}
    always_runs = True
    script = re.sub(r"(?m)((?:^|\s)#.*)\\$", r"\1", script)  # the end of a line ends a comment
    for line in script.replace("\\\n", " ").splitlines():
        words = _words(line)
        named = TOOLKIT.search(line if words is None else " ".join(words))
        if words is None or (words and NOT_PLAIN.fullmatch(words[0])):
            always_runs = False
        if words and words[0] in ("echo", "logger"):
            continue
        if named and (words is None or not always_runs):
            raise _NotUnderstoodError
        if named and words:
            said |= _of_command(words)
    return said


def _words(line: str) -> list[str] | None:
    """Returns the words of a plain command; None for anything else, such as a pipe, a block or half a text."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    try:
        words = list(lexer)
    except ValueError:
        return None
    return None if any(set(word) <= set("();<>|&`{}") for word in words) else words


def _of_command(words: Sequence[str]) -> Settings:
    """Returns the settings that `nvidia-ctk config` writes into the toolkit's file."""
    if words[0] not in COMMANDS or words[1:2] != ["config"]:
        raise _NotUnderstoodError
    said: dict[str, bool] = {}
    file, in_place, rest = CONFIG_FILE, False, list(words[2:])
    while rest:
        flag, equals, value = rest.pop(0).partition("=")
        if flag == "--in-place" and not equals:
            in_place = True
        elif flag in ("--set", "--config", "--config-file") and (value or rest):
            value = value or rest.pop(0)
            if flag == "--set":
                said |= _of_pair(value)
            else:
                file = value
        else:
            raise _NotUnderstoodError
    return said if in_place and file == CONFIG_FILE else {}


def _of_pair(pair: str) -> Settings:
    name, equals, value = pair.partition("=")
    if not re.fullmatch(r"[a-z.-]+", name) or (name in TOOLKIT_SETTINGS and equals and value not in TRUE + FALSE):
        raise _NotUnderstoodError
    return {name: not equals or value in TRUE}


def _plain(encoded: str) -> str:
    try:
        return base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""  # what nobody can read closes nothing


def _group(pool: Pool) -> Iterator[tuple[Resource, str, str]]:
    user_data = _plain(text(pool.template, "userData")) if pool.template else ""
    if setting := _open(user_data, text(pool.resource, "amiType")):
        found_at = (pool.template, "userData") if pool.template else (pool.resource, "launchTemplate")
        yield *found_at, f"leaves {setting} on for {pool.name}, so a container may choose any GPU of the node"


def _class(pool: Pool, resource: Resource) -> Iterator[tuple[Resource, str, str]]:
    aliases = [text(term, "alias") for term in each(resource, "spec.amiSelectorTerms")]
    operating_system = next(filter(None, [*aliases, text(resource, "spec.amiFamily")]), "")
    if setting := _open(text(resource, "spec.userData"), operating_system):
        what = f"leaves {setting} on for {pool.name}, so a container may choose any GPU of the node"
        yield resource, "spec.userData", what


def _pool(pool: Pool, node_classes: list[Resource]) -> Iterator[tuple[Resource, str, str]]:
    if not any(machine.accelerator and machine.accelerator.manufacturer == "NVIDIA" for machine in pool.machines):
        return
    if not pool.karpenter:
        yield from _group(pool)
        return
    name = text(pool.resource, "spec.template.spec.nodeClassRef.name")
    for resource in node_classes:
        if text(resource, "metadata.name") == name:
            yield from _class(pool, resource)


def check(stack: Stack) -> Iterator[tuple[Resource, str, str]]:
    node_classes = stack.of(NODE_CLASS)
    yield from collect_from(pools(stack), lambda pool: _pool(pool, node_classes))


VARIABLE, MOUNTS = TOOLKIT_SETTINGS
COMMAND = f"nvidia-ctk config --in-place --set {VARIABLE}=false"
CLOSED = f"#!/bin/bash\nset -e\ntrap 'systemctl poweroff; exec sleep 9' ERR\n{COMMAND} \\\n --set {MOUNTS}=false\n"
OPENS = f"nvidia-ctk config --in-place --set {VARIABLE}"
NODE_CONFIG = "apiVersion: node.eks.aws/v1alpha1\nspec: {containerd: {config: /usr/bin/nvidia-container-runtime}}\n"
BOTTLEROCKET_CLOSED = "[settings.nvidia-container-runtime]\nvisible-devices-as-volume-mounts = false\n"
BY_VARIABLE = "visible-devices-envvar-when-unprivileged = true"
AL2023, BOTTLEROCKET = "AL2023_x86_64_NVIDIA", "BOTTLEROCKET_x86_64_NVIDIA"
AL2023_ALIAS, BOTTLEROCKET_ALIAS = "al2023@v20261012", "bottlerocket@v1.67.0"


def _managed(user_data: str, image: str = AL2023, *types: str) -> StackCase:
    group = Sample(NODE_GROUP, node_group(*(types or (A100,)), amiType=image), links={"launchTemplate": "template"})
    encoded = base64.b64encode(user_data.encode()).decode()
    return StackCase(
        {"pool": group, "template": Sample(LAUNCH_TEMPLATE, {"userData": encoded})}, at=("template", "userData")
    )


def _bash(*lines: str) -> StackCase:
    return _managed("\n".join(["#!/bin/bash", *lines, ""]))


def _multipart(*parts: tuple[str, str]) -> StackCase:
    lines = ["MIME-Version: 1.0", 'Content-Type: multipart/mixed; boundary="//"', ""]
    for kind, content in parts:
        lines += ["--//", f"Content-Type: {kind}", "", content]
    return _managed("\n".join([*lines, "--//--", ""]))


def _karpenter(user_data: str, alias: str = AL2023_ALIAS, *types: str, name: str = "gpu", **spec: Any) -> StackCase:
    terms = [{"alias": alias}] if alias else [{"id": "ami-0abc"}]
    selecting = Sample(NODE_CLASS, node_class(name, userData=user_data, amiSelectorTerms=terms, **spec))
    pool = Sample(NODE_POOL, node_pool(*(types or (A100,))))
    return StackCase({"pool": pool, "class": selecting}, at=("class", "spec.userData"))


RULE = StackRule(
    id="gpu-visible-devices-closed",
    applies_to=(NODE_GROUP, NODE_POOL, NODE_CLASS, LAUNCH_TEMPLATE),
    severity="high",
    standards=("NVIDIA container toolkit: environment variables",),
    why="A pod that requests no GPU could use every GPU and slice of its node, with the memory of other pods.",
    fix="Begin the user data with `nvidia-ctk config`, as components/compute/node_user_data.py does for pools[].",
    on_unknown="fail",
    check=check,
    good={
        "nothing set, without GPUs": _managed("", AL2023, PLAIN),
        "Neuron devices": _managed("", "AL2023_x86_64_NEURON", "inf2.xlarge"),
        "closed": _managed(CLOSED),
        "closed again by a later line": _bash(f"{OPENS}=true", COMMAND),
        "closed, with a comment": _managed(f"{CLOSED}# {VARIABLE}=true \\\n# nvidia-ctk"),
        "closed, with a message": _managed(f"{CLOSED}echo nvidia-ctk is done\nlogger nvidia-ctk\nls | sort\nexit 0\n"),
        "closed, in quotes": _bash(
            f'/usr/bin/nvidia-ctk config --config={CONFIG_FILE} --in-place --set "{VARIABLE}=false"'
        ),
        "closed, by the name of the file": _bash(
            f"nvidia-ctk config --config-file {CONFIG_FILE} --in-place --set {VARIABLE}=0"
        ),
        "closed, in a way that Go reads": _bash(f"{OPENS}=False"),
        "closed, with other settings": _bash(
            f"{COMMAND} --set nvidia-container-runtime.runtimes=runc:crun --set {MOUNTS}=F"
        ),
        "closed in one of several parts": _multipart(
            ("text/x-shellscript", CLOSED),
            ("application/node.eks.aws", NODE_CONFIG),
            ("text/x-shellscript", "#!/bin/bash\nif true; then cat <<'END' > /tmp/x; fi\nEND\n"),
            ("text/cloud-config", "#cloud-config\npackages: [htop]\n"),
        ),
        "a custom image": _managed(CLOSED, "CUSTOM"),
        "Bottlerocket": _managed(BOTTLEROCKET_CLOSED, BOTTLEROCKET),
        "Bottlerocket, on one line": _managed(
            "settings.nvidia-container-runtime.visible-devices-as-volume-mounts = false", BOTTLEROCKET
        ),
        "Karpenter": _karpenter(CLOSED),
        "Karpenter, Bottlerocket": _karpenter(BOTTLEROCKET_CLOSED, BOTTLEROCKET_ALIAS),
        "Karpenter, Bottlerocket by its family": _karpenter(BOTTLEROCKET_CLOSED, "", amiFamily="Bottlerocket"),
        "Karpenter, without GPUs": _karpenter("", AL2023_ALIAS, PLAIN),
        "Karpenter, the class of another pool": _karpenter("", name="other"),
    },
    bad={
        "nothing set as user data": StackCase(
            {
                "pool": Sample(NODE_GROUP, node_group(A100, amiType=AL2023), links={"launchTemplate": "template"}),
                "template": Sample(LAUNCH_TEMPLATE, {}),
            },
            at=("template", "userData"),
        ),
        "no launch template": StackCase(
            {"pool": Sample(NODE_GROUP, node_group(A100, amiType=AL2023))}, at=("pool", "launchTemplate")
        ),
        "user data that cannot be read": StackCase(
            {
                "pool": Sample(NODE_GROUP, node_group(A100, amiType=AL2023), links={"launchTemplate": "template"}),
                "template": Sample(LAUNCH_TEMPLATE, {"userData": CLOSED}),
            },
            at=("template", "userData"),
        ),
        "other user data": _managed("#!/bin/bash\necho hello"),
        "no shell runs it": _managed(COMMAND),
        "another program runs it": _managed(f"#!/bin/true\n{COMMAND}\n"),
        "only in a comment": _bash(f"# {VARIABLE}=false", "", f"ls # {COMMAND}"),
        "only behind a command": _bash(f"nvidia-ctk config --in-place # --set {VARIABLE}=false"),
        "only a message": _bash(f"echo {COMMAND}"),
        "only a text": _bash('echo "', COMMAND, '"'),
        "written to another file": _bash(f"{COMMAND} --config /tmp/x"),
        "written to no file": _bash(f"nvidia-ctk config --set {VARIABLE}=false"),
        "written with an unknown flag": _bash(f"{COMMAND} --output /tmp/x"),
        "a flag with nothing behind it": _bash(f"{COMMAND} --set"),
        "written if told so": _bash(f"nvidia-ctk config --in-place=false --set {VARIABLE}=false"),
        "in a block that does not run": _bash("if false", "then", COMMAND, "fi"),
        "in a line that does not run": _bash(f"false && {COMMAND}"),
        "after the end": _bash("exit 0", COMMAND),
        "in a text that nobody uses": _bash("cat >/tmp/x <<END", COMMAND, "END"),
        "by another command": _bash(f"sudo {COMMAND}"),
        "by another part of the command": _bash(f"nvidia-ctk cdi --in-place --set {VARIABLE}=false"),
        "another value": _bash(f"{OPENS}=no"),
        "opened again by a later line": _managed(f"{CLOSED}{OPENS}=true"),
        "opened again by sed": _managed(f"{CLOSED}sed -i s/false/true/ {CONFIG_FILE}"),
        "opened again, file removed": _managed(f"{CLOSED}rm {CONFIG_FILE}"),
        "opened again by a name in a variable": _managed(
            f"{CLOSED}NAME={VARIABLE}\nnvidia-ctk config --in-place --set $NAME"
        ),
        "opened again by a pipe": _managed(f"{CLOSED}echo {VARIABLE} | tee {CONFIG_FILE}"),
        "opened again after a comment": _managed(f"{CLOSED}# next \\\n{OPENS}=true"),
        "opened again by cloud-config": _multipart(
            ("text/x-shellscript", CLOSED), ("text/cloud-config", f"#cloud-config\nruncmd: [{OPENS}]\n")
        ),
        "in a part that does not run": _multipart(("text/cloud-config", CLOSED)),
        "a flag without a value, which means true": _managed(f"{CLOSED}{OPENS}"),
        "open to volume mounts": _bash(f"{COMMAND} --set {MOUNTS}=true"),
        "a setting of another name": _bash(f"{COMMAND.replace('=false', '-not=false')}"),
        "the second instance type has GPUs": _managed("", AL2023, PLAIN, A100),
        "a custom image": _managed("", "CUSTOM"),
        "Bottlerocket's setting on another system": _managed(BOTTLEROCKET_CLOSED),
        "Bottlerocket, which takes volume mounts": _managed("", BOTTLEROCKET),
        "Bottlerocket, open to the variable": _managed(f"{BOTTLEROCKET_CLOSED}{BY_VARIABLE}", BOTTLEROCKET),
        "Bottlerocket, in another section": _managed(
            BOTTLEROCKET_CLOSED.replace("[settings.", "[settings.kubernetes."), BOTTLEROCKET
        ),
        "Bottlerocket, a text": _managed(BOTTLEROCKET_CLOSED.replace("false", '"false"'), BOTTLEROCKET),
        "Bottlerocket, no TOML": _managed(f"{BOTTLEROCKET_CLOSED}{BOTTLEROCKET_CLOSED}", BOTTLEROCKET),
        "Bottlerocket, no section": _managed("settings = 1", BOTTLEROCKET),
        "Karpenter": _karpenter(""),
        "Karpenter, Bottlerocket": _karpenter("", BOTTLEROCKET_ALIAS),
        "Karpenter, an image by its id": _karpenter("", ""),
        "Karpenter, Bottlerocket's setting on another family": _karpenter(BOTTLEROCKET_CLOSED, "", amiFamily="AL2023"),
    },
)

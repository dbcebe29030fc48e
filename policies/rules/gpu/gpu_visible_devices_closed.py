"""Nodes with GPUs of NVIDIA show a container only the GPUs that it was assigned.

By default NVIDIA's toolkit follows NVIDIA_VISIBLE_DEVICES, which most CUDA images set to all; Bottlerocket refuses the
variable but takes volume mounts. A script closes a node for certain only if nothing runs before its command, and if the
node powers off when the command fails. So the rule knows one form, at the beginning of the first script, and refuses
every part that is neither a script nor a NodeConfig. It skips a NodePool whose EC2NodeClass is in another stack.
Sources: NVIDIA container toolkit 1.19, api/config/v1 and cuda_image.go; cloud-init, user_data.py and launch_index.py;
Bottlerocket, settings.nvidia-container-runtime; read 2026-11.
"""

import base64
import binascii
import email
import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

from policies.pools import LAUNCH_TEMPLATE, NODE_CLASS, NODE_GROUP, NODE_POOL, Pool, pools
from policies.rule import Resource, Sample, Stack, StackCase, StackRule, each, text
from policies.samples import A100, PLAIN, node_class, node_group, node_pool

# Bottlerocket's setting -> whether it is on by default.
BOTTLEROCKET_SETTINGS: Mapping[str, bool] = {
    "visible-devices-envvar-when-unprivileged": False,
    "visible-devices-as-volume-mounts": True,
}
CLOSING = """\
#!/bin/bash
set -euo pipefail
trap 'systemctl poweroff; exec sleep infinity' ERR
nvidia-ctk config --in-place \\
  --set accept-nvidia-visible-devices-envvar-when-unprivileged=false \\
  --set accept-nvidia-visible-devices-as-volume-mounts=false
"""
TOOLKIT = re.compile(r"nvidia-ctk|nvidia-container|accept-nvidia|/etc/nvidia")
SCRIPT, NODE_CONFIG = "text/x-shellscript", "application/node.eks.aws"


def _open(user_data: str, operating_system: str) -> str | None:
    """Returns why a container may choose GPUs, or None."""
    if operating_system.lower().startswith("bottlerocket"):
        said = _of_bottlerocket(user_data)
        still_on = (name for name, on in BOTTLEROCKET_SETTINGS.items() if said.get(name, on) is not False)
        return next((f"leaves {name} on" for name in still_on), None)
    if not user_data:
        return "has no user data that closes a node"
    scripts = []
    for kind, content in _parts(user_data):
        if kind == SCRIPT and content.startswith("#!"):
            scripts.append(content)
        elif kind != NODE_CONFIG:
            return "has a part that may run something else than a script"
    if not scripts or not scripts[0].startswith(CLOSING):
        return "does not begin its first script with the lines that close a node"
    if TOOLKIT.search("\n".join([scripts[0].removeprefix(CLOSING), *scripts[1:]])):
        return "names the toolkit again after the lines that close a node"
    return None


def _of_bottlerocket(user_data: str) -> Mapping[str, Any]:
    """Returns the settings for the toolkit; what cannot be read turns none off."""
    try:
        section = tomllib.loads(user_data)
        for key in ("settings", "nvidia-container-runtime"):
            section = section.get(key, {})
        return {**section}
    except (tomllib.TOMLDecodeError, AttributeError, TypeError):
        return dict.fromkeys(BOTTLEROCKET_SETTINGS)


def _parts(user_data: str) -> Iterator[tuple[str, str]]:
    """Yields type and content of each part, as cloud-init reads them; no type for one that may come late or never."""
    if "mime-version:" not in user_data[:4096].lower():
        yield SCRIPT, user_data
        return
    for part in email.message_from_string(user_data).walk():
        if part.get_filename() or "launch-index" in part:
            yield "", ""
        elif part.get_content_maintype() != "multipart":
            content = part.get_payload(decode=True)
            yield part.get_content_type(), content.decode(errors="replace") if isinstance(content, bytes) else ""


def _plain(encoded: str) -> str:
    try:
        return base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""  # what nobody can read closes nothing


def _class(pool: Pool, resource: Resource) -> Iterator[tuple[Resource, str, str]]:
    aliases = [text(term, "alias") for term in each(resource, "spec.amiSelectorTerms")]
    operating_system = next(filter(None, [*aliases, text(resource, "spec.amiFamily")]), "")
    if problem := _open(text(resource, "spec.userData"), operating_system):
        yield resource, "spec.userData", f"{problem}, so a container may choose any GPU of a node of {pool.name}"


def check(stack: Stack) -> Iterator[tuple[Resource, str, str]]:
    node_classes = stack.of(NODE_CLASS)
    for pool in pools(stack):
        if not any(machine.accelerator and machine.accelerator.manufacturer == "NVIDIA" for machine in pool.machines):
            continue
        if not pool.karpenter:
            user_data = _plain(text(pool.template, "userData")) if pool.template else ""
            if problem := _open(user_data, text(pool.resource, "amiType")):
                found_at = (pool.template, "userData") if pool.template else (pool.resource, "launchTemplate")
                yield *found_at, f"{problem}, so a container may choose any GPU of a node of {pool.name}"
            continue
        name = text(pool.resource, "spec.template.spec.nodeClassRef.name")
        for resource in node_classes:
            if text(resource, "metadata.name") == name:
                yield from _class(pool, resource)


COMMAND = "nvidia-ctk config --in-place --set accept-nvidia-visible-devices-envvar-when-unprivileged"
NODE_CONFIGURATION = (
    "apiVersion: node.eks.aws/v1alpha1\nspec: {containerd: {config: /usr/bin/nvidia-container-runtime}}\n"
)
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


def _multipart(*parts: tuple[str, str], head: str = "MIME-Version: 1.0") -> StackCase:
    lines = [head, 'Content-Type: multipart/mixed; boundary="//"', ""]
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
    why="A pod without a request could use every GPU of its node. The rule does not see later commands that do not "
    "name the toolkit.",
    fix="Begin the first script as ONLY_ASSIGNED_GPUS in components/compute/node_user_data.py, which pools[] write.",
    no_mend="the launch template is missing",
    on_unknown="fail",
    check=check,
    good={
        "nothing set, without GPUs": _managed("", AL2023, PLAIN),
        "Neuron devices": _managed("", "AL2023_x86_64_NEURON", "inf2.xlarge"),
        "closed": _managed(CLOSING),
        "closed, with more commands": _managed(f"{CLOSING}dnf install -y htop\n"),
        "closed in the first script": _multipart(
            (NODE_CONFIG, NODE_CONFIGURATION), (SCRIPT, CLOSING), (SCRIPT, "#!/bin/bash\nnvidia-smi -mig 1\n")
        ),
        "a custom image": _managed(CLOSING, "CUSTOM"),
        "Bottlerocket": _managed(BOTTLEROCKET_CLOSED, BOTTLEROCKET),
        "Bottlerocket, on one line": _managed(
            "settings.nvidia-container-runtime.visible-devices-as-volume-mounts = false", BOTTLEROCKET
        ),
        "Karpenter": _karpenter(CLOSING),
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
                "template": Sample(LAUNCH_TEMPLATE, {"userData": CLOSING}),
            },
            at=("template", "userData"),
        ),
        "other user data": _managed("#!/bin/bash\necho hello"),
        **{
            f"{name} before the command": _managed(CLOSING.replace("nvidia-ctk", f"{line}\nnvidia-ctk"))
            for name, line in {
                "a failure": "false",
                "an installation": "dnf install -y htop",
                "another trap": "trap - ERR",
                "the end": "exit 0",
                "a block": "if false; then",
            }.items()
        },
        "a shell that runs nothing": _managed(CLOSING.replace("set -euo", "set -n -euo")),
        "a node that joins when the command fails": _managed(re.sub("trap.*\n", "", CLOSING)),
        "another shell": _managed(CLOSING.replace("bash", "true")),
        "no shell": _managed(CLOSING.removeprefix("#!/bin/bash\n")),
        "another value": _managed(CLOSING.replace("unprivileged=false", "unprivileged=true")),
        "a value that ends elsewhere": _managed(CLOSING.removesuffix("\n") + "y\n"),
        "opened again by a later line": _managed(f"{CLOSING}{COMMAND}=true"),
        "opened again by sed": _managed(f"{CLOSING}sed -i s/false/true/ /etc/nvidia-container-runtime/config.toml"),
        "opened again by a later script": _multipart((SCRIPT, CLOSING), (SCRIPT, f"#!/bin/bash\n{COMMAND}\n")),
        "another script runs first": _multipart((SCRIPT, "#!/bin/bash\nreboot\n"), (SCRIPT, CLOSING)),
        **{
            f"beside a part of type {kind}": _multipart((SCRIPT, CLOSING), (kind, content))
            for kind, content in {
                "text/x-include-url": "https://example.com/more",
                "text/cloud-config": "#cloud-config\nruncmd: [echo]",
                "text/cloud-boothook": "#!/bin/bash",
                "text/plain": "#!/bin/bash",
                SCRIPT: "#include https://example.com/more",
            }.items()
        },
        "in a part that does not run": _multipart(("text/cloud-config", CLOSING)),
        "in a part for another node of the request": _multipart((f"{SCRIPT}\nLaunch-Index: 9", CLOSING)),
        "in a part with a name, by which scripts are sorted": _multipart((f'{SCRIPT}; name="z"', CLOSING)),
        "beside a part with a name": _multipart((SCRIPT, CLOSING), (f'{SCRIPT}; name="z"', "#!/bin/bash")),
        "in parts that are not read": _multipart((SCRIPT, CLOSING), head="X-Version: 1.0"),
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

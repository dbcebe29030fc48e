"""Nodes with GPUs of NVIDIA show a container only the GPUs that it was assigned.

By default NVIDIA's toolkit follows NVIDIA_VISIBLE_DEVICES, which most CUDA images set to all; Bottlerocket refuses the
variable but takes volume mounts. The rule skips a NodePool whose EC2NodeClass is in another stack. Sources: NVIDIA
container toolkit 1.19, api/config/v1 and cuda_image.go; Bottlerocket, settings.nvidia-container-runtime; read 2026-11.
"""

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from typing import Any

from policies.pools import LAUNCH_TEMPLATE, NODE_CLASS, NODE_GROUP, NODE_POOL, Pool, pools
from policies.rule import Resource, Sample, Stack, StackCase, StackRule, collect_from, each, text
from policies.samples import A100, PLAIN, node_class, node_group, node_pool

# Operating system -> setting of its user data -> whether it is on by default.
SETTINGS: Mapping[str, Mapping[str, bool]] = {
    "bottlerocket": {"visible-devices-envvar-when-unprivileged": False, "visible-devices-as-volume-mounts": True},
    "other": {
        "accept-nvidia-visible-devices-envvar-when-unprivileged": True,
        "accept-nvidia-visible-devices-as-volume-mounts": False,
    },
}


def _open(user_data: str, operating_system: str) -> str | None:
    """Returns the first setting that lets a container choose GPUs, or None. The last line about a setting wins."""
    code = re.sub(r"(?m)(^|\s)#.*$", "", user_data)
    settings = SETTINGS["bottlerocket" if operating_system.lower().startswith("bottlerocket") else "other"]
    for name, on_by_default in settings.items():
        values = re.findall(rf"(?<![\w-]){name}(?![\w-])(?:\s*=\s*(\w+))?", code)
        if values[-1] != "false" if values else on_by_default:
            return name
    return None


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


CLOSED = """\
#!/bin/bash
nvidia-ctk config --in-place \\
  --set accept-nvidia-visible-devices-envvar-when-unprivileged=false \\
  --set accept-nvidia-visible-devices-as-volume-mounts=false
"""
VARIABLE, MOUNTS = (f"accept-nvidia-visible-devices-{end}" for end in ("envvar-when-unprivileged", "as-volume-mounts"))
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
    fix="Turn the setting off in the user data, as components/compute/node_user_data.py does for pools[].",
    on_unknown="fail",
    check=check,
    good={
        "nothing set, without GPUs": _managed("", AL2023, PLAIN),
        "Neuron devices": _managed("", "AL2023_x86_64_NEURON", "inf2.xlarge"),
        "closed": _managed(CLOSED),
        "closed, in TOML": _managed(f"{VARIABLE} = false"),
        "closed again by a later line": _managed(f"{VARIABLE} = true\n{CLOSED}"),
        "closed, with a comment": _managed(f"{CLOSED}# {VARIABLE}=true"),
        "a custom image": _managed(CLOSED, "CUSTOM"),
        "Bottlerocket": _managed(BOTTLEROCKET_CLOSED, BOTTLEROCKET),
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
        "only in a comment": _managed(f"# {VARIABLE}=false"),
        "only behind a command": _managed(f"nvidia-ctk config --in-place # --set {VARIABLE}=false"),
        "opened again by a later line": _managed(f"{CLOSED}nvidia-ctk config --in-place --set {VARIABLE}=true"),
        "a flag without a value, which means true": _managed(f"{CLOSED}nvidia-ctk config --in-place --set {VARIABLE}"),
        "open to volume mounts": _managed(f"{VARIABLE} = false\n{MOUNTS} = true"),
        "a setting of another name": _managed(f"{VARIABLE}-not=false\nnot-{VARIABLE}=false"),
        "the second instance type has GPUs": _managed("", AL2023, PLAIN, A100),
        "a custom image": _managed("", "CUSTOM"),
        "Bottlerocket's setting on another system": _managed(BOTTLEROCKET_CLOSED),
        "Bottlerocket, which takes volume mounts": _managed("", BOTTLEROCKET),
        "Bottlerocket, open to the variable": _managed(f"{BOTTLEROCKET_CLOSED}{BY_VARIABLE}", BOTTLEROCKET),
        "Karpenter": _karpenter(""),
        "Karpenter, Bottlerocket": _karpenter("", BOTTLEROCKET_ALIAS),
        "Karpenter, an image by its id": _karpenter("", ""),
        "Karpenter, Bottlerocket's setting on another family": _karpenter(BOTTLEROCKET_CLOSED, "", amiFamily="AL2023"),
    },
)

"""MIG layouts use profiles that the GPU has, and fit on it.

Sources: NVIDIA MIG user guide v580, through the catalog's table; NVIDIA/mig-parted, names of the built-in
configurations; read 2026-08.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence

import yaml

from catalog.instance_types import InstanceType
from catalog.mig import MIG_GPUS, MigGpu, mig_gpu
from catalog.sharing import SHARING_LABEL, Sharing
from common.values import UNKNOWN
from policies.pools import LAUNCH_TEMPLATE, MIG_CONFIG_LABEL, NO_MIG, NODE_GROUP, NODE_POOL, Pool, mig_layout, pools
from policies.rule import Case, Sample, StackCase, StackRule, each_alone
from policies.samples import A100, H100, L4, PLAIN, node_group, node_group_of_template, node_pool, requirement
from policies.views import Path, Resource, Stack, View, WrongTypeError, at, at_if_known, each, keys, show, text

CONFIG_MAP = "kubernetes:core/v1:ConfigMap"
CONFIG_MAP_PATCH, CONFIG_MAP_LIST = "kubernetes:core/v1:ConfigMapPatch", "kubernetes:core/v1:ConfigMapList"
RELEASE = "kubernetes:helm.sh/v3:Release"
FILE = "config.yaml"  # the only key that the MIG manager reads
RELEASE_PATH: tuple[str, ...] = ("values", "migManager", "config", "data", FILE)
BUILT_IN = ("all-enabled", "all-balanced")


def _with_gpus(profiles: Sequence[str]) -> str:
    """Returns the profiles, each with the GPUs that have it."""
    gpus = {profile: [gpu.name for gpu in MIG_GPUS.values() if profile in gpu.profiles] for profile in profiles}
    return ", ".join(f"{profile} (of {', '.join(names)})" if names else profile for profile, names in gpus.items())


def _layout_problem(layout: Mapping[str, int], gpu: MigGpu) -> str | None:
    """Returns why the layout is impossible on the GPU, or None."""
    missing = [name for name in layout if name not in gpu.profiles]
    if missing:
        return f"requests {_with_gpus(missing)}, which {gpu.name} does not have; it has {', '.join(gpu.profiles)}"
    if not gpu.fits(layout):
        return f"requests {_in_words(layout)}, which do not fit together on one {gpu.name}"
    return None


def _in_words(layout: Mapping[str, int]) -> str:
    return ", ".join(f"{count} x {name}" for name, count in layout.items())


def _machine_problem(machine: InstanceType, config: str, layout: Mapping[str, int] | None) -> str | None:
    gpu = mig_gpu(machine.accelerator) if machine.accelerator else None
    if gpu is None:
        has = f"{machine.accelerator.name}, which has no MIG" if machine.accelerator else "no GPU"
        return f"requests MIG ({config}), but {machine.name} has {has}"
    problem = _layout_problem(layout or {}, gpu)
    return f"{problem}; {machine.name} has this GPU" if problem else None


def _pool(pool: Pool, named: Collection[str]) -> Iterator[tuple[str, str]]:
    config, sharing_label = pool.label(MIG_CONFIG_LABEL), pool.label(SHARING_LABEL)
    sharing = Sharing.of_label(sharing_label)
    if sharing_label and sharing is None:
        yield show(pool.label_path(SHARING_LABEL)), "is not a way of sharing a GPU that the platform knows"
    configs = {MIG_CONFIG_LABEL: config} if config and config != NO_MIG else {}
    if sharing and sharing.strategy == "mig":
        configs[SHARING_LABEL] = sharing.mig_config
    for label, name in configs.items():
        layout = mig_layout(name)
        if layout is None and name not in BUILT_IN:
            if name not in named:  # `_file` checks the layout of one that a file has
                yield show(pool.label_path(label)), f"is {name}, which no configuration of MIG in the stack has"
            continue
        problems = [problem for machine in pool.machines if (problem := _machine_problem(machine, name, layout))]
        if problems:
            yield show(pool.label_path(label)), problems[0]


def _file(view: View, path: Path) -> View | None:
    """Returns a mig-parted file; None for a file of another program, which often has the same name."""
    read = at if view.resource.type == RELEASE else at_if_known
    content = read(view, path)
    if isinstance(content, str):
        if "mig-configs" not in content:
            return None
        try:
            content = yaml.safe_load(content)
        except yaml.YAMLError:
            raise WrongTypeError(view.resource, view.under(path), "a YAML document", content) from None
    return View(view.resource, content, view.under(path))


def _check_file(file: View) -> Iterator[tuple[str, str]]:
    """Checks a mig-parted file: each entry must fit on one of the GPUs that EC2 has."""
    for name in keys(file, "mig-configs"):
        for entry in each(file, ("mig-configs", name)):
            yield from _entry(entry, file.under(("mig-configs", name)))


def _entry(entry: View, path: str) -> Iterator[tuple[str, str]]:
    layout = at(entry, "mig-devices", {})
    if not isinstance(layout, Mapping):
        return  # mig-parted also takes a list of profiles, without counts
    for profile, count in layout.items():
        if not isinstance(count, int) or count < 1:
            yield path, f"sets a count of {profile} that is not a whole number above 0"
            return
    if all(_layout_problem(layout, gpu) for gpu in MIG_GPUS.values()):
        yield path, f"requests {_in_words(layout)}, which no GPU on EC2 has or has room for"


def check(stack: Stack) -> Iterator[tuple[Resource, str, str]]:
    named: set[str] = set()
    for resource in stack.of(CONFIG_MAP, CONFIG_MAP_PATCH, CONFIG_MAP_LIST, RELEASE):
        for file in _files(resource):
            named.update(keys(file, "mig-configs"))
            yield from ((resource, *found) for found in _check_file(file))
    for pool in pools(stack):
        yield from ((pool.resource, *found) for found in _pool(pool, named))


def _files(resource: Resource) -> Iterator[View]:
    places: list[tuple[View, Path]] = [(resource, ("data", FILE))]
    if resource.type == CONFIG_MAP_LIST:
        places = [(item, ("data", FILE)) for item in each(resource, "items")]
    elif resource.type == RELEASE:
        places = [(resource, RELEASE_PATH)] if text(resource, "chart").endswith("gpu-operator") else []
    yield from (file for place in places if (file := _file(*place)))


A100_80GB, H200 = "p4de.24xlarge", "p5en.48xlarge"
MIXED = "2x1g.10gb_1x2g.20gb_1x3g.40gb"
NODE_GROUP_AT = 'labels["nvidia.com/mig.config"]'
SHARED_AT = 'labels["ml-platform/sharing"]'
NODE_POOL_AT = 'spec.template.metadata.labels["nvidia.com/mig.config"]'
FILE_AT = 'data["config.yaml"].mig-configs.mixed'


def _group(config: str, *types: str, **labels: str) -> dict[str, object]:
    return node_group(*types, labels={MIG_CONFIG_LABEL: config, **labels})


def _mig_file(devices: object, **more: object) -> dict[str, object]:
    entry = {"devices": "all", "mig-enabled": True, "mig-devices": devices}
    off = [{"devices": "all", "mig-enabled": False}]
    return {"data": {FILE: yaml.safe_dump({"version": "v1", "mig-configs": {"all-disabled": off, "mixed": [entry]}})}}


def _release(devices: object, chart: str = "gpu-operator") -> dict[str, object]:
    return {"chart": chart, "values": {"migManager": {"config": {"create": True, **_mig_file(devices)}}}}


def _block(config: str) -> StackCase:
    group = node_group_of_template(labels={MIG_CONFIG_LABEL: config})
    template = Sample(LAUNCH_TEMPLATE, {"instanceType": A100})
    pool = Sample(NODE_GROUP, group, links={"launchTemplate": "template"})
    return StackCase({"pool": pool, "template": template}, at=("pool", NODE_GROUP_AT))


RULE = StackRule(
    id="gpu-mig-profile-valid",
    applies_to=(NODE_GROUP, NODE_POOL, LAUNCH_TEMPLATE, CONFIG_MAP, CONFIG_MAP_PATCH, CONFIG_MAP_LIST, RELEASE),
    severity="high",
    standards=("NVIDIA MIG user guide",),
    why="A node whose GPU cannot apply the layout offers no GPU at all, at the full price.",
    fix="Set pools[].sharing.profile or layout to one that the GPU has (docs/gpus.md), or use another instance type.",
    check=check,
    good={
        "the instance type in the launch template": _block("7x1g.5gb"),
        "a name from a mig-parted file": StackCase(
            {"pool": Sample(NODE_GROUP, _group("mixed", A100)), "file": Sample(CONFIG_MAP, _mig_file({"1g.5gb": 7}))}
        ),
        **each_alone(
            NODE_GROUP,
            {
                "nothing set, so GPUs stay whole": node_group(A100),
                "a layout on A100 80 GB": _group(MIXED, A100_80GB),
                "the same layout on H100, which has the same profiles": _group(MIXED, H100),
                "a layout on A100 40 GB": _group("7x1g.5gb", A100),
                "a layout with media engines": _group("1x1g.5gb.me_6x1g.5gb", A100),
                "the platform's label": node_group(A100_80GB, labels={SHARING_LABEL: f"mig-{MIXED}"}),
                "shared by time-slicing": node_group(L4, labels={SHARING_LABEL: "time-slicing-4"}),
                "a built-in name": _group("all-1g.10gb", A100_80GB),
                "a built-in name with media engines": _group("all-1g.10gb.me", A100_80GB),
                "a built-in mix": _group("all-balanced", A100),
                "MIG turned off, which is possible on any type": _group("all-disabled", L4),
                "NodePool": Case(
                    node_pool(A100_80GB, labels={MIG_CONFIG_LABEL: MIXED, SHARING_LABEL: f"mig-{MIXED}"}),
                    type=NODE_POOL,
                ),
                "NodePool by the name of the GPU": Case(
                    node_pool(
                        requirements=(requirement("karpenter.k8s.aws/instance-gpu-name", "h100"),),
                        labels={MIG_CONFIG_LABEL: "all-3g.40gb"},
                    ),
                    type=NODE_POOL,
                ),
                "file": Case(_mig_file({"1g.10gb": 2, "2g.20gb": 1, "3g.40gb": 1}), type=CONFIG_MAP),
                "file with a profile name that several GPUs have": Case(_mig_file({"1g.10gb": 4}), type=CONFIG_MAP),
                "file with a list of profiles": Case(_mig_file(["1g.10gb"]), type=CONFIG_MAP),
                "an unknown file, which is rarely about MIG": Case({"data": {FILE: UNKNOWN}}, type=CONFIG_MAP),
                "a file of another name": Case({"data": {"config.yml": "mig-configs: 1"}}, type=CONFIG_MAP),
                "a file of this name for another program": Case({"data": {FILE: "{{ listen }} {"}}, type=CONFIG_MAP),
                "file in a ConfigMapPatch": Case(_mig_file({"7g.80gb": 1}), type=CONFIG_MAP_PATCH),
                "file in a ConfigMapList": Case({"items": [_mig_file({"7g.80gb": 1})]}, type=CONFIG_MAP_LIST),
                "values of the GPU operator": Case(_release({"1g.10gb": 7}), type=RELEASE),
                "GPU operator without layouts": Case({"chart": "gpu-operator", "values": {}}, type=RELEASE),
                "another chart": Case(_release({"9g.99gb": 1}, chart="thing"), type=RELEASE),
            },
        ),
    },
    bad={
        "the instance type in the launch template": _block("1x2g.20gb"),
        **each_alone(
            NODE_GROUP,
            {
                "a profile of A100 80 GB on A100 40 GB": Case(_group("1x2g.20gb", A100), at=NODE_GROUP_AT),
                "a built-in name of another GPU": Case(_group("all-1g.18gb", A100), at=NODE_GROUP_AT),
                "a built-in name that is misspelt": Case(_group("all-1g.5g", A100), at=NODE_GROUP_AT),
                "a name that no file has": Case(_group("our-mix", A100), at=NODE_GROUP_AT),
                "a GPU without MIG": Case(_group("7x1g.10gb", L4), at=NODE_GROUP_AT),
                "a built-in mix on a GPU without MIG": Case(_group("all-balanced", L4), at=NODE_GROUP_AT),
                "MIG turned on for a GPU without MIG": Case(_group("all-enabled", L4), at=NODE_GROUP_AT),
                "an instance type without GPUs": Case(_group("7x1g.10gb", PLAIN), at=NODE_GROUP_AT),
                "too many slices": Case(_group("8x1g.10gb", A100_80GB), at=NODE_GROUP_AT),
                "slices that add up but do not fit": Case(_group("3x1g.20gb_1x3g.40gb", A100_80GB), at=NODE_GROUP_AT),
                "impossible on the second instance type": Case(_group(MIXED, A100_80GB, H200), at=NODE_GROUP_AT),
                "the platform's label": Case(node_group(A100, labels={SHARING_LABEL: f"mig-{MIXED}"}), at=SHARED_AT),
                "the platform's label without a layout": Case(
                    node_group(A100, labels={SHARING_LABEL: "mig-some"}), at=SHARED_AT
                ),
                "NodePool": Case(node_pool(A100, labels={MIG_CONFIG_LABEL: MIXED}), type=NODE_POOL, at=NODE_POOL_AT),
                "file with a profile that no GPU has": Case(_mig_file({"1g.11gb": 1}), type=CONFIG_MAP, at=FILE_AT),
                "file with a layout that fits on no GPU": Case(_mig_file({"1g.10gb": 8}), type=CONFIG_MAP, at=FILE_AT),
                "file with profiles of two GPUs in one layout": Case(
                    _mig_file({"1g.10gb": 1, "3g.71gb": 1}), type=CONFIG_MAP, at=FILE_AT
                ),
                "file with a count of zero": Case(_mig_file({"1g.10gb": 0}), type=CONFIG_MAP, at=FILE_AT),
                "file with a count in words": Case(_mig_file({"1g.10gb": "two"}), type=CONFIG_MAP, at=FILE_AT),
                "file that is not YAML": Case(
                    {"data": {FILE: "mig-configs: {"}}, type=CONFIG_MAP, at='data["config.yaml"]'
                ),
                "file in a ConfigMapPatch": Case(_mig_file({"1g.10gb": 8}), type=CONFIG_MAP_PATCH, at=FILE_AT),
                "file in a ConfigMapList": Case(
                    {"items": [{}, _mig_file({"1g.10gb": 8})]}, type=CONFIG_MAP_LIST, at=f"items[1].{FILE_AT}"
                ),
                "values of the GPU operator": Case(
                    _release({"3g.40gb": 3}),
                    type=RELEASE,
                    at='values.migManager.config.data["config.yaml"].mig-configs.mixed',
                ),
            },
        ),
    },
)

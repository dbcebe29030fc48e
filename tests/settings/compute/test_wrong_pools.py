"""Pools that cannot be: each is refused at its place, with the reason, and with a way out that works."""

from dataclasses import dataclass
from typing import Any

import pytest

from settings.core.problems import PathPart
from tests.settings.stacks import GONE, POOL, problems, stack

Change = tuple[tuple[PathPart, ...], Any]
MAIN = ("clusters", "main")
THIRD = (*MAIN, "pools", 2)  # a further pool
CLUSTER_NAME = ("clusters",)
TAINTS = [{"key": "nvidia.com/gpu", "value": "true"}]
GPU: dict[str, Any] = {"name": "gpu", "min_per_zone": 0, "max_per_zone": 1, "taints": TAINTS}
A100_40, A100_80, H100, L4 = (
    {**GPU, "instance_types": [name]} for name in ("p4d.24xlarge", "p4de.24xlarge", "p5.48xlarge", "g6.xlarge")
)
KARPENTER_L4 = {**L4, "provisioner": "karpenter"}
RESERVED = {"id": "cr-0123456789abcdef0", "zone": "us-west-2a"}
BLOCK = {**RESERVED, "kind": "capacity-block", "starts": "2027-01-11T11:30:00Z", "ends": "2027-01-18T11:30:00Z"}
H100_BLOCK = {**H100, "min_per_zone": GONE, "capacity_type": "reserved", "reservation": BLOCK}


def turns(replicas: int = 2) -> dict[str, Any]:
    return {"strategy": "time-slicing", "replicas": replicas}


def mig(**layout: int) -> dict[str, Any]:
    """`_1g_10gb=2` for the profile 1g.10gb, since names have no dots."""
    return {"strategy": "mig", "layout": {name.strip("_").replace("_", "."): count for name, count in layout.items()}}


@dataclass(frozen=True)
class Case:
    """pool: the wrong one. at: the place in it; with a slash, in the stack file.

    words: what the message says of what is wrong, and of the way out. fix: laid over the pool.
    around, mended: values elsewhere in the stack file, from the start and with the fix.
    """

    pool: dict[str, Any]
    at: str
    words: tuple[str, str]
    fix: dict[str, Any]
    around: tuple[Change, ...] = ()
    mended: tuple[Change, ...] = ()


WRONG: dict[str, Case] = {
    # instance types
    "accelerator that no image drives": Case(
        {**GPU, "instance_types": ["g7.2xlarge"]},
        "instance_types",
        ("RTX PRO 4500, which needs NVIDIA driver 595", "Take for example g6e.xlarge, g6e.2xlarge, g7e.2xlarge,"),
        {"instance_types": ["g7e.2xlarge"]},
    ),
    "GPUs of two models": Case(
        {**GPU, "instance_types": ["g6.xlarge", "g6e.xlarge"]},
        "instance_types",
        ("g6.xlarge has 1 x L4 24 GB, g6e.xlarge has 1 x L40S 48 GB", "Keep g6.xlarge here, and make another pool"),
        {"instance_types": ["g6.xlarge"]},
    ),
    "GPUs of one model and two sizes": Case(
        {**GPU, "instance_types": ["p4d.24xlarge", "p4de.24xlarge"]},
        "instance_types",
        ("p4d.24xlarge has 8 x A100 40 GB, p4de.24xlarge has 8 x A100 80 GB", "Keep p4d.24xlarge here"),
        {"instance_types": ["p4d.24xlarge"]},
    ),
    "GPUs beside none": Case(
        {**GPU, "instance_types": ["m5.large", "g6.xlarge"]},
        "instance_types",
        ("m5.large has none, g6.xlarge has 1 x L4 24 GB", "Keep m5.large here, and make another pool for the rest."),
        {"instance_types": ["m5.large"]},
    ),
    "GPU that the region lacks": Case(
        {**GPU, "instance_types": ["p5.4xlarge"]},
        "instance_types",
        ("ca-central-1 does not offer p5.4xlarge", "Alike and offered: p5.48xlarge."),
        {"instance_types": ["p5.48xlarge"]},
        around=((("region",), "ca-central-1"), (("network", "zones"), ["ca-central-1a", "ca-central-1b"])),
    ),
    "Neuron that the region lacks": Case(
        {**GPU, "instance_types": ["trn2.48xlarge"]},
        "instance_types",
        ("us-west-2 does not offer trn2.48xlarge", "or another region: trn2.48xlarge is in ap-south-2, us-east-2."),
        {"instance_types": ["trn1.32xlarge"]},
    ),
    # how nodes are bought
    "spot where none is sold": Case(
        {**GPU, "instance_types": ["trn2u.48xlarge"], "capacity_type": "spot"},
        "capacity_type",
        ("AWS does not sell trn2u.48xlarge as spot", "Write capacity_type: on-demand, or take other types."),
        {"capacity_type": "on-demand"},
        around=((("region",), "ap-south-2"), (("network", "zones"), ["ap-south-2a", "ap-south-2b"])),
    ),
    "a fallback of a node group": Case(
        {**L4, "capacity_type": "spot", "fallback_capacity_types": ["on-demand"]},
        "fallback_capacity_types",
        (
            "an EKS node group buys in one way alone",
            "or write provisioner: karpenter, which tries one after the other.",
        ),
        {"provisioner": "karpenter"},
    ),
    "a fallback that comes first": Case(
        {**KARPENTER_L4, "capacity_type": "on-demand", "fallback_capacity_types": ["spot"]},
        "fallback_capacity_types",
        ("Karpenter takes spot before on-demand", "capacity_type: spot and fallback_capacity_types: [on-demand]."),
        {"capacity_type": "spot", "fallback_capacity_types": ["on-demand"]},
    ),
    "a fallback that is the first choice": Case(
        {**KARPENTER_L4, "capacity_type": "spot", "fallback_capacity_types": ["spot"]},
        "fallback_capacity_types",
        ("spot is capacity_type already", "Drop it here."),
        {"fallback_capacity_types": GONE},
    ),
    "a fallback twice": Case(
        {**KARPENTER_L4, "capacity_type": "spot", "fallback_capacity_types": ["on-demand", "on-demand"]},
        "fallback_capacity_types",
        ("on-demand named twice", "Name each way once."),
        {"fallback_capacity_types": ["on-demand"]},
    ),
    "reserved, and nothing reserved": Case(
        {**H100, "capacity_type": "reserved"},
        "reservation",
        ("capacity_type reserved buys nothing by itself", "or capacity_type: on-demand."),
        {"reservation": RESERVED},
    ),
    "a reservation that lies idle": Case(
        {**H100, "reservation": RESERVED},
        "reservation",
        ("capacity_type is on-demand, so it would lie idle", "Write capacity_type: reserved."),
        {"capacity_type": "reserved"},
    ),
    "a reservation for several types": Case(
        {
            **GPU,
            "instance_types": ["p5en.48xlarge", "p5e.48xlarge"],
            "capacity_type": "reserved",
            "reservation": RESERVED,
        },
        "reservation",
        ("is for one instance type, and the pool has p5en.48xlarge, p5e.48xlarge", "another pool for the others."),
        {"instance_types": ["p5en.48xlarge"]},
    ),
    "a Capacity Block of a type that is not sold so": Case(
        {**L4, "min_per_zone": GONE, "capacity_type": "reserved", "reservation": BLOCK},
        "reservation",
        ("does not sell g6.xlarge as capacity-block, but as on-demand", "Name one of that kind."),
        {"reservation": RESERVED},
    ),
    "a Capacity Block without a beginning": Case(
        {**H100_BLOCK, "reservation": {**BLOCK, "starts": GONE}},
        "reservation.starts",
        ("is missing, and the nodes of a Capacity Block come and go with it", 'for example "2027-01-11T11:30:00Z".'),
        {"reservation": BLOCK},
    ),
    "a Capacity Block that ends before it starts": Case(
        {**H100_BLOCK, "reservation": {**BLOCK, "starts": BLOCK["ends"], "ends": BLOCK["starts"]}},
        "reservation.ends",
        ("is not after starts, 2027-01-18", "Exchange the two, or correct one of them."),
        {"reservation": BLOCK},
    ),
    "a Capacity Block that is too long": Case(
        {**H100_BLOCK, "reservation": {**BLOCK, "ends": "2027-07-13T11:30:00Z"}},
        "reservation.ends",
        ("183 days after starts, and no Capacity Block is longer than 182", "Correct one of the two."),
        {"reservation": {**BLOCK, "ends": "2027-07-12T11:30:00Z"}},
    ),
    "a Capacity Block of the past": Case(
        {**H100_BLOCK, "reservation": {**BLOCK, "starts": "2026-11-01T11:30:00Z", "ends": "2026-11-20T11:30:00Z"}},
        "reservation.ends",
        ("ended on 2026-11-20", "Name the next one, or drop the pool."),
        {"reservation": BLOCK},
    ),
    "a time without a zone": Case(
        {**H100_BLOCK, "reservation": {**BLOCK, "starts": "2027-01-11T11:30:00"}},
        "reservation.starts",
        ("2027-01-11T11:30:00 has no time zone", 'Write "2027-01-11T11:30:00Z" for UTC.'),
        {"reservation": BLOCK},
    ),
    "dates of what has none": Case(
        {**H100, "capacity_type": "reserved", "reservation": {**RESERVED, "ends": BLOCK["ends"]}},
        "reservation.ends",
        ("an On-Demand Capacity Reservation is used as long as it is there", "Drop it, or write kind: capacity-block."),
        {"reservation": RESERVED},
    ),
    "a day that is none": Case(
        {**H100_BLOCK, "reservation": {**BLOCK, "ends": "in spring"}},
        "reservation.ends",
        ("is the text 'in spring', which does not fit", "Write for example 2027-01-18T11:30:00Z."),
        {"reservation": BLOCK},
    ),
    "a reservation in another zone than the pool": Case(
        {**H100, "capacity_type": "reserved", "reservation": RESERVED, "zones": ["us-west-2b"]},
        "zones",
        ("the reservation is in us-west-2a, and its capacity is nowhere else", "[us-west-2a], or drop zones."),
        {"zones": GONE},
    ),
    "a reservation where no network is": Case(
        {**H100, "capacity_type": "reserved", "reservation": {**RESERVED, "zone": "us-west-2d"}},
        "reservation.zone",
        ("has no us-west-2d, so no subnet is there", "or name a reservation in one of these zones."),
        {},
        mended=((("network", "zones"), ["us-west-2a", "us-west-2b", "us-west-2d"]),),
    ),
    # sizes
    "a minimum that Karpenter does not keep": Case(
        {**KARPENTER_L4, "min_per_zone": 1},
        "min_per_zone",
        ("Karpenter keeps no nodes that no pod asks for", "Drop it, or write provisioner: managed."),
        {"min_per_zone": GONE},
    ),
    "a minimum outside of the block": Case(
        {**H100_BLOCK, "min_per_zone": 1},
        "min_per_zone",
        ("outside of its Capacity Block the pool has no nodes", "goes to max_per_zone by itself. Drop it."),
        {"min_per_zone": GONE},
    ),
    "a wish that Karpenter does not hear": Case(
        {**KARPENTER_L4, "desired_per_zone": 0},
        "desired_per_zone",
        ("Karpenter counts pods, not wishes", "Drop it, or write provisioner: managed."),
        {"provisioner": "managed"},
    ),
    "a wish outside of the block": Case(
        {**H100_BLOCK, "desired_per_zone": 1},
        "desired_per_zone",
        ("at the start of its Capacity Block the group goes to max_per_zone", "Drop it."),
        {"desired_per_zone": GONE},
    ),
    "fewer GPUs than a node has": Case(
        {**A100_40, "max_gpus": 4},
        "max_gpus",
        ("is 4, and one p4d.24xlarge has 8, so it could never start", "Write 8 or more."),
        {"max_gpus": 8, "zones": ["us-west-2a"]},
    ),
    "fewer GPUs than one of the types has": Case(
        {**KARPENTER_L4, "instance_types": ["g6.xlarge", "g6.12xlarge"], "max_gpus": 2},
        "max_gpus",
        ("is 2, and one g6.12xlarge has 4, so it could never start", "Write 4 or more, or drop g6.12xlarge."),
        {"max_gpus": 4},
    ),
    "more GPUs than the node groups may have": Case(
        {**A100_40, "max_gpus": 16},
        "max_gpus",
        ("the pool at its maximum has 24 (3 nodes of 8)", "Write 24, or lower max_per_zone or the number of zones."),
        {"max_gpus": 24},
    ),
    "a number of GPUs where none are": Case(
        {"name": "cpu", "instance_types": ["m5.large"], "max_gpus": 8},
        "max_gpus",
        ("m5.large has no accelerators, so it would do nothing", "Drop it; max_per_zone holds."),
        {"max_gpus": GONE},
    ),
    "on at night where nobody asks": Case(
        {"name": "cpu", "instance_types": ["m5.large"], "always_on": True},
        "always_on",
        ("nobody asks pools of m5.large to go to zero", "Drop it."),
        {"always_on": False},
    ),
    "on at night where nodes come and go": Case(
        {**KARPENTER_L4, "always_on": True},
        "always_on",
        ("Karpenter takes idle nodes away all the same", "Drop it, or write provisioner: managed."),
        {"provisioner": "managed"},
    ),
    # the machine
    "Neuron on Bottlerocket": Case(
        {**GPU, "instance_types": ["inf2.xlarge"], "operating_system": "bottlerocket"},
        "operating_system",
        ("no image of bottlerocket drives the Neuron devices of inf2.xlarge", "Write al2023."),
        {"operating_system": "al2023"},
    ),
    "a RAID of no disks": Case(
        {**GPU, "instance_types": ["inf2.xlarge"], "local_nvme": "raid0"},
        "local_nvme",
        ("inf2.xlarge has no NVMe disks of its own", "Write local_nvme: none, or take types that have some."),
        {"local_nvme": "none"},
    ),
    # sharing
    "sharing of nothing": Case(
        {"name": "cpu", "instance_types": ["m5.large"], "sharing": turns()},
        "sharing",
        ("is time-slicing, but m5.large has no GPU to share", "Drop sharing, or take a type with GPUs."),
        {"sharing": GONE},
    ),
    "sharing of Neuron": Case(
        {**GPU, "instance_types": ["inf2.24xlarge"], "sharing": turns()},
        "sharing",
        ("the Neuron device plugin hands out whole Inferentia2 devices", "a pod that needs less fits a smaller type."),
        {"sharing": GONE, "instance_types": ["inf2.xlarge"]},
    ),
    "sharing of a part": Case(
        {**GPU, "instance_types": ["g6f.xlarge"], "sharing": turns()},
        "sharing",
        ("the device of g6f.xlarge is a part of a GPU already", "or share a whole GPU, for example on g6.xlarge."),
        {"instance_types": ["g6.xlarge"]},
    ),
    "turns without a number": Case(
        {**L4, "sharing": {"strategy": "time-slicing"}},
        "sharing.replicas",
        ("is missing: how many pods take one GPU", "Write replicas: 2, or up to 16."),
        {"sharing": turns(2)},
    ),
    "too many turns": Case(
        {**L4, "sharing": turns(17)},
        "sharing.replicas",
        ("17 is more than the 16 pods that can use one GPU", "Write 16 or less."),
        {"sharing": turns(16)},
    ),
    "too many shares": Case(
        {**L4, "sharing": {"strategy": "mps", "replicas": 49}},
        "sharing.replicas",
        ("49 is more than the 48 pods", "Write 48 or less."),
        {"sharing": {"strategy": "mps", "replicas": 48}},
    ),
    "turns of one": Case(
        {**L4, "sharing": turns(1)},
        "sharing.replicas",
        ("is 1, and the least is 2", "Write 2 or more."),
        {"sharing": turns(2)},
    ),
    "replicas of slices": Case(
        {**A100_80, "sharing": {"strategy": "mig", "profile": "1g.10gb", "replicas": 2}},
        "sharing.replicas",
        ("with strategy mig it would do nothing", "Drop it, or write strategy: time-slicing."),
        {"sharing": {"strategy": "mig", "profile": "1g.10gb"}},
    ),
    "slices by MPS": Case(
        {**A100_80, "sharing": {"strategy": "mps", "replicas": 2, "profile": "1g.10gb"}},
        "sharing.profile",
        ("is given, but strategy is mps", "Drop it, or write strategy: mig."),
        {"sharing": {"strategy": "mps", "replicas": 2}},
    ),
    "MIG, and not how": Case(
        {**A100_80, "sharing": {"strategy": "mig"}},
        "sharing",
        (
            "without a profile or a layout, so the GPUs would stay whole",
            "`profile: 1g.10gb`, which gives 7 on each GPU.",
        ),
        {"sharing": {"strategy": "mig", "profile": "1g.10gb"}},
    ),
    "MIG, and how twice": Case(
        {**A100_80, "sharing": {**mig(_1g_10gb=7), "profile": "1g.10gb"}},
        "sharing.layout",
        ("is given beside profile, 1g.10gb, and only one of them can hold", "Drop one."),
        {"sharing": mig(_1g_10gb=7)},
    ),
    "a profile that the smaller A100 lacks": Case(
        {**A100_40, "sharing": {"strategy": "mig", "profile": "2g.20gb"}},
        "sharing",
        ("A100-40GB has no such profile", "or for 2g.20gb a type that has it: p5.4xlarge, p4de.24xlarge, p5.48xlarge."),
        {"instance_types": ["p4de.24xlarge"]},
    ),
    "a profile that no GPU has": Case(
        {**A100_40, "sharing": {"strategy": "mig", "profile": "1g.6gb"}},
        "sharing",
        ("names 1g.6gb", "Take one of 1g.5gb, 1g.5gb+me, 1g.10gb, 2g.10gb, 3g.20gb, 4g.20gb, 7g.40gb."),
        {"sharing": {"strategy": "mig", "profile": "1g.5gb"}},
    ),
    "MIG without MIG": Case(
        {**L4, "sharing": {"strategy": "mig", "profile": "1g.10gb"}},
        "sharing",
        (
            "L4 cannot be partitioned. Write `sharing: {strategy: time-slicing, replicas: 2}`",
            "g7e.2xlarge, g7e.4xlarge, p5.4xlarge, g7e.8xlarge.",
        ),
        {"sharing": turns(2)},
    ),
    "more compute than the GPU has": Case(
        {**A100_80, "sharing": mig(_3g_40gb=2, _1g_10gb=2)},
        "sharing",
        ("takes 8 compute slices, and A100-80GB has 7", "Nearest that fits: `layout: {3g.40gb: 2}`."),
        {"sharing": mig(_3g_40gb=2)},
    ),
    "more memory than the GPU has": Case(
        {**A100_80, "sharing": mig(_1g_20gb=4, _1g_10gb=1)},
        "sharing",
        ("takes 9 memory slices, and A100-80GB has 8", "Nearest that fits: `layout: {1g.20gb: 4}`."),
        {"sharing": mig(_1g_20gb=4)},
    ),
    "more of a profile than there can be": Case(
        {**A100_80, "sharing": {"strategy": "mig", "layout": {"4g.40gb": 1, "1g.10gb+me": 2}}},
        "sharing",
        (
            "A100-80GB takes at most 1 of 1g.10gb+me, 1 of 4g.40gb",
            "Nearest that fits: `layout: {4g.40gb: 1, 1g.10gb+me: 1}`.",
        ),
        {"sharing": {"strategy": "mig", "layout": {"4g.40gb": 1, "1g.10gb+me": 1}}},
    ),
    "none of a profile": Case(
        {**A100_80, "sharing": mig(_1g_10gb=2, _2g_20gb=0)},
        "sharing.layout",
        ("has less than one 2g.20gb", "Write 1 or more, or drop the profile."),
        {"sharing": mig(_1g_10gb=2)},
    ),
    "MIG on Bottlerocket": Case(
        {**A100_80, "sharing": {"strategy": "mig", "profile": "1g.10gb"}, "operating_system": "bottlerocket"},
        "sharing",
        ("Bottlerocket offers slices under the name of whole GPUs", "Write operating_system: al2023."),
        {"operating_system": "al2023"},
    ),
    "shared GPUs of Karpenter that keep nobody away": Case(
        {**KARPENTER_L4, "sharing": turns(), "taints": []},
        "taints",
        ("Karpenter believes that a node of shared GPUs has whole ones as well", "or provisioner: managed."),
        {"taints": [{"key": "gpu", "value": "true"}]},
    ),
    "shared GPUs of Karpenter with the taint of whole ones": Case(
        {**KARPENTER_L4, "sharing": turns()},
        "taints",
        ("every pod that tolerates whole, with its whole GPUs", "Write `taints: [{key: gpu, value: time-slicing}]`."),
        {"taints": [{"key": "gpu", "value": "time-slicing"}]},
        around=((THIRD, {**KARPENTER_L4, "name": "whole"}),),
    ),
    # the fabric
    "EFA without EFA": Case(
        {**L4, "efa": True, "zones": ["us-west-2a"]},
        "efa",
        (
            "g6.xlarge has no EFA interface that is known",
            "Set efa: false, or take a type that has some: g6.8xlarge, gr6.8xlarge, g6.12xlarge,",
        ),
        {"instance_types": ["g6.12xlarge"]},
    ),
    "EFA of two layouts": Case(
        {**GPU, "instance_types": ["p5en.48xlarge", "p5e.48xlarge"], "efa": True, "zones": ["us-west-2a"]},
        "efa",
        ("p5en.48xlarge has 16, p5e.48xlarge has 32", "Keep p5en.48xlarge here, and make another pool for the rest."),
        {"instance_types": ["p5en.48xlarge"]},
    ),
    "EFA over slices": Case(
        {**H100, "efa": True, "zones": ["us-west-2a"], "sharing": {"strategy": "mig", "profile": "1g.10gb"}},
        "efa",
        ("while the GPUs are shared (mig)", "Drop sharing, or set efa: false."),
        {"sharing": GONE},
    ),
    "EFA over two zones": Case(
        {**H100, "efa": True, "zones": ["us-west-2a", "us-west-2b"]},
        "zones",
        (
            "names us-west-2a, us-west-2b, but with efa all nodes",
            "Write `zones: [us-west-2a]`, where the type is offered.",
        ),
        {"zones": ["us-west-2a"]},
    ),
    "EFA in whatever zones AWS picks": Case(
        {**H100, "efa": True, "placement_group": True},
        "zones",
        (
            "names no zone, but with efa and placement_group",
            "Name the zones of the network as well: `network: {zones: [",
        ),
        {"zones": ["us-west-2a"]},
        around=((("network", "zones"), 3),),
        mended=((("network", "zones"), ["us-west-2a", "us-west-2b", "us-west-2c"]),),
    ),
    "spot in a placement group": Case(
        {**H100, "placement_group": True, "zones": ["us-west-2a"], "capacity_type": "spot"},
        "placement_group",
        ("spot nodes go one by one", "Write capacity_type: on-demand, or placement_group: false."),
        {"capacity_type": "on-demand"},
    ),
    "types that no placement group takes": Case(
        {"name": "cpu", "instance_types": ["t3.large"], "placement_group": True, "zones": ["us-west-2a"]},
        "placement_group",
        ("EC2 takes no t3.large into a cluster placement group", "or take m7i types."),
        {"instance_types": ["m7i.large"]},
    ),
    "a placement group of reserved machines": Case(
        {**H100, "placement_group": True, "capacity_type": "reserved", "reservation": RESERVED},
        "placement_group",
        ("reserved capacity has its place already", "Write placement_group: false."),
        {"placement_group": False},
    ),
    # times
    "on at night and off at night": Case(
        {**H100, "always_on": True, "off_peak": {"begins": "20:00", "hours": 10}},
        "off_peak",
        ("always_on says that the pool runs at night as well", "Drop one of them."),
        {"always_on": False},
    ),
    "reserved machines that rest": Case(
        {**H100, "capacity_type": "reserved", "reservation": RESERVED, "off_peak": {"begins": "20:00", "hours": 10}},
        "off_peak",
        ("reserved capacity is paid for by day and night", "Drop it."),
        {"off_peak": GONE},
    ),
    "an hour that is none": Case(
        {**H100, "off_peak": {"begins": "24:00", "hours": 10}},
        "off_peak.begins",
        ("is the text '24:00', which does not fit", "Write for example 20:00."),
        {"off_peak": {"begins": "00:00", "hours": 10}},
    ),
    "disruption that nobody does": Case(
        {**L4, "disruption": {"consolidate": "when-empty"}},
        "disruption",
        ("EKS takes no node of a managed pool away by itself", "Updates keep max_unavailable_percentage."),
        {"provisioner": "karpenter"},
    ),
    "updates that nobody makes": Case(
        {**KARPENTER_L4, "max_unavailable_percentage": 50},
        "max_unavailable_percentage",
        ("Karpenter has a budget of its own", "Write it as `disruption: {max_unavailable_percentage: 50}`."),
        {"max_unavailable_percentage": GONE, "disruption": {"max_unavailable_percentage": 50}},
    ),
    "repair of some of Karpenter's pools": Case(
        {**KARPENTER_L4, "node_repair": False},
        "/clusters.main.pools[2].node_repair",
        (
            "Karpenter repairs the nodes of all its pools or of none",
            "Write node_repair: false here, or change it there.",
        ),
        {"node_repair": True},
        around=((THIRD, {**KARPENTER_L4, "name": "first"}),),
    ),
    # labels and taints
    "a label that the platform sets": Case(
        {**L4, "labels": {"nvidia.com/mig.config": "all-1g.5gb"}},
        'labels["nvidia.com/mig.config"]',
        ("whose node labels the platform sets by itself", "for example platform.example.com/mig.config."),
        {"labels": {"platform.example.com/mig.config": "all-1g.5gb"}},
    ),
    "a taint that no pod can tolerate for long": Case(
        {**L4, "taints": [{"key": "node.kubernetes.io/not-ready"}]},
        "taints[0].key",
        ("is in kubernetes.io, which is kept for the system", "or the bare name not-ready."),
        {"taints": [{"key": "not-ready"}]},
    ),
    # the cluster
    "Karpenter without its add-on": Case(
        KARPENTER_L4,
        "/clusters.main.addons.karpenter.enabled",
        ("pool gpu cannot do without karpenter", "Drop it here, or write provisioner: managed."),
        {"provisioner": "managed"},
        around=(((*MAIN, "addons"), {"karpenter": {"enabled": False}}),),
    ),
    "an add-on that waits for a pool": Case(
        L4,
        "/clusters.main.addons.karpenter",
        ("no pool needs karpenter, so it would do nothing", "Drop it."),
        {"provisioner": "karpenter"},
        around=(((*MAIN, "addons"), {"karpenter": {}}),),
    ),
    "Karpenter on its own nodes": Case(
        KARPENTER_L4,
        "/clusters.main.pools",
        (
            "no managed pool without taints and off_peak begins with a node",
            "min_per_zone or desired_per_zone of 1 or more.",
        ),
        {},
        around=(((*MAIN, "pools", 0), {"name": "a", "instance_types": ["m5.large"], "provisioner": "karpenter"}),),
        mended=(((*MAIN, "pools", 0, "provisioner"), "managed"),),
    ),
    "add-ons that rest at night": Case(
        L4,
        "/clusters.main.pools",
        ("no managed pool without taints and off_peak", "min_per_zone or desired_per_zone of 1 or more."),
        {},
        around=(((*MAIN, "pools", 0, "off_peak"), {"begins": "20:00", "hours": 10}),),
        mended=(((*MAIN, "pools", 0, "off_peak"), GONE),),
    ),
    "Karpenter on one node": Case(
        KARPENTER_L4,
        "provisioner",
        (
            "system, the first pool for add-ons, begins with 1",
            "Write min_per_zone: 2 in system, or provisioner: managed in gpu.",
        ),
        {},
        around=(((*MAIN, "pools", 0, "zones"), ["us-west-2a"]),),
        mended=(((*MAIN, "pools", 0, "min_per_zone"), 2),),
    ),
    "no way to IAM for Karpenter": Case(
        KARPENTER_L4,
        "/network.nat",
        ("which has no endpoint in a VPC", "Write nat: single, or provisioner: managed in gpu."),
        {},
        around=((("network", "nat"), "none"),),
        mended=((("network", "nat"), "single"),),
    ),
    "a role whose name is too long": Case(
        KARPENTER_L4,
        f"/clusters.{'c' * 30}",
        ("has 66 characters, and IAM takes 64", "Shorten the name of the cluster by 2."),
        {},
        around=((("name",), "n" * 15), (CLUSTER_NAME, "c" * 30)),
        mended=((CLUSTER_NAME, "c" * 28),),
    ),
    "devices that Karpenter does not know": Case(
        {**KARPENTER_L4},
        "",
        ("Karpenter cannot tell what devices its nodes would have", "on al2023, with sharing none or mig."),
        {"provisioner": "managed"},
        around=(((*MAIN, "gpu_allocation"), "dra"),),
    ),
    "devices that take turns": Case(
        {**L4, "sharing": turns(), "operating_system": "bottlerocket"},
        "",
        (
            "Bottlerocket runs a device plugin of its own, and its driver knows no time-slicing",
            "Write gpu_allocation: device-plugin in the cluster, or make the pool managed",
        ),
        {},
        around=(((*MAIN, "gpu_allocation"), "dra"),),
        mended=(((*MAIN, "gpu_allocation"), "device-plugin"),),
    ),
    "devices of nothing": Case(
        {"name": "cpu", "instance_types": ["m5.large"]},
        "/clusters.main.gpu_allocation",
        ("no pool has GPUs, so it would do nothing", "Drop it."),
        {},
        around=(((*MAIN, "gpu_allocation"), "dra"),),
        mended=(((*MAIN, "gpu_allocation"), GONE),),
    ),
    "a quota that is too small": Case(
        A100_40,
        "/quotas.vcpus.L-417A185B",
        ("the account has 96 vCPUs of L-417A185B", "or lower max_per_zone or max_gpus."),
        {"zones": ["us-west-2a"]},
        around=((("quotas",), {"vcpus": {"L-417A185B": 96}}),),
    ),
    "a quota that is none": Case(
        A100_40,
        "/quotas.vcpus.L-417A185C",
        ("is no code of an EC2 quota of running instances", "Did you mean L-417A185B?"),
        {},
        around=((("quotas",), {"vcpus": {"L-417A185C": 960}}),),
        mended=((("quotas",), {"vcpus": {"L-417A185B": 960}}),),
    ),
}


def without_gone(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_gone(item) for key, item in value.items() if item is not GONE}
    return [without_gone(item) for item in value] if isinstance(value, list) else value


def file_with(pool: dict[str, Any], *changes: Change) -> dict[str, Any]:
    """The right stack file with this pool in place of its second, and the changes, of which the last one holds."""
    extra: list[Any] = []
    raw = stack((POOL, pool))
    for path, value in changes:
        if path == THIRD:
            extra = [value]
        elif path == CLUSTER_NAME:
            raw["clusters"] = {value: next(iter(raw["clusters"].values()))}
        else:
            at: Any = raw
            for part in path[:-1]:
                at = at[part] if isinstance(part, int) else at.setdefault(part, {})
            at[path[-1]] = value
    cluster = next(iter(raw["clusters"].values()))
    cluster["pools"] += extra
    if raw["region"] != "us-west-2":
        cluster["pools"][0]["instance_types"] = ["m6i.large"]
    whole: dict[str, Any] = without_gone(raw)
    return whole


def place_of(case: Case) -> str:
    pool = "clusters.main.pools[1]"
    if case.at.startswith("/"):
        return case.at[1:]
    return f"{pool}.{case.at}" if case.at else pool


def told(case: Case) -> list[str]:
    return [str(problem) for problem in problems(file_with(case.pool, *case.around))]


@pytest.mark.parametrize("case", WRONG.values(), ids=list(WRONG))
def test_a_wrong_pool_is_told_where_and_why_once(case: Case) -> None:
    found = problems(file_with(case.pool, *case.around))
    assert len(found) == 1, "one thing to mend, one line:\n" + "\n".join(map(str, found))
    assert found[0].path == place_of(case), found[0].message
    why, way_out = case.words
    assert why in found[0].message, found[0].message
    assert way_out in found[0].message, found[0].message


@pytest.mark.parametrize("case", WRONG.values(), ids=list(WRONG))
def test_the_way_out_that_is_told_is_one(case: Case) -> None:
    mended = file_with({**case.pool, **case.fix}, *case.around, *case.mended)
    assert problems(mended) == (), "advice that leads to the next mistake is none"


def test_no_two_wrong_pools_are_told_alike() -> None:
    messages = ["\n".join(told(case)) for case in WRONG.values()]
    assert len(set(messages)) == len(messages) > 60, "a message that serves two mistakes tells neither"

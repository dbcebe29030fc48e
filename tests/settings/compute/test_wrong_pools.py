"""Invalid pools: each is refused at the right setting, with the reason, and with advice that works."""

from dataclasses import dataclass
from typing import Any

import pytest

from settings.core.problems import PathPart
from tests.settings.stacks import ABSENT, POOL, problems, stack

Change = tuple[tuple[PathPart, ...], Any]
MAIN = ("clusters", "main")
WAITS = {"k8s.amazonaws.com/accelerator": "l4"}
THIRD_POOL = (*MAIN, "pools", 2)  # a further pool
CLUSTER_NAME = ("clusters",)
TAINTS = [{"key": "nvidia.com/gpu", "value": "true"}]
GPU: dict[str, Any] = {"name": "gpu", "min_per_zone": 0, "max_per_zone": 1, "taints": TAINTS}
A100_40, A100_80, H100, L4 = (
    {**GPU, "instance_types": [name]} for name in ("p4d.24xlarge", "p4de.24xlarge", "p5.48xlarge", "g6.xlarge")
)
KARPENTER_L4 = {**L4, "provisioner": "karpenter"}
RESERVED = {"id": "cr-0123456789abcdef0", "zone": "us-west-2a"}
BLOCK = {**RESERVED, "kind": "capacity-block", "starts": "2027-01-11T11:30:00Z", "ends": "2027-01-18T11:30:00Z"}
H100_BLOCK = {**H100, "min_per_zone": ABSENT, "capacity_type": "reserved", "reservation": BLOCK}


MIRROR = {"repository": "123456789012.dkr.ecr.us-west-2.amazonaws.com/mirror"}
NODE_ENDPOINTS = ["ec2", "ecr.api", "ecr.dkr", "eks", "eks-auth", "sts"]
FROM_ECR = {
    "cert-manager": {"values": {"image": MIRROR}},
    "karpenter": {"values": {"controller": {"image": MIRROR}}},
    "gpu-operator": {"values": {"operator": MIRROR}},
    "cluster-autoscaler": {"values": {"image": MIRROR}},
}


def time_slicing(replicas: int = 2) -> dict[str, Any]:
    return {"strategy": "time-slicing", "replicas": replicas}


def mig(**layout: int) -> dict[str, Any]:
    """`_1g_10gb=2` for the profile 1g.10gb, since names have no dots."""
    return {"strategy": "mig", "layout": {name.strip("_").replace("_", "."): count for name, count in layout.items()}}


@dataclass(frozen=True)
class Case:
    """pool: the invalid pool. path: of the problem, in the pool; with a slash, in the stack file.

    words: parts of the message: the reason, and the advice. fix: what the advice changes in the pool.
    around, fix_around: values elsewhere in the stack file: for both, and for the fixed file only.
    """

    pool: dict[str, Any]
    path: str
    words: tuple[str, str]
    fix: dict[str, Any]
    around: tuple[Change, ...] = ()
    fix_around: tuple[Change, ...] = ()


WRONG: dict[str, Case] = {
    # instance types
    "node group on which EKS counts more pods than get an address": Case(
        {"name": "small", "instance_types": ["m7g.medium"], "max_per_zone": 1},
        "instance_types",
        ("EKS would place 98 pods on a node, but only 50 of m7g.medium", "or write provisioner: karpenter, which is"),
        {"provisioner": "karpenter", "min_per_zone": ABSENT},
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
        ("ca-central-1 does not offer p5.4xlarge", "Similar types that it offers: p5.48xlarge."),
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
    "spot of a type that is not sold as spot": Case(
        {**GPU, "instance_types": ["trn2u.48xlarge"], "capacity_type": "spot"},
        "capacity_type",
        ("AWS does not sell trn2u.48xlarge as spot", "Write capacity_type: on-demand, or take other types."),
        {"capacity_type": "on-demand"},
        around=((("region",), "ap-south-2"), (("network", "zones"), ["ap-south-2a", "ap-south-2b"])),
    ),
    "a fallback in a managed pool": Case(
        {**L4, "capacity_type": "spot", "fallback_capacity_types": ["on-demand"]},
        "fallback_capacity_types",
        (
            "an EKS node group has only one capacity type",
            "or write provisioner: karpenter, which tries one after the other.",
        ),
        {"provisioner": "karpenter"},
    ),
    "a fallback that Karpenter prefers": Case(
        {**KARPENTER_L4, "capacity_type": "on-demand", "fallback_capacity_types": ["spot"]},
        "fallback_capacity_types",
        (
            "Karpenter always takes spot before on-demand",
            "capacity_type: spot and fallback_capacity_types: [on-demand].",
        ),
        {"capacity_type": "spot", "fallback_capacity_types": ["on-demand"]},
    ),
    "a fallback that is the capacity type": Case(
        {**KARPENTER_L4, "capacity_type": "spot", "fallback_capacity_types": ["spot"]},
        "fallback_capacity_types",
        ("spot is already the capacity_type", "Drop it here."),
        {"fallback_capacity_types": ABSENT},
    ),
    "a fallback twice": Case(
        {**KARPENTER_L4, "capacity_type": "spot", "fallback_capacity_types": ["on-demand", "on-demand"]},
        "fallback_capacity_types",
        ("on-demand is named twice", "Name each capacity type once."),
        {"fallback_capacity_types": ["on-demand"]},
    ),
    "reserved without a reservation": Case(
        {**H100, "capacity_type": "reserved"},
        "reservation",
        ("capacity_type reserved buys nothing by itself", "or capacity_type: on-demand."),
        {"reservation": RESERVED},
    ),
    "a reservation that is not used": Case(
        {**H100, "reservation": RESERVED},
        "reservation",
        ("capacity_type is on-demand, so the reservation would be idle", "Write capacity_type: reserved."),
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
        ("is for one instance type, but the pool has p5en.48xlarge, p5e.48xlarge", "another pool for the others."),
        {"instance_types": ["p5en.48xlarge"]},
    ),
    "a Capacity Block of a type that is not sold as one": Case(
        {**L4, "min_per_zone": ABSENT, "capacity_type": "reserved", "reservation": BLOCK},
        "reservation",
        ("does not sell g6.xlarge as capacity-block, but as on-demand", "Name one of that kind."),
        {"reservation": RESERVED},
    ),
    "a Capacity Block without a beginning": Case(
        {**H100_BLOCK, "reservation": {**BLOCK, "starts": ABSENT}},
        "reservation.starts",
        (
            "is missing, but the pool has nodes only while its Capacity Block lasts",
            'for example "2027-01-11T11:30:00Z".',
        ),
        {"reservation": BLOCK},
    ),
    "a Capacity Block that ends before it starts": Case(
        {**H100_BLOCK, "reservation": {**BLOCK, "starts": BLOCK["ends"], "ends": BLOCK["starts"]}},
        "reservation.ends",
        ("is not after starts, 2027-01-18", "Swap the two, or correct one of them."),
        {"reservation": BLOCK},
    ),
    "a Capacity Block that is too long": Case(
        {**H100_BLOCK, "reservation": {**BLOCK, "ends": "2027-07-13T11:30:00Z"}},
        "reservation.ends",
        ("183 days after starts, but a Capacity Block has at most 182 days", "Correct one of the two."),
        {"reservation": {**BLOCK, "ends": "2027-07-12T11:30:00Z"}},
    ),
    "a Capacity Block that ended": Case(
        {**H100_BLOCK, "reservation": {**BLOCK, "starts": "2026-11-01T11:30:00Z", "ends": "2026-11-20T11:30:00Z"}},
        "reservation.ends",
        ("ended on 2026-11-20", "Name a new block, or drop the pool."),
        {"reservation": BLOCK},
    ),
    "a time without a zone": Case(
        {**H100_BLOCK, "reservation": {**BLOCK, "starts": "2027-01-11T11:30:00"}},
        "reservation.starts",
        ("2027-01-11T11:30:00 has no time zone", 'Write "2027-01-11T11:30:00Z" for UTC.'),
        {"reservation": BLOCK},
    ),
    "dates of an On-Demand Capacity Reservation": Case(
        {**H100, "capacity_type": "reserved", "reservation": {**RESERVED, "ends": BLOCK["ends"]}},
        "reservation.ends",
        ("an On-Demand Capacity Reservation has no dates here", "Drop it, or write kind: capacity-block."),
        {"reservation": RESERVED},
    ),
    "an end that is not a date": Case(
        {**H100_BLOCK, "reservation": {**BLOCK, "ends": "in spring"}},
        "reservation.ends",
        ("is the text 'in spring', which has the wrong format", "Write for example 2027-01-18T11:30:00Z."),
        {"reservation": BLOCK},
    ),
    "a reservation in another zone than the pool": Case(
        {**H100, "capacity_type": "reserved", "reservation": RESERVED, "zones": ["us-west-2b"]},
        "zones",
        ("the reservation is in us-west-2a, and has no capacity in another zone", "[us-west-2a], or drop zones."),
        {"zones": ABSENT},
    ),
    "a reservation in a zone that the network lacks": Case(
        {**H100, "capacity_type": "reserved", "reservation": {**RESERVED, "zone": "us-west-2d"}},
        "reservation.zone",
        ("does not have us-west-2d, so there is no subnet", "or name a reservation in one of these zones."),
        {},
        fix_around=((("network", "zones"), ["us-west-2a", "us-west-2b", "us-west-2d"]),),
    ),
    # sizes
    "a minimum in a Karpenter pool": Case(
        {**KARPENTER_L4, "min_per_zone": 1},
        "min_per_zone",
        ("Karpenter keeps only nodes that pods need", "Drop it, or write provisioner: managed."),
        {"min_per_zone": ABSENT},
    ),
    "a minimum with a Capacity Block": Case(
        {**H100_BLOCK, "min_per_zone": 1},
        "min_per_zone",
        ("the pool has no nodes outside its Capacity Block", "scales to max_per_zone by itself. Drop it."),
        {"min_per_zone": ABSENT},
    ),
    "a desired number in a Karpenter pool": Case(
        {**KARPENTER_L4, "desired_per_zone": 0},
        "desired_per_zone",
        ("Karpenter adds nodes only for pods", "Drop it, or write provisioner: managed."),
        {"provisioner": "managed"},
    ),
    "a desired number with a Capacity Block": Case(
        {**H100_BLOCK, "desired_per_zone": 1},
        "desired_per_zone",
        ("the pool scales to max_per_zone at the start of its Capacity Block", "Drop it."),
        {"desired_per_zone": ABSENT},
    ),
    "fewer GPUs than a node has": Case(
        {**A100_40, "max_gpus": 4},
        "max_gpus",
        ("is 4, but one p4d.24xlarge has 8 accelerators, so it could never start", "Write 8 or more."),
        {"max_gpus": 8, "zones": ["us-west-2a"]},
    ),
    "fewer GPUs than one of the types has": Case(
        {**KARPENTER_L4, "instance_types": ["g6.xlarge", "g6.12xlarge"], "max_gpus": 2},
        "max_gpus",
        (
            "is 2, but one g6.12xlarge has 4 accelerators, so it could never start",
            "Write 4 or more, or drop g6.12xlarge.",
        ),
        {"max_gpus": 4},
    ),
    "more GPUs than the node groups may have": Case(
        {**A100_40, "max_gpus": 16},
        "max_gpus",
        ("the pool at its maximum has 24 (3 nodes with 8)", "Write 24, or lower max_per_zone or the number of zones."),
        {"max_gpus": 24},
    ),
    "a number of GPUs in a pool without GPUs": Case(
        {"name": "cpu", "instance_types": ["m5.large"], "max_gpus": 8},
        "max_gpus",
        ("m5.large has no accelerators, so it would do nothing", "Drop it; max_per_zone is the limit."),
        {"max_gpus": ABSENT},
    ),
    "always on without GPUs": Case(
        {"name": "cpu", "instance_types": ["m5.large"], "always_on": True},
        "always_on",
        ("no policy asks pools of m5.large to scale to zero", "Drop it."),
        {"always_on": False},
    ),
    "always on with Karpenter": Case(
        {**KARPENTER_L4, "always_on": True},
        "always_on",
        ("Karpenter removes idle nodes anyway", "Drop it, or write provisioner: managed."),
        {"provisioner": "managed"},
    ),
    # the machine
    "GPU that only Amazon Linux drives": Case(
        {**GPU, "instance_types": ["g7.2xlarge"], "operating_system": "bottlerocket"},
        "operating_system",
        ("g7.2xlarge has an RTX PRO 4500, which needs NVIDIA driver 595", "Write al2023."),
        {"operating_system": "al2023"},
    ),
    "Neuron on Bottlerocket": Case(
        {**GPU, "instance_types": ["inf2.xlarge"], "operating_system": "bottlerocket"},
        "operating_system",
        ("no bottlerocket image has a driver for the Neuron devices of inf2.xlarge", "Write al2023."),
        {"operating_system": "al2023"},
    ),
    "RAID 0 without local disks": Case(
        {**GPU, "instance_types": ["inf2.xlarge"], "local_nvme": "raid0"},
        "local_nvme",
        ("inf2.xlarge has no local NVMe disks", "Write local_nvme: none, or take types with local disks."),
        {"local_nvme": "none"},
    ),
    # sharing
    "sharing without a GPU": Case(
        {"name": "cpu", "instance_types": ["m5.large"], "sharing": time_slicing()},
        "sharing",
        ("is time-slicing, but m5.large has no GPU to share", "Drop sharing, or take a type with GPUs."),
        {"sharing": ABSENT},
    ),
    "sharing of Neuron": Case(
        {**GPU, "instance_types": ["inf2.24xlarge"], "sharing": time_slicing()},
        "sharing",
        (
            "the Neuron device plugin offers only whole Inferentia2 devices",
            "take a smaller type for pods that need less.",
        ),
        {"sharing": ABSENT, "instance_types": ["inf2.xlarge"]},
    ),
    "sharing of a fractional GPU": Case(
        {**GPU, "instance_types": ["g6f.xlarge"], "sharing": time_slicing()},
        "sharing",
        ("g6f.xlarge already has only a part of a GPU", "or share a whole GPU, for example on g6.xlarge."),
        {"instance_types": ["g6.xlarge"]},
    ),
    "time-slicing without replicas": Case(
        {**L4, "sharing": {"strategy": "time-slicing"}},
        "sharing.replicas",
        ("is missing: how many pods share one GPU", "Write replicas: 2, or up to 16."),
        {"sharing": time_slicing(2)},
    ),
    "too many replicas for time-slicing": Case(
        {**L4, "sharing": time_slicing(17)},
        "sharing.replicas",
        ("17 is more than the 16 pods that can use one GPU", "Write 16 or less."),
        {"sharing": time_slicing(16)},
    ),
    "too many replicas for MPS": Case(
        {**L4, "sharing": {"strategy": "mps", "replicas": 49}},
        "sharing.replicas",
        ("49 is more than the 48 pods", "Write 48 or less."),
        {"sharing": {"strategy": "mps", "replicas": 48}},
    ),
    "one replica": Case(
        {**L4, "sharing": time_slicing(1)},
        "sharing.replicas",
        ("is 1, and the minimum is 2", "Write 2 or more."),
        {"sharing": time_slicing(2)},
    ),
    "MIG with replicas": Case(
        {**A100_80, "sharing": {"strategy": "mig", "profile": "1g.10gb", "replicas": 2}},
        "sharing.replicas",
        ("with strategy mig it would do nothing", "Drop it, or write strategy: time-slicing."),
        {"sharing": {"strategy": "mig", "profile": "1g.10gb"}},
    ),
    "MPS with a profile": Case(
        {**A100_80, "sharing": {"strategy": "mps", "replicas": 2, "profile": "1g.10gb"}},
        "sharing.profile",
        ("is given, but strategy is mps", "Drop it, or write strategy: mig."),
        {"sharing": {"strategy": "mps", "replicas": 2}},
    ),
    "MIG without a profile or layout": Case(
        {**A100_80, "sharing": {"strategy": "mig"}},
        "sharing",
        (
            "without a profile or a layout, so the GPUs would stay whole",
            "`profile: 1g.10gb`, which gives 7 on each GPU.",
        ),
        {"sharing": {"strategy": "mig", "profile": "1g.10gb"}},
    ),
    "MIG with both a profile and a layout": Case(
        {**A100_80, "sharing": {**mig(_1g_10gb=7), "profile": "1g.10gb"}},
        "sharing.layout",
        ("is given in addition to profile, 1g.10gb, but only one of them can hold", "Drop one."),
        {"sharing": mig(_1g_10gb=7)},
    ),
    "a profile that the smaller A100 lacks": Case(
        {**A100_40, "sharing": {"strategy": "mig", "profile": "2g.20gb"}},
        "sharing",
        ("A100-40GB has no such profile", "or for 2g.20gb one of the types p5.4xlarge, p4de.24xlarge, p5.48xlarge."),
        {"instance_types": ["p4de.24xlarge"]},
    ),
    "a profile that no GPU has": Case(
        {**A100_40, "sharing": {"strategy": "mig", "profile": "1g.6gb"}},
        "sharing",
        ("names 1g.6gb", "Take one of 1g.5gb, 1g.5gb+me, 1g.10gb, 2g.10gb, 3g.20gb, 4g.20gb, 7g.40gb."),
        {"sharing": {"strategy": "mig", "profile": "1g.5gb"}},
    ),
    "MIG on a GPU without MIG": Case(
        {**L4, "sharing": {"strategy": "mig", "profile": "1g.10gb"}},
        "sharing",
        (
            "L4 cannot be partitioned. Write `sharing: {strategy: time-slicing, replicas: 2}`",
            "g7e.2xlarge, g7e.4xlarge, p5.4xlarge, g7e.8xlarge.",
        ),
        {"sharing": time_slicing(2)},
    ),
    "more compute than the GPU has": Case(
        {**A100_80, "sharing": mig(_3g_40gb=2, _1g_10gb=2)},
        "sharing",
        ("needs 8 compute slices, and A100-80GB has 7", "The nearest layout that fits is `layout: {3g.40gb: 2}`."),
        {"sharing": mig(_3g_40gb=2)},
    ),
    "more memory than the GPU has": Case(
        {**A100_80, "sharing": mig(_1g_20gb=4, _1g_10gb=1)},
        "sharing",
        ("needs 9 memory slices, and A100-80GB has 8", "The nearest layout that fits is `layout: {1g.20gb: 4}`."),
        {"sharing": mig(_1g_20gb=4)},
    ),
    "more of a profile than there can be": Case(
        {**A100_80, "sharing": {"strategy": "mig", "layout": {"4g.40gb": 1, "1g.10gb+me": 2}}},
        "sharing",
        (
            "A100-80GB has room for at most 1 of 1g.10gb+me, 1 of 4g.40gb",
            "The nearest layout that fits is `layout: {4g.40gb: 1, 1g.10gb+me: 1}`.",
        ),
        {"sharing": {"strategy": "mig", "layout": {"4g.40gb": 1, "1g.10gb+me": 1}}},
    ),
    "a layout with zero of a profile": Case(
        {**A100_80, "sharing": mig(_1g_10gb=2, _2g_20gb=0)},
        "sharing.layout",
        ("has no slice of 2g.20gb", "Write 1 or more, or drop the profile."),
        {"sharing": mig(_1g_10gb=2)},
    ),
    "MIG on Bottlerocket": Case(
        {**A100_80, "sharing": {"strategy": "mig", "profile": "1g.10gb"}, "operating_system": "bottlerocket"},
        "sharing",
        ("Bottlerocket offers slices under the name of whole GPUs", "Write operating_system: al2023."),
        {"operating_system": "al2023"},
    ),
    # the fabric
    "EFA on a type without EFA": Case(
        {**L4, "efa": True, "zones": ["us-west-2a"]},
        "efa",
        (
            "g6.xlarge has no known EFA interface",
            "Set efa: false, or take a type with EFA: g6.8xlarge, gr6.8xlarge, g6.12xlarge,",
        ),
        {"instance_types": ["g6.12xlarge"]},
    ),
    "EFA with two interface layouts": Case(
        {**GPU, "instance_types": ["p5en.48xlarge", "p5e.48xlarge"], "efa": True, "zones": ["us-west-2a"]},
        "efa",
        ("p5en.48xlarge has 16, p5e.48xlarge has 32", "Keep p5en.48xlarge here, and make another pool for the rest."),
        {"instance_types": ["p5en.48xlarge"]},
    ),
    "EFA with MIG": Case(
        {**H100, "efa": True, "zones": ["us-west-2a"], "sharing": {"strategy": "mig", "profile": "1g.10gb"}},
        "efa",
        ("while the GPUs are shared (mig)", "Drop sharing, or set efa: false."),
        {"sharing": ABSENT},
    ),
    "EFA in two zones": Case(
        {**H100, "efa": True, "zones": ["us-west-2a", "us-west-2b"]},
        "zones",
        (
            "names us-west-2a, us-west-2b, but with efa all nodes must be in one zone",
            "Write for example `zones: [us-west-2a]`, a zone that offers the type.",
        ),
        {"zones": ["us-west-2a"]},
    ),
    "EFA in zones that AWS picks": Case(
        {**H100, "efa": True, "placement_group": True},
        "zones",
        (
            "names no zone, but with efa and placement_group",
            "Name the zones of the network as well: `network: {zones: [",
        ),
        {"zones": ["us-west-2a"]},
        around=((("network", "zones"), 3),),
        fix_around=((("network", "zones"), ["us-west-2a", "us-west-2b", "us-west-2c"]),),
    ),
    "spot in a placement group": Case(
        {**H100, "placement_group": True, "zones": ["us-west-2a"], "capacity_type": "spot"},
        "placement_group",
        ("AWS takes spot nodes back one by one", "Write capacity_type: on-demand, or placement_group: false."),
        {"capacity_type": "on-demand"},
    ),
    "types that no placement group takes": Case(
        {"name": "cpu", "instance_types": ["t3.large"], "placement_group": True, "zones": ["us-west-2a"]},
        "placement_group",
        ("EC2 does not allow t3.large in a cluster placement group", "or take m7i types."),
        {"instance_types": ["m7i.large"]},
    ),
    "a placement group of reserved machines": Case(
        {**H100, "placement_group": True, "capacity_type": "reserved", "reservation": RESERVED},
        "placement_group",
        ("reserved capacity already has a location", "Write placement_group: false."),
        {"placement_group": False},
    ),
    # times
    "always on and off-peak": Case(
        {**H100, "always_on": True, "off_peak": {"begins": "20:00", "hours": 10}},
        "off_peak",
        ("always_on says that the pool runs at night too", "Drop one of them."),
        {"always_on": False},
    ),
    "reserved capacity with off-peak hours": Case(
        {**H100, "capacity_type": "reserved", "reservation": RESERVED, "off_peak": {"begins": "20:00", "hours": 10}},
        "off_peak",
        ("reserved capacity is paid for day and night", "Drop it."),
        {"off_peak": ABSENT},
    ),
    "a begin that is not a time": Case(
        {**H100, "off_peak": {"begins": "24:00", "hours": 10}},
        "off_peak.begins",
        ("is the text '24:00', which has the wrong format", "Write for example 20:00."),
        {"off_peak": {"begins": "00:00", "hours": 10}},
    ),
    "disruption of a managed pool": Case(
        {**L4, "disruption": {"consolidate": "when-empty"}},
        "disruption",
        ("it is for Karpenter, which does not run this pool", "For updates there is max_unavailable_percentage."),
        {"provisioner": "karpenter"},
    ),
    "update share of a Karpenter pool": Case(
        {**KARPENTER_L4, "max_unavailable_percentage": 50},
        "max_unavailable_percentage",
        ("Karpenter has a disruption budget of its own", "Write it as `disruption: {max_unavailable_percentage: 50}`."),
        {"max_unavailable_percentage": ABSENT, "disruption": {"max_unavailable_percentage": 50}},
    ),
    "node repair in only some Karpenter pools": Case(
        {**KARPENTER_L4, "node_repair": False},
        "/clusters.main.pools[2].node_repair",
        (
            "Karpenter repairs the nodes of all its pools or of none",
            "Write node_repair: false here, or change it in gpu.",
        ),
        {"node_repair": True},
        around=((THIRD_POOL, {**KARPENTER_L4, "name": "first"}),),
    ),
    # labels and taints
    "a label that the platform sets": Case(
        {**L4, "labels": {"nvidia.com/mig.config": "all-1g.5gb"}},
        'labels["nvidia.com/mig.config"]',
        ("and the platform sets the node labels of that domain", "for example platform.example.com/mig.config."),
        {"labels": {"platform.example.com/mig.config": "all-1g.5gb"}},
    ),
    "a label that waits for whole GPUs where slices are offered": Case(
        {**L4, "sharing": {"strategy": "time-slicing", "replicas": 4}, "labels": WAITS},
        "labels",
        ("k8s.amazonaws.com/accelerator is given, but the nodes offer no nvidia.com/gpu", "Drop it: the platform"),
        {"labels": {}},
    ),
    "a label that waits for whole GPUs where DRA allocates them": Case(
        {**L4, "min_per_zone": 1, "labels": WAITS},
        "labels",
        (
            "k8s.amazonaws.com/accelerator is given, but with gpu_allocation: dra the nodes offer no nvidia.com/gpu",
            "Drop it.",
        ),
        {"labels": {}},
        around=(((*MAIN, "gpu_allocation"), "dra"),),
    ),
    "a taint that no pod can tolerate for long": Case(
        {**L4, "taints": [{"key": "node.kubernetes.io/not-ready"}]},
        "taints[0].key",
        ("is in kubernetes.io, which is reserved for the system", "or the bare name not-ready."),
        {"taints": [{"key": "not-ready"}]},
    ),
    # the cluster
    "Karpenter without its add-on": Case(
        KARPENTER_L4,
        "/clusters.main.addons.karpenter.enabled",
        ("pool gpu needs karpenter", "Drop it here, or write provisioner: managed."),
        {"provisioner": "managed"},
        around=(((*MAIN, "addons"), {"karpenter": {"enabled": False}}),),
    ),
    "an add-on that no pool needs": Case(
        L4,
        "/clusters.main.addons.karpenter",
        ("nothing needs karpenter, so it would do nothing", "Drop it."),
        {"provisioner": "karpenter"},
        around=(((*MAIN, "addons"), {"karpenter": {}}),),
    ),
    "only Karpenter pools": Case(
        KARPENTER_L4,
        "/clusters.main.pools",
        (
            "no managed pool without taints and off_peak always has a node",
            "min_per_zone of 1 or more.",
        ),
        {},
        around=(((*MAIN, "pools", 0), {"name": "a", "instance_types": ["m5.large"], "provisioner": "karpenter"}),),
        fix_around=(((*MAIN, "pools", 0, "provisioner"), "managed"),),
    ),
    "landing pool that may lose its nodes": Case(
        L4,
        "/clusters.main.pools",
        ("no managed pool without taints and off_peak always has a node", "cluster-autoscaler may end all nodes of a."),
        {},
        around=(
            (
                (*MAIN, "pools", 0),
                {"name": "a", "instance_types": ["m5.large"], "min_per_zone": 0, "desired_per_zone": 1},
            ),
        ),
        fix_around=(((*MAIN, "pools", 0, "min_per_zone"), 1),),
    ),
    "landing pool with off-peak hours": Case(
        L4,
        "/clusters.main.pools",
        ("no managed pool without taints and off_peak", "min_per_zone of 1 or more. system has off_peak."),
        {},
        around=(((*MAIN, "pools", 0, "off_peak"), {"begins": "20:00", "hours": 10}),),
        fix_around=(((*MAIN, "pools", 0, "off_peak"), ABSENT),),
    ),
    "Karpenter on one node": Case(
        KARPENTER_L4,
        "provisioner",
        (
            "system, the first pool for add-ons, keeps 1",
            "Write min_per_zone: 2 in system, or provisioner: managed in gpu.",
        ),
        {},
        around=(((*MAIN, "pools", 0, "zones"), ["us-west-2a"]),),
        fix_around=(((*MAIN, "pools", 0, "min_per_zone"), 2),),
    ),
    "Karpenter without NAT": Case(
        KARPENTER_L4,
        "/network.nat",
        ("which has no VPC endpoint", "Write nat: single, or provisioner: managed in gpu."),
        {},
        around=(
            (("network", "nat"), "none"),
            (("network", "endpoints"), {"interface": [*NODE_ENDPOINTS, "autoscaling"]}),
            ((*MAIN, "addons"), FROM_ECR),
        ),
        fix_around=((("network", "nat"), "single"),),
    ),
    "a role whose name is too long": Case(
        KARPENTER_L4,
        f"/clusters.{'c' * 30}",
        ("has 66 characters, but IAM allows 64", "Shorten the name of the cluster by 2."),
        {},
        around=((("name",), "n" * 15), (CLUSTER_NAME, "c" * 30)),
        fix_around=((CLUSTER_NAME, "c" * 28),),
    ),
    "DRA on a Karpenter pool": Case(
        {**KARPENTER_L4},
        "",
        ("Karpenter cannot predict the devices of its nodes", "on al2023, with sharing none or mig."),
        {"provisioner": "managed", "scaling": "fixed"},
        around=(((*MAIN, "gpu_allocation"), "dra"),),
    ),
    "DRA on a pool that the autoscaler would have to start": Case(
        {**L4, "max_per_zone": 2},
        "",
        ("cluster-autoscaler knows no devices of a pool that has no node", "with scaling: fixed or min_per_zone: 1,"),
        {"min_per_zone": 1},
        around=(((*MAIN, "gpu_allocation"), "dra"),),
    ),
    "a fixed size with Karpenter": Case(
        {**KARPENTER_L4, "scaling": "fixed"},
        "scaling",
        ("Karpenter adds and removes nodes with the pods", "Drop it, or write provisioner: managed."),
        {"scaling": "auto"},
    ),
    "a fixed size without room": Case(
        {**L4, "min_per_zone": 1, "max_per_zone": 1, "always_on": True, "scaling": "fixed"},
        "scaling",
        ("minimum and maximum are both 1", "Drop it."),
        {"scaling": "auto"},
    ),
    "a fixed size of a Capacity Block": Case(
        {**H100_BLOCK, "scaling": "fixed"},
        "scaling",
        ("as large as its Capacity Block anyway", "Drop it."),
        {"scaling": "auto"},
    ),
    "DRA with time-slicing on Bottlerocket": Case(
        {**L4, "sharing": time_slicing(), "operating_system": "bottlerocket"},
        "",
        (
            "Bottlerocket runs a device plugin of its own, and its driver does not support time-slicing",
            "Write gpu_allocation: device-plugin in the cluster, or make the pool managed",
        ),
        {},
        around=(((*MAIN, "gpu_allocation"), "dra"),),
        fix_around=(((*MAIN, "gpu_allocation"), "device-plugin"),),
    ),
    "DRA without GPUs": Case(
        {"name": "cpu", "instance_types": ["m5.large"]},
        "/clusters.main.gpu_allocation",
        ("no pool has GPUs, so it would do nothing", "Drop it."),
        {},
        around=(((*MAIN, "gpu_allocation"), "dra"),),
        fix_around=(((*MAIN, "gpu_allocation"), ABSENT),),
    ),
    "a quota that is too small": Case(
        A100_40,
        "/quotas.vcpus.L-417A185B",
        ("the account has 96 vCPUs of L-417A185B", "or lower max_per_zone or max_gpus."),
        {"zones": ["us-west-2a"]},
        around=((("quotas",), {"vcpus": {"L-417A185B": 96}}),),
    ),
    "an unknown quota": Case(
        A100_40,
        "/quotas.vcpus.L-417A185C",
        ("is not the code of an EC2 quota for running instances", "Did you mean L-417A185B?"),
        {},
        around=((("quotas",), {"vcpus": {"L-417A185C": 960}}),),
        fix_around=((("quotas",), {"vcpus": {"L-417A185B": 960}}),),
    ),
}


def without_absent(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_absent(item) for key, item in value.items() if item is not ABSENT}
    return [without_absent(item) for item in value] if isinstance(value, list) else value


def file_with(pool: dict[str, Any], *changes: Change) -> dict[str, Any]:
    """Returns the valid stack file with this pool as its second, and with the changes; a later change overrides."""
    third_pools: list[Any] = []
    raw = stack((POOL, pool))
    for path, value in changes:
        if path == THIRD_POOL:
            third_pools = [value]
        elif path == CLUSTER_NAME:
            raw["clusters"] = {value: next(iter(raw["clusters"].values()))}
        else:
            parent: Any = raw
            for part in path[:-1]:
                parent = parent[part] if isinstance(part, int) else parent.setdefault(part, {})
            parent[path[-1]] = without_absent(value)  # a copy: a later change is none of the case
    cluster = next(iter(raw["clusters"].values()))
    cluster["pools"] += third_pools
    if raw["region"] != "us-west-2":
        cluster["pools"][0]["instance_types"] = ["m6i.large"]
    complete: dict[str, Any] = without_absent(raw)
    return complete


def path_of(case: Case) -> str:
    pool = "clusters.main.pools[1]"
    if case.path.startswith("/"):
        return case.path[1:]
    return f"{pool}.{case.path}" if case.path else pool


def reports(case: Case) -> list[str]:
    return [str(problem) for problem in problems(file_with(case.pool, *case.around))]


@pytest.mark.parametrize("case", WRONG.values(), ids=list(WRONG))
def test_an_invalid_pool_is_reported_once_with_path_reason_and_advice(case: Case) -> None:
    reported = problems(file_with(case.pool, *case.around))
    assert len(reported) == 1, "one mistake, one line:\n" + "\n".join(map(str, reported))
    assert reported[0].path == path_of(case), reported[0].message
    reason, advice = case.words
    assert reason in reported[0].message, reported[0].message
    assert advice in reported[0].message, reported[0].message


@pytest.mark.parametrize("case", WRONG.values(), ids=list(WRONG))
def test_the_advice_leads_to_a_valid_file(case: Case) -> None:
    fixed = file_with({**case.pool, **case.fix}, *case.around, *case.fix_around)
    assert problems(fixed) == (), "advice must not lead to the next mistake"


def test_every_invalid_pool_has_its_own_message() -> None:
    messages = ["\n".join(reports(case)) for case in WRONG.values()]
    assert len(set(messages)) == len(messages) > 60, "one message for two mistakes explains neither"

"""Each mistake that a stack file can have is reported at its path, with a sentence that ends with advice."""

from typing import Any

import pytest

from settings.core.problems import PathPart
from tests.settings.stacks import ABSENT, POOL, problems, stack

NETWORK, MAIN = ("network",), ("clusters", "main")
Change = tuple[tuple[PathPart, ...], Any]

MISTAKES: dict[str, tuple[Change, str, str]] = {
    # what is wrong: (the change, the path of the problem, the end of the message)
    "misspelt key": (((*POOL, "max_per_zome"), 3), "clusters.main.pools[1].max_per_zome", "Did you mean max_per_zone?"),
    "misspelt key at the top": ((("enviroment",), "dev"), "enviroment", "Did you mean environment?"),
    "misspelt section": ((("network", "flowlogs"), {}), "network.flowlogs", "Did you mean flow_logs?"),
    "missing key": ((("owner",), ABSENT), "owner", "Write for example `owner: ml-platform-team`."),
    "missing version": (((*MAIN, "version"), ABSENT), "clusters.main.version", 'for example `version: "1.35"`.'),
    "no clusters": ((("clusters",), {}), "clusters", "The EKS clusters, by name. Add one."),
    "no pools": (((*MAIN, "pools"), []), "clusters.main.pools", "The machines of the cluster. Add one."),
    "unknown environment": ((("environment",), "production"), "environment", "defaults: dev, staging or prod."),
    "unknown region": ((("region",), "us-west-3"), "region", "Did you mean us-west-2?"),
    "account that is no account": ((("account_id",), "12345"), "account_id", "Write for example 123456789012."),
    "name that is too long": ((("name",), "a" * 22), "name", "Write for example ml-platform."),
    "cluster name that is too long": (
        (("clusters", "a" * 31), stack()["clusters"]["main"]),
        f"clusters.{'a' * 31}",
        "and begin with a letter. Rename it.",
    ),
    "node group name that is too long": (
        (
            ("clusters", "a" * 30),
            {**stack()["clusters"]["main"], "pools": [{**stack()["clusters"]["main"]["pools"][0], "name": "b" * 30}]},
        ),
        f"clusters.{'a' * 30}.pools[0].name",
        "Shorten the name of the pool or of the cluster.",
    ),
    "text for a number": (
        ((*POOL, "min_per_zone"), "2"),
        "clusters.main.pools[1].min_per_zone",
        "Write 2, without quotes.",
    ),
    "number for text": (((*MAIN, "version"), 1.35), "clusters.main.version", "YAML reads 1.30 as the number 1.3."),
    "text for a switch": (
        (("deletion_protection",), "on"),
        "deletion_protection",
        "Write true or false, without quotes.",
    ),
    "one value for a list": (
        ((*POOL, "instance_types"), "m5.large"),
        "clusters.main.pools[1].instance_types",
        "Write [m5.large].",
    ),
    "empty section": ((("network",), None), "network", "Give it a value, or drop the key."),
    "text for a section": ((("keys",), "all"), "keys", "Write its keys under it, or drop it."),
    "key window below what KMS takes": (
        (("keys", "deletion_window_days"), 5),
        "keys.deletion_window_days",
        "Write 7 or more.",
    ),
    "range that is none": ((("network", "cidr"), "10.0.0/16"), "network.cidr", "for example 10.0.0.0/16."),
    "range with host bits": ((("network", "cidr"), "10.0.1.0/16"), "network.cidr", "Write 10.0.0.0/16."),
    "range that is too large": ((("network", "cidr"), "10.0.0.0/8"), "network.cidr", "Give a /16 to /20."),
    "public range": ((("network", "cidr"), "54.0.0.0/16"), "network.cidr", "192.168.0.0/16 (RFC 1918)."),
    "pod range outside shared space": (
        (("network", "pod_cidr"), "10.64.0.0/16"),
        "network.pod_cidr",
        "shared address space (RFC 6598), for example 100.64.0.0/16.",
    ),
    "pod range inside the VPC's": (
        (("network", "cidr"), "100.64.0.0/16"),
        "network.pod_cidr",
        "for example 100.64.0.0/16 with a VPC of 10.0.0.0/16.",
    ),
    "seven zones": ((("network", "zones"), 7), "network.zones", "Give 2 to 6, usually 3."),
    "one zone": ((("network", "zones"), 1), "network.zones", "Give 2 to 6, usually 3."),
    "more zones than the region has": ((("network", "zones"), 5), "network.zones", "or take another region."),
    "zone of another region": (
        (("network", "zones"), ["us-west-2a", "us-east-1b"]),
        "network.zones",
        "Its zones are us-west-2a, us-west-2b, us-west-2c, us-west-2d.",
    ),
    "control plane in one zone": (
        (("clusters", "main", "control_plane_zones"), ["us-west-2a"]),
        "clusters.main.control_plane_zones",
        "Add one.",
    ),
    "control plane where no network is": (
        (("clusters", "main", "control_plane_zones"), ["us-west-2a", "us-west-2d"]),
        "clusters.main.control_plane_zones",
        "Add it to the network, or drop it here.",
    ),
    "zone named twice": ((("network", "zones"), ["us-west-2a"] * 2), "network.zones", "Name each zone once."),
    "neither a number of zones nor a list": (
        (("network", "zones"), "three"),
        "network.zones",
        "but a whole number or a list is expected here. Write a number, for example zones: 2.",
    ),
    "unknown kind of NAT": ((("network", "nat"), "each"), "network.nat", "cuts all nodes off."),
    "unknown interface endpoint": (
        (("network", "endpoints"), {"interface": ["ecr.dkrr"]}),
        "network.endpoints.interface",
        "To add one, add its name to catalog/endpoints.py.",
    ),
    "gateway among the interface endpoints": (
        (("network", "endpoints"), {"interface": ["s3"]}),
        "network.endpoints.interface",
        "Move it to the other list.",
    ),
    "retention that CloudWatch lacks": (
        (("network", "flow_logs"), {"destination": "cloudwatch", "retention_days": 100}),
        "network.flow_logs.retention_days",
        "Or set destination: s3, which takes any number of days.",
    ),
    "retention of the control plane's logs": (
        ((*MAIN, "logs"), {"retention_days": 100}),
        "clusters.main.logs.retention_days",
        "2922, 3288, 3653.",
    ),
    "unsupported Kubernetes version": (
        ((*MAIN, "version"), "1.22"),
        "clusters.main.version",
        "or add a row to catalog/kubernetes.py.",
    ),
    "version past standard support": (
        ((*MAIN, "version"), "1.33"),
        "clusters.main.version",
        "or support_type: EXTENDED, which costs six times as much an hour.",
    ),
    "add-on without a version for that Kubernetes": (
        ((*MAIN, "managed_addons"), {"amazon-cloudwatch-observability": {}}),
        "clusters.main.managed_addons",
        "and write `amazon-cloudwatch-observability: {version: ...}`.",
    ),
    "backups of volumes that cannot be copied": (
        (MAIN, {**stack()["clusters"]["main"], "addons": {"velero": {}}, "storage_classes": {"snapshots": False}}),
        "clusters.main.storage_classes.snapshots",
        "Set snapshots: true, or turn velero off.",
    ),
    "public endpoint for nobody in particular": (
        ((*MAIN, "endpoint"), {"public": True}),
        "clusters.main.endpoint.public_cidrs",
        "Name your ranges, or set public: false.",
    ),
    "public endpoint for everybody": (
        ((*MAIN, "endpoint"), {"public": True, "public_cidrs": ["0.0.0.0/0"]}),
        "clusters.main.endpoint.public_cidrs",
        "Name your own ranges.",
    ),
    "private range for the public endpoint": (
        ((*MAIN, "endpoint"), {"public": True, "public_cidrs": ["10.1.0.0/16"]}),
        "clusters.main.endpoint.public_cidrs",
        "name the public addresses that others come from.",
    ),
    "public ranges for a private endpoint": (
        ((*MAIN, "endpoint"), {"public_cidrs": ["203.0.113.0/24"]}),
        "clusters.main.endpoint.public_cidrs",
        "Set public: true, or drop it.",
    ),
    "principal that is no ARN": (
        ((*MAIN, "access"), {"ops": {"principal_arn": "role/ops"}}),
        "clusters.main.access.ops.principal_arn",
        "Write for example arn:aws:iam::123456789012:role/ml-admins.",
    ),
    "session of a role as a principal": (
        ((*MAIN, "access"), {"ops": {"principal_arn": "arn:aws:sts::123456789012:assumed-role/ops/me"}}),
        "clusters.main.access.ops.principal_arn",
        "Write for example arn:aws:iam::123456789012:role/ml-admins.",
    ),
    "one principal under two names": (
        ((*MAIN, "access"), {name: {"principal_arn": "arn:aws:iam::123456789012:role/ops"} for name in "ab"}),
        "clusters.main.access",
        "Join them.",
    ),
    "reserved group": (
        (
            (*MAIN, "access"),
            {"ops": {"principal_arn": "arn:aws:iam::123456789012:role/ops", "groups": ["system:masters"]}},
        ),
        "clusters.main.access.ops.groups",
        "bind it with RBAC, or use policy.",
    ),
    "namespace that is none": (
        (
            (*MAIN, "access"),
            {"ops": {"principal_arn": "arn:aws:iam::123456789012:role/ops", "namespaces": ["Team_A"]}},
        ),
        "clusters.main.access.ops.namespaces",
        "Rename it.",
    ),
    "unknown add-on": (
        ((*MAIN, "addons"), {"certmanager": {}}),
        "clusters.main.addons.certmanager",
        "Did you mean cert-manager?",
    ),
    "EKS add-on among the charts": (
        ((*MAIN, "addons"), {"coredns": {}}),
        "clusters.main.addons.coredns",
        "Move it to managed_addons.",
    ),
    "unknown EKS add-on": (
        ((*MAIN, "managed_addons"), {"vpc_cni": {}}),
        "clusters.main.managed_addons.vpc_cni",
        "Did you mean vpc-cni?",
    ),
    "add-on version that is none": (
        ((*MAIN, "managed_addons"), {"vpc-cni": {"version": "latest"}}),
        "clusters.main.managed_addons.vpc-cni.version",
        "Write for example v1.21.1-eksbuild.8.",
    ),
    "unknown instance type": (
        ((*POOL, "instance_types"), ["m5.2xlrage"]),
        "clusters.main.pools[1].instance_types",
        "To add one, add a row to catalog/data/instance_types.json.",
    ),
    "instance type that the region lacks": (
        (("region",), "ap-southeast-5"),
        "clusters.main.pools[1].instance_types",
        "Similar types that it offers: m6i.2xlarge, m7i.2xlarge, t3.2xlarge.",
    ),
    "two architectures in one pool": (
        ((*POOL, "instance_types"), ["m5.large", "m7g.large"]),
        "clusters.main.pools[1].instance_types",
        "Make a pool for each architecture.",
    ),
    "instance type twice": (
        ((*POOL, "instance_types"), ["m5.large"] * 2),
        "clusters.main.pools[1].instance_types",
        "Name each type once.",
    ),
    "minimum over maximum": (
        ((*POOL, "min_per_zone"), 13),
        "clusters.main.pools[1].max_per_zone",
        "Lower min_per_zone or raise max_per_zone.",
    ),
    "minimum over the maximum that was not given": (
        (POOL, {"name": "cpu", "instance_types": ["m5.large"], "min_per_zone": 4}),
        "clusters.main.pools[1].max_per_zone",
        "Lower min_per_zone or raise max_per_zone.",
    ),
    "desired number out of bounds": (
        ((*POOL, "desired_per_zone"), 13),
        "clusters.main.pools[1].desired_per_zone",
        "or drop it to begin with the minimum.",
    ),
    "two pools of one name": (
        ((*POOL, "name"), "system"),
        "clusters.main.pools[1].name",
        "Rename one of them.",
    ),
    "disk that gp3 cannot be": (
        ((*POOL, "disk"), {"size_gib": 20, "iops": 16000}),
        "clusters.main.pools[1].disk.iops",
        "Raise size_gib to 32, or lower iops.",
    ),
    "throughput that gp3 cannot give": (
        ((*POOL, "disk"), {"throughput_mibps": 1000}),
        "clusters.main.pools[1].disk.throughput_mibps",
        "Raise iops to 4000, or lower throughput_mibps.",
    ),
    "label in a reserved domain": (
        ((*POOL, "labels"), {"node-role.kubernetes.io/gpu": "true"}),
        'clusters.main.pools[1].labels["node-role.kubernetes.io/gpu"]',
        "or the bare name gpu.",
    ),
    "label value that Kubernetes refuses": (
        ((*POOL, "labels"), {"team": "a b"}),
        "clusters.main.pools[1].labels.team",
        "Rewrite it, or leave it empty.",
    ),
    "label value that is no text": (
        ((*POOL, "labels"), {"mlops": True}),
        "clusters.main.pools[1].labels.mlops",
        'but text is expected here. Write it in quotes: "true".',
    ),
    "taint key that Kubernetes refuses": (
        ((*POOL, "taints"), [{"key": "-x"}]),
        "clusters.main.pools[1].taints[0].key",
        "begin and end with a letter or digit. Rename it.",
    ),
    "taint twice": (
        ((*POOL, "taints"), [{"key": "gpu"}, {"key": "gpu", "value": "x"}]),
        "clusters.main.pools[1].taints",
        "Drop one.",
    ),
    "pool in a zone that the network lacks": (
        ((*POOL, "zones"), ["us-west-2d"]),
        "clusters.main.pools[1].zones",
        "Add it to the network, or drop it here.",
    ),
    "no place for add-ons": (
        ((*MAIN, "pools"), [{"name": "cpu", "instance_types": ["m5.large"], "taints": [{"key": "x"}]}]),
        "clusters.main.pools",
        "no off_peak, and min_per_zone or desired_per_zone of 1 or more.",
    ),
    "add-ons on spot alone": (
        ((*MAIN, "pools"), [{"name": "cpu", "instance_types": ["m5.large"], "capacity_type": "spot"}]),
        "clusters.main.pools",
        "Make one pool without taints on-demand.",
    ),
    "tag of AWS": ((("tags",), {"aws:team": "x"}), 'tags["aws:team"]', "Drop the prefix."),
    "tag that is too long": ((("tags",), {"a" * 129: "x"}), f"tags.{'a' * 129}", "AWS allows 128. Shorten it."),
    "tag that the platform sets": ((("tags",), {"Owner": "me"}), "tags.Owner", "Drop it here."),
    "tag that is an instruction": (
        (("tags",), {"karpenter.sh/nodepool": "gpu"}),
        'tags["karpenter.sh/nodepool"]',
        "Take a key without that prefix.",
    ),
    "tags that differ in case": ((("tags",), {"Team": "a", "team": "b"}), "tags", "Keep one spelling."),
    "empty tag value": ((("owner",), " "), "owner", "Give a value."),
}


def test_the_stack_file_without_a_change_is_valid() -> None:
    assert problems(stack()) == (), "otherwise a case could fail for another reason"


@pytest.mark.parametrize("case", MISTAKES)
def test_a_mistake_is_reported_at_its_path_with_advice(case: str) -> None:
    change, path, ending = MISTAKES[case]
    reported = problems(stack(change))
    assert any(p.path == path and p.message.endswith(ending) for p in reported), "\n".join(map(str, reported)) or (
        "not reported"
    )


ONE_MISTAKE_ONLY = set(MISTAKES) - {"instance type that the region lacks"}  # many checks depend on the region


@pytest.mark.parametrize("case", sorted(ONE_MISTAKE_ONLY))
def test_a_mistake_is_reported_once(case: str) -> None:
    change, _, _ = MISTAKES[case]
    reported = problems(stack(change))
    assert len(reported) == 1, ("a second line about the same mistake confuses the reader:\n") + "\n".join(
        map(str, reported)
    )


def test_all_mistakes_of_a_file_are_reported_at_once() -> None:
    reported = problems(
        stack(
            (("enviroment",), "dev"),
            (("network", "cidr"), "10.0.1.0/16"),
            (("network", "zones"), 7),
            ((*POOL, "instance_types"), ["g7.2xlarge"]),
            ((*POOL, "max_per_zone"), 0),
            ((*POOL, "disk"), {"size_gib": 1}),
            ((*MAIN, "version"), "1.33"),
        )
    )
    assert {p.path for p in reported} == {
        "enviroment",
        "network.cidr",
        "network.zones",
        "clusters.main.pools[1].instance_types",
        "clusters.main.pools[1].max_per_zone",
        "clusters.main.pools[1].disk.size_gib",
        "clusters.main.version",
    }, "a mistake that shows only in the next run costs a run"


def test_an_invalid_pool_does_not_hide_a_mistake_in_another_pool() -> None:
    reported = problems(
        stack((("clusters", "main", "pools", 0, "min_per_zone"), -1), ((*POOL, "zones"), ["us-west-2d"]))
    )
    assert {p.path for p in reported} == {"clusters.main.pools[0].min_per_zone", "clusters.main.pools[1].zones"}, (
        "the zones of the second pool have nothing to do with the first"
    )


def test_the_report_names_the_file_and_counts() -> None:
    reported = problems(stack((("owner",), ABSENT)))
    assert str(reported[0]).startswith("Pulumi.test.yaml, owner: is missing."), "the reader must know where to look"

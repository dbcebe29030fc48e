"""Each mistake that a stack file can have is reported at its path, with a sentence that ends with advice."""

from typing import Any

import pytest

from settings.core.problems import PathPart
from tests.settings.stacks import ABSENT, POOL, problems, stack

NETWORK, MAIN = ("network",), ("clusters", "main")
GPU_POOL = {"name": "gpu", "instance_types": ["g6.12xlarge"], "taints": [{"key": "gpu"}]}
Change = tuple[tuple[PathPart, ...], Any]

MISTAKES: dict[str, tuple[Change, str, str]] = {
    # what is wrong: (the change, the path of the problem, the end of the message)
    "misspelt key": (((*POOL, "max_per_zome"), 3), "clusters.main.pools[1].max_per_zome", "Did you mean max_per_zone?"),
    "misspelt key at the top": ((("enviroment",), "dev"), "enviroment", "Did you mean environment?"),
    "misspelt section": ((("network", "flowlogs"), {}), "network.flowlogs", "Did you mean flow_logs?"),
    "misspelt key that another setting depends on": (
        (POOL, {**GPU_POOL, "sharing": {"stratgy": "time-slicing", "replicas": 4}}),
        "clusters.main.pools[1].sharing.stratgy",
        "Did you mean strategy?",
    ),
    "misspelt key of a preset": (
        (POOL, {"presett": "h100", "sharing": {"replicas": 3}}),
        "clusters.main.pools[1].presett",
        "Did you mean preset?",
    ),
    "value of a preset that the machines cannot have": (
        (POOL, {"preset": "h200", "instance_types": ["m7i.large"]}),
        "clusters.main.pools[1].local_nvme",
        "The value is that of preset h200: write your own here, or drop the preset.",
    ),
    "misspelt preset": (
        (POOL, {"preset": "h10", "sharing": {"replicas": 3}}),
        "clusters.main.pools[1].preset",
        "Did you mean h100?",
    ),
    "misspelt key of a whole part": (
        (("clusters",), {"main": {"version": "1.35", "pols": stack()["clusters"]["main"]["pools"]}}),
        "clusters.main.pols",
        "Did you mean pools?",
    ),
    "missing key": ((("owner",), ABSENT), "owner", "Write for example `owner: ml-platform-team`."),
    "missing version": (((*MAIN, "version"), ABSENT), "clusters.main.version", 'for example `version: "1.35"`.'),
    "no clusters": ((("clusters",), {}), "clusters", "The EKS clusters, by name. Add one."),
    "no pools": (((*MAIN, "pools"), []), "clusters.main.pools", "The machines of the cluster. Add one."),
    "more node groups than EKS allows": (
        ((*MAIN, "pools"), [{**stack()["clusters"]["main"]["pools"][0], "name": f"p{index}"} for index in range(16)]),
        "clusters.main.pools",
        "in some pools, join pools with the same labels and taints, or write provisioner: karpenter.",
    ),
    "unknown environment": ((("environment",), "production"), "environment", "defaults: dev, staging or prod."),
    "unknown region": ((("region",), "us-west-3"), "region", "Did you mean us-west-2?"),
    "account that is no account": ((("account_id",), "12345"), "account_id", "Write for example 123456789012."),
    "name that is too long": ((("name",), "a" * 22), "name", f"Write for example {'a' * 21}."),
    "cluster name that is too long": (
        (("clusters", "a" * 31), stack()["clusters"]["main"]),
        f"clusters.{'a' * 31}",
        f"and begin with a letter. Rename it, for example {'a' * 30}.",
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
    "empty section": ((("network",), None), "network", "example `network: {cidr: 10.0.0.0/16}`, or drop it."),
    "text for a section": ((("keys",), "all"), "keys", "example `keys: {deletion_window_days: 30}`, or drop it."),
    "key without its unit": (
        (("storage",), {"recovery": {"targets": {"training": {"rpo": 15, "rto_minutes": 60}}}}),
        "storage.recovery.targets.training.rpo",
        "Did you mean rpo_minutes?",
    ),
    "key with a word too many": (
        (("network", "cidr_block"), "10.1.0.0/16"),
        "network.cidr_block",
        "Did you mean cidr?",
    ),
    "key of another part": ((("recovery",), {"lock_days": 7}), "recovery", "Write it under storage."),
    "settings of a cluster without its name": (
        (("clusters", "version"), "1.35"),
        "clusters.version",
        "It belongs under a name: `clusters: {<name>: {version: ...}}`.",
    ),
    "map for a list of maps": (
        ((*MAIN, "pools"), {"system": {"instance_types": ["m5.large"]}}),
        "clusters.main.pools",
        "for example `pools: [{name: system, instance_types: [m7i.large, m6i.large]}]`.",
    ),
    "text for an entry": (
        (("storage",), {"buckets": {"data": {"purpose": "datasets", "used_by": ["research"]}}}),
        "storage.buckets.data.used_by[0]",
        "for example `- {namespace: research, service_account: trainer}`, or drop it.",
    ),
    "text for a list of maps": (
        (("storage",), {"buckets": {"data": {"purpose": "datasets", "used_by": "research"}}}),
        "storage.buckets.data.used_by",
        "for example `used_by: [{namespace: research, service_account: trainer}]`, or drop it.",
    ),
    "several values in one text": (
        (("network", "zones"), "us-west-2a,us-west-2b"),
        "network.zones",
        "Write [us-west-2a, us-west-2b].",
    ),
    "number with a unit": (
        (("storage",), {"buckets": {"data": {"purpose": "datasets", "expire_after_days": "30d"}}}),
        "storage.buckets.data.expire_after_days",
        "for example expire_after_days: 30.",
    ),
    "one address for the public endpoint": (
        ((*MAIN, "endpoint"), {"public": True, "public_cidrs": ["203.0.113.5"]}),
        "clusters.main.endpoint.public_cidrs",
        "Write for example 203.0.113.5/32.",
    ),
    "switch for a section": (
        ((*MAIN, "endpoint"), True),
        "clusters.main.endpoint",
        "Write its keys under it, for example `endpoint: {public: false}`, or drop it.",
    ),
    "list for the clusters": (
        (("clusters",), [{"name": "main"}]),
        "clusters",
        'version: "1.35", pools: [{preset: cpu, name: system, min_per_zone: 1}]}}`.',
    ),
    "list for a required text": ((("owner",), []), "owner", "but text is expected here. Correct it."),
    "unknown word where one of some is expected": (
        (("network", "nat"), "Per_Zone"),
        "network.nat",
        "Did you mean per-zone?",
    ),
    "unknown policy": (
        ((*MAIN, "access"), {"ops": {"principal_arn": "arn:aws:iam::123456789012:role/ops", "policy": "viewer"}}),
        "clusters.main.access.ops.policy",
        "Did you mean view?",
    ),
    "pool without machines": (
        (POOL, {"name": "cpu"}),
        "clusters.main.pools[1].instance_types",
        "Write for example `instance_types: [m7i.large, m6i.large]`.",
    ),
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
    "exception of endpoints that are open": (
        (("network", "endpoints"), {"buckets": ["open-data"]}),
        "network.endpoints.buckets",
        "Write policies: own, or drop it.",
    ),
    "account in digits of another script": (
        (("network", "endpoints"), {"policies": "own", "accounts": ["\uff12" * 12]}),
        "network.endpoints.accounts",
        "Write its 12 digits, in quotes.",
    ),
    "own account of the stack in digits of another script": (
        (("account_id",), "\uff12" * 12),
        "account_id",
        "Write for example 123456789012.",
    ),
    "more buckets than a policy of AWS holds": (
        (("network", "endpoints"), {"policies": "own", "buckets": [f"data-set-number-{n}" for n in range(600)]}),
        "network.endpoints",
        "which AWS ends at 20,480 characters. Name fewer.",
    ),
    "name of a bucket with two dots": (
        (("network", "endpoints"), {"policies": "own", "buckets": ["open..data"]}),
        "network.endpoints.buckets",
        "for example noaa-goes16.",
    ),
    "name of a bucket that is an address": (
        (("network", "endpoints"), {"policies": "own", "buckets": ["192.0.2.10"]}),
        "network.endpoints.buckets",
        "for example noaa-goes16.",
    ),
    "buckets that no gateway leads to": (
        (("network", "endpoints"), {"policies": "own", "gateway": [], "interface": ["sts"], "buckets": ["open-data"]}),
        "network.endpoints",
        "Add it there, or drop buckets.",
    ),
    "policies of no endpoint": (
        (("network", "endpoints"), {"policies": "own", "gateway": []}),
        "network.endpoints",
        "Write gateway: [s3], or drop it.",
    ),
    "account that is no account, of endpoints": (
        (("network", "endpoints"), {"policies": "own", "accounts": ["4711"]}),
        "network.endpoints.accounts",
        "Write its 12 digits, in quotes.",
    ),
    "bucket that is none": (
        (("network", "endpoints"), {"policies": "own", "buckets": ["s3://data"]}),
        "network.endpoints.buckets",
        "Write the name alone, for example noaa-goes16.",
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
        "which costs six times as much an hour: from there it goes one minor version at a time.",
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
    "a scope that the driver does not know": (
        (MAIN, {**stack()["clusters"]["main"], "version": "1.34", "storage_classes": {"volume_scope": "cluster"}}),
        "clusters.main.storage_classes",
        "Write volume_scope: account, or a newer version in managed_addons.aws-ebs-csi-driver.",
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
    "half of the internet for the private endpoint": (
        ((*MAIN, "endpoint"), {"private_cidrs": ["0.0.0.0/1"]}),
        "clusters.main.endpoint.private_cidrs",
        "Name the ranges that administrators and pipelines come from.",
    ),
    "range of the private endpoint with host bits": (
        ((*MAIN, "endpoint"), {"private_cidrs": ["10.0.0.1/16"]}),
        "clusters.main.endpoint.private_cidrs",
        "Write 10.0.0.0/16.",
    ),
    "private range twice": (
        ((*MAIN, "endpoint"), {"private_cidrs": ["10.0.0.0/16", "10.0.0.0/16"]}),
        "clusters.main.endpoint.private_cidrs",
        "is named twice. Name each once.",
    ),
    "name for a security group": (
        ((*MAIN, "endpoint"), {"private_security_group_ids": ["runners"]}),
        "clusters.main.endpoint.private_security_group_ids",
        "Write for example sg-0123456789abcdef0.",
    ),
    "more rules than a security group has": (
        ((*MAIN, "endpoint"), {"private_cidrs": [f"10.0.{number}.0/24" for number in range(60)]}),
        "clusters.main.endpoint.private_security_group_ids",
        "EC2 allows 60. Join some of the ranges.",
    ),
    "name for a transit gateway": (
        (("network", "transit_gateway"), {"id": "company", "cidrs": ["10.200.0.0/16"]}),
        "network.transit_gateway.id",
        "Write for example tgw-0123456789abcdef0.",
    ),
    "transit gateway to nowhere": (
        (("network", "transit_gateway"), {"id": "tgw-0123456789abcdef0", "cidrs": []}),
        "network.transit_gateway.cidrs",
        "Add one.",
    ),
    "transit gateway to everywhere": (
        (("network", "transit_gateway"), {"id": "tgw-0123456789abcdef0", "cidrs": ["0.0.0.0/0"]}),
        "network.transit_gateway.cidrs",
        "Name the ranges of the company.",
    ),
    "transit gateway to the VPC itself": (
        (("network", "transit_gateway"), {"id": "tgw-0123456789abcdef0", "cidrs": ["100.64.0.0/18"]}),
        "network.transit_gateway",
        "Give the VPC or its pods another range, or drop it.",
    ),
    "one range of two peers": (
        (
            ("network", "peering"),
            {name: {"id": f"pcx-0123456{name}", "cidrs": ["10.200.0.0/16"]} for name in ("a", "b")},
        ),
        "network.peering",
        "and a range has one route. Name it in one place.",
    ),
    "attachment for a peering connection": (
        (("network", "peering"), {"tools": {"id": "tgw-0123456789abcdef0", "cidrs": ["10.200.0.0/16"]}}),
        "network.peering.tools.id",
        "Write for example pcx-0123456789abcdef0.",
    ),
    "range for the deployer's address": (
        (("deployer",), {"from": "203.0.113.0/24"}),
        "deployer.from",
        "Write one address, for example 203.0.113.10, without a prefix length.",
    ),
    "misspelt place of the deployer": ((("deployer",), {"form": "203.0.113.1"}), "deployer.form", "Did you mean from?"),
    "boundary that AWS maintains": (
        (("deployer",), {"permissions_boundary_arn": "arn:aws:iam::aws:policy/PowerUserAccess"}),
        "deployer.permissions_boundary_arn",
        "a policy that AWS maintains limits no more than it gives to everybody.",
    ),
    "role as a boundary": (
        (("deployer",), {"permissions_boundary_arn": "arn:aws:iam::123456789012:role/ci"}),
        "deployer.permissions_boundary_arn",
        "a policy that AWS maintains limits no more than it gives to everybody.",
    ),
    "boundary of another account": (
        (
            ("deployer",),
            {
                "role_arn": "arn:aws:iam::123456789012:role/ci",
                "permissions_boundary_arn": "arn:aws:iam::210987654321:policy/most",
            },
        ),
        "deployer.permissions_boundary_arn",
        "Name a policy of that account.",
    ),
    "pull requests as the deployer": (
        (("deployer",), dict.fromkeys(("role_arn", "preview_role_arn"), "arn:aws:iam::123456789012:role/ci")),
        "deployer.preview_role_arn",
        "Name a role that only reads, or drop it.",
    ),
    "role of previews alone": (
        (("deployer",), {"preview_role_arn": "arn:aws:iam::123456789012:role/ci"}),
        "deployer.preview_role_arn",
        "so it would do nothing. Add role_arn, or drop it.",
    ),
    "user as the deployer": (
        (("deployer",), {"role_arn": "arn:aws:iam::123456789012:user/me"}),
        "deployer.role_arn",
        "Name a role that the user may assume.",
    ),
    "role of IAM Identity Center without its path": (
        (
            (*MAIN, "access"),
            {"ops": {"principal_arn": "arn:aws:iam::123456789012:role/AWSReservedSSO_Ops_0123456789ab"}},
        ),
        "clusters.main.access.ops.principal_arn",
        "us-west-2/AWSReservedSSO_MLAdmins_0123456789abcdef.",
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
    "service-linked role as a principal": (
        (
            (*MAIN, "access"),
            {"ops": {"principal_arn": "arn:aws:iam::123456789012:role/aws-service-role/eks.amazonaws.com/AWSServiceX"}},
        ),
        "clusters.main.access.ops.principal_arn",
        "EKS refuses an entry for it. Write for example arn:aws:iam::123456789012:role/ml-admins.",
    ),
    "role with an empty path": (
        (("deployer",), {"role_arn": "arn:aws:iam::123456789012:role//ci"}),
        "deployer.role_arn",
        "is not the ARN of an IAM role or user. Write for example arn:aws:iam::123456789012:role/ml-admins.",
    ),
    "role with a path alone": (
        (("deployer",), {"role_arn": "arn:aws:iam::123456789012:role/ci/"}),
        "deployer.role_arn",
        "is not the ARN of an IAM role or user. Write for example arn:aws:iam::123456789012:role/ml-admins.",
    ),
    "role with a long name": (
        (("deployer",), {"role_arn": f"arn:aws:iam::123456789012:role/ci/{'x' * 65}"}),
        "deployer.role_arn",
        "64 characters, which IAM refuses. Write for example arn:aws:iam::123456789012:role/ml-admins.",
    ),
    "route to link-local addresses of AWS": (
        (("network", "transit_gateway"), {"id": "tgw-0123456789abcdef0", "cidrs": ["169.254.169.254/32"]}),
        "network.transit_gateway.cidrs",
        "is inside 169.254.168.0/22, where no company has hosts, and EC2 refuses a route to it. Drop it.",
    ),
    "route to multicast addresses": (
        (("network", "peering"), {"tools": {"id": "pcx-0123456789abcdef0", "cidrs": ["224.0.0.0/24"]}}),
        "network.peering.tools.cidrs",
        "is inside 224.0.0.0/4, where no company has hosts, and EC2 refuses a route to it. Drop it.",
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
        "clusters.main.access.ops.groups[0]",
        "bind it with RBAC, or use policy.",
    ),
    "namespace that is none": (
        (
            (*MAIN, "access"),
            {"ops": {"principal_arn": "arn:aws:iam::123456789012:role/ops", "namespaces": ["Team_A"]}},
        ),
        "clusters.main.access.ops.namespaces[0]",
        "Rename it, for example team-a.",
    ),
    "empty group": (
        ((*MAIN, "access"), {"ops": {"principal_arn": "arn:aws:iam::123456789012:role/ops", "groups": ["ml", ""]}}),
        "clusters.main.access.ops.groups[1]",
        "Name it, or drop it.",
    ),
    "name with an accent": (
        (("storage",), {"buckets": {"Donn\u00e9es_2": {"purpose": "datasets"}}}),
        'storage.buckets["Donn\u00e9es_2"]',
        "Rename it, for example donnees-2.",
    ),
    "pool name that node groups cannot have": (
        ((*POOL, "name"), "GPU_Pool"),
        "clusters.main.pools[1].name",
        "Write for example gpu-pool.",
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
        "Write for example v1.22.4-eksbuild.3.",
    ),
    "VPC CNI that gives pods the addresses of nodes": (
        ((*MAIN, "managed_addons"), {"vpc-cni": {"version": "v1.22.3-eksbuild.1"}}),
        "clusters.main.managed_addons.vpc-cni.version",
        "from `aws eks describe-addon-versions --addon-name vpc-cni`.",
    ),
    "VPC CNI without prefixes": (
        (
            (*MAIN, "managed_addons"),
            {"vpc-cni": {"configuration": {"env": {"ENABLE_PREFIX_DELEGATION": "false", "WARM_PREFIX_TARGET": "2"}}}},
        ),
        "clusters.main.managed_addons.vpc-cni.configuration.env.ENABLE_PREFIX_DELEGATION",
        "pods may get no address. Drop it.",
    ),
    "pod range that AWS adds to no such VPC": (
        (("network", "pod_cidr"), "198.19.0.0/16"),
        "network.pod_cidr",
        "(RFC 6598), for example 100.64.0.0/16.",
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
        "begin and end with a letter or digit. Rename it, for example x.",
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
        "no off_peak, and min_per_zone of 1 or more.",
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
    "tag key of another word": ((("tag_keys",), {"owner": "Team"}), "tag_keys", "and other keys under `tags`."),
    "foreign tags that are ours": (
        (("foreign_tags",), ["kubernetes.io/"]),
        "foreign_tags",
        "Write a longer beginning, or drop it.",
    ),
    "tags that differ in case": ((("tags",), {"Team": "a", "team": "b"}), "tags", "Keep one spelling."),
    "empty tag value": ((("owner",), " "), "owner", "Give a value, for example research."),
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
            ((*POOL, "instance_types"), ["g6.xlarge", "g6e.xlarge"]),
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


def test_a_misspelt_key_hides_no_mistake_that_stays_when_it_is_corrected() -> None:
    sharing = {"stratgy": "time-slicing", "replicas": 1}
    reported = problems(stack((POOL, {**GPU_POOL, "sharing": sharing}), ((*POOL, "taints"), [{"key": "-x"}])))
    assert {p.path.removeprefix("clusters.main.pools[1].") for p in reported} == {
        "sharing.stratgy",
        "sharing.replicas",
        "taints[0].key",
    }


def test_a_secret_under_a_misspelt_key_is_reported() -> None:
    reported = problems(stack((("ownr",), "AKIAIOSFODNN7EXAMPLE"), (("owner",), ABSENT)))
    assert [p.path for p in reported] == ["ownr", "ownr"], "the name, and the secret"


def test_a_value_of_the_profile_is_not_reported_as_if_it_were_in_the_file() -> None:
    reported = problems(stack((("environment",), "dev"), ((*POOL, "instance_types"), ["trn2u.48xlarge"])))
    (problem,) = [p for p in reported if p.path == "clusters.main.pools[1].capacity_type"]
    assert problem.message.endswith("The value is that of profile dev: write your own here.")


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

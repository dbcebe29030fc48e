"""Whole stacks, built once for all tests of a process: those of the project, and one with each kind of thing."""

from functools import cache
from pathlib import Path
from typing import Any

from catalog.eks_addons import ADDONS
from components.core.addon_spec import every_add_on
from components.stack.stack_file import load, load_file
from settings.stack.stack import StackSettings
from tests.components.conftest import PlatformCloud
from tests.in_process.providers import REGION
from tests.settings.tenancy.test_wrong_signatures import PUBLIC

PROJECT = Path(__file__).parents[2]
WRITER, READER = {"namespace": "research", "mode": "write"}, {"namespace": "serving"}


PUSHER = "arn:aws:iam::123456789012:role/ci-lab"


BESIDE_OURS = {
    "containerLogs": {"enabled": False},
    "dcgmExporter": {"enabled": False},
    "manager": {"applicationSignals": {"autoMonitor": {"monitorAllServices": False}}},
}


def everything() -> StackSettings:
    """A stack with each kind of thing that takes permissions, or another request to AWS."""
    system = {"name": "system", "instance_types": ["m5.2xlarge", "m5.4xlarge"], "image_release": "20261012"}
    burst = {"name": "burst", "instance_types": ["g6.12xlarge"], "provisioner": "karpenter", "min_per_zone": 0}
    cluster = {
        "version": "1.35",
        "pools": [system, burst],
        "addons": {name: {} for name, add_on in every_add_on().items() if add_on.instead is None},
        "managed_addons": {
            **{name: {"version": "v1.35.0-eksbuild.4"} for name in ADDONS},
            "vpc-cni": {"version": "v1.23.0-eksbuild.1"},
            "aws-efs-csi-driver": {"version": "v3.0.1-eksbuild.1"},
            "amazon-cloudwatch-observability": {"version": "v1.35.0-eksbuild.4", "configuration": BESIDE_OURS},
        },
    }
    shared = {"purpose": "shared", "used_by": [WRITER, READER], "replicate_to": "us-east-1"}
    bucket_users = [{**WRITER, "service_account": "researcher"}, {**READER, "service_account": "model-server"}]
    fast = {"purpose": "scratch", "used_by": [WRITER], "zone": f"{REGION}a", "tier": "training"}
    signatures = {
        "images": [f"123456789012.dkr.ecr.{REGION}.amazonaws.com/ml-platform-prod/lab/*"],
        "keys": [PUBLIC],
        "mode": "deny",
    }
    raw: dict[str, Any] = {
        "environment": "prod",
        "region": REGION,
        "account_id": "123456789012",
        "owner": "platform-team",
        "cost_center": "ml-42",
        "deployer": {"from": "10.0.0.10"},
        "alarms": {"audit": {"notify": ["security@example.com"]}},
        "security": {"guardduty": {"detector": "make", "features": ["runtime"], "mail_from_severity": 7}},
        "network": {"zones": [f"{REGION}a", f"{REGION}b"], "flow_logs": {"destination": "cloudwatch"}},
        "clusters": {"main": cluster},
        "teams": [{"name": "lab", "namespaces": ["lab"], "repositories": ["trainer"], "pushers": [PUSHER]}],
        "images": {"cache": {"upstreams": ["ecr-public", "k8s"]}},
        "admission": {"kyverno": {}, "signatures": signatures},
        "observability": {
            "alerts": {"platform": {"mail": ["ml@example.com"], "slack": "#ml"}, "heartbeat": True},
            "grafana": {},
            "logs": {"to": "loki", "loki": {}, "namespaces": {"lab": {"retention_days": 180}}},
            "traces": {"tempo": {}},
            "cloud_alarms": {"monthly_usd": 20_000},
            "metrics": {"remote_write": {}},
        },
        "storage": {
            "buckets": {
                "datasets": {**shared, "purpose": "datasets", "used_by": bucket_users},
                "copies": {"purpose": "backups", "object_lock_days": 7},
            },
            "file_systems": {"homes": shared},
            "lustre": {"fast": fast},
            "recovery": {"copy_to": "us-east-1"},
        },
    }
    return load(raw, "the stack with everything")


STACKS = {
    "dev": lambda: load_file(PROJECT / "Pulumi.dev.yaml"),
    "prod": lambda: load_file(PROJECT / "Pulumi.prod.yaml"),
    "everything": everything,
}


@cache
def built(name: str, preview: bool = False) -> PlatformCloud:
    """The cloud with the stack in it. Nobody changes it."""
    cloud = PlatformCloud()
    cloud.up(STACKS[name](), preview)
    return cloud

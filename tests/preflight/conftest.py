"""One preview of a stack for all tests, and credentials that are worth nothing."""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from moto import mock_aws

from components.stack.stack_file import load_file
from preflight.needs import Needs, needs_of
from report.simulated import ROOT, project_with

ACCOUNT = "123456789012"
KEY, SECRET = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"


@pytest.fixture(scope="session")
def project(tmp_path_factory) -> Path:
    """The project with prod, and with more of what a stack may need of an account."""
    content = yaml.safe_load((ROOT / "Pulumi.prod.yaml").read_text())
    settings = content["config"]
    settings["ml-platform:network"]["peering"] = {"lab": {"id": "pcx-0123456789abcdef0", "cidrs": ["10.201.0.0/16"]}}
    cluster = settings["ml-platform:clusters"]["main"]
    cluster["endpoint"]["private_security_group_ids"] = ["sg-0123456789abcdef0"]
    reserved: dict[str, Any] = {
        "name": "reserved",
        "instance_types": ["p5.48xlarge"],
        "provisioner": "karpenter",
        "max_per_zone": 2,
    }
    reserved |= {"capacity_type": "reserved", "reservation": {"id": "cr-0123456789abcdef0", "zone": "us-west-2b"}}
    cluster["pools"] += [{"preset": "gpu-small", "capacity_type": "spot"}, reserved]
    file = tmp_path_factory.mktemp("stack") / "Pulumi.prod.yaml"
    file.write_text(yaml.safe_dump(content, sort_keys=False))
    return project_with(file, tmp_path_factory.mktemp("preflight") / "project")


@pytest.fixture(scope="session")
def needs(project: Path) -> Needs:
    return needs_of("prod", load_file(project / "Pulumi.prod.yaml"), ACCOUNT, project)


@contextmanager
def account() -> Generator[None]:
    """An empty account in moto, and credentials for it."""
    with pytest.MonkeyPatch.context() as patch, mock_aws():
        for name, value in {"ACCESS_KEY_ID": KEY, "SECRET_ACCESS_KEY": SECRET, "DEFAULT_REGION": "us-west-2"}.items():
            patch.setenv(f"AWS_{name}", value)
        patch.delenv("AWS_PROFILE", raising=False)
        patch.setattr("preflight.checks.network.reached", lambda host: None)
        patch.setattr("preflight.run.AT_ONCE", 1)  # moto loads its services when they are asked, which threads may not
        yield


@pytest.fixture
def aws() -> Iterator[None]:
    with account():
        yield

"""The pack under the real engine: `pulumi policy analyze` on a hand-written state, without a cloud or backend."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

PACK = Path(__file__).parents[2] / "policies"
TEMPLATE, PROVIDER = "aws:ec2/launchTemplate:LaunchTemplate", "pulumi:providers:aws"
GOOD_TEMPLATE = {
    "metadataOptions": {"httpTokens": "required", "httpPutResponseHopLimit": 1},
    "blockDeviceMappings": [{"deviceName": "/dev/xvda", "ebs": {"encrypted": "true", "volumeType": "gp3"}}],
    "tagSpecifications": [
        {"resourceType": kind, "tags": dict.fromkeys(("environment", "owner", "cost-center", "project"), "research")}
        for kind in ("instance", "volume")
    ],
    "tagsAll": dict.fromkeys(("environment", "owner", "cost-center", "project"), "research"),
}

pytestmark = pytest.mark.engine


@pytest.fixture(scope="session")
def engine() -> str:
    located = pytest.importorskip("engine.locate")
    try:
        return str(located.locate().path)
    except located.EngineNotFound as missing:
        pytest.skip(f"no engine: {missing}")


def state(stack: str, **templates: dict[str, Any]) -> dict[str, Any]:
    """Returns the exported state of a stack with one launch template for each keyword."""

    def urn(kind: str, name: str) -> str:
        return f"urn:pulumi:{stack}::ml-platform::{kind}::{name}"

    root = {"urn": urn("pulumi:pulumi:Stack", "ml-platform"), "custom": False, "type": "pulumi:pulumi:Stack"}
    provider = {
        "urn": urn(PROVIDER, "aws"),
        "custom": True,
        "id": "p1",
        "type": PROVIDER,
        "inputs": {"region": "us-west-2", "allowedAccountIds": '["111122223333"]'},
        "outputs": {"region": "us-west-2", "allowedAccountIds": '["111122223333"]'},
    }
    launch_templates = [
        {
            "urn": urn(TEMPLATE, name),
            "custom": True,
            "id": f"lt-{name}",
            "type": TEMPLATE,
            "inputs": inputs,
            "outputs": inputs,
            "provider": f"{provider['urn']}::p1",
        }
        for name, inputs in templates.items()
    ]
    manifest = {"time": "2026-11-01T00:00:00Z", "magic": "", "version": ""}
    return {"version": 3, "deployment": {"manifest": manifest, "resources": [root, provider, *launch_templates]}}


class Analysis:
    """One run of `pulumi policy analyze`."""

    def __init__(self, engine: str, folder: Path, stack: dict[str, Any], config: dict[str, Any] | None = None) -> None:
        state_file = folder / "state.json"
        state_file.write_text(json.dumps(stack), encoding="utf-8")
        extra = []
        if config:
            (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
            extra = ["--policy-pack-config", str(folder / "config.json")]
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "PULUMI_HOME": str(folder / "home"),
            "PULUMI_SKIP_UPDATE_CHECK": "1",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        }
        command = [engine, "policy", "analyze", "--policy-pack", str(PACK), "--file", str(state_file), "--json", *extra]
        done = subprocess.run(
            command, env=environment, cwd=folder, capture_output=True, text=True, timeout=120, check=False
        )
        self.exit_status, self.error = done.returncode, done.stderr + done.stdout
        events = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
        self.findings = [event["policyEvent"] for event in events if "policyEvent" in event]

    def levels(self) -> dict[str, str]:
        return {finding["policyName"]: finding["enforcementLevel"] for finding in self.findings}


def test_a_good_stack_passes(engine: str, tmp_path: Path) -> None:
    analysis = Analysis(engine, tmp_path, state("prod", cpu=GOOD_TEMPLATE))
    assert (analysis.findings, analysis.exit_status) == ([], 0), analysis.error


def test_one_wrong_property_is_exactly_one_finding_and_stops_the_run(engine: str, tmp_path: Path) -> None:
    wrong = {**GOOD_TEMPLATE, "metadataOptions": {"httpTokens": "optional", "httpPutResponseHopLimit": 1}}
    analysis = Analysis(engine, tmp_path, state("prod", cpu=GOOD_TEMPLATE, gpu=wrong))
    (finding,) = analysis.findings
    assert finding["policyName"] == "node-imdsv2"
    assert finding["resourceUrn"].endswith("::gpu")
    assert (finding["enforcementLevel"], finding["severity"]) == ("mandatory", "high")
    assert "metadataOptions.httpTokens" in finding["message"]
    assert analysis.exit_status == 1, "a mandatory finding must stop a pipeline"


def test_the_environment_decides_which_findings_stop_a_run(engine: str, tmp_path: Path) -> None:
    with_ssh_key = {**GOOD_TEMPLATE, "keyName": "ops"}
    assert Analysis(engine, tmp_path, state("prod", cpu=with_ssh_key)).levels() == {"node-no-ssh": "mandatory"}
    dev = Analysis(engine, tmp_path, state("dev", cpu=with_ssh_key))
    assert dev.levels() == {"node-no-ssh": "advisory"}
    assert dev.exit_status == 0, "an advisory finding stops nothing"


def test_the_configuration_file_changes_levels_and_the_environment(engine: str, tmp_path: Path) -> None:
    with_ssh_key = state("dev", cpu={**GOOD_TEMPLATE, "keyName": "ops"})
    stricter = Analysis(engine, tmp_path, with_ssh_key, {"profile": {"environment": "prod"}})
    assert stricter.levels() == {"node-no-ssh": "mandatory"}, stricter.error
    off = Analysis(engine, tmp_path, with_ssh_key, {"node-no-ssh": "disabled"})
    assert off.levels() == {}, off.error


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"node-no-shh": "advisory"}, "Did you mean node-no-ssh?"),
        ({"node-imds-hop-limit": {"maxHops": 2}}, "Did you mean max_hops?"),
        ({"node-imds-hop-limit": {"max_hops": "two"}}, "max_hops"),
        ({"profile": {"environment": "production"}}, "environment"),
    ],
)
def test_a_wrong_configuration_file_is_refused(engine: str, tmp_path: Path, config: dict, expected: str) -> None:
    analysis = Analysis(engine, tmp_path, state("prod", cpu=GOOD_TEMPLATE), config)
    assert analysis.exit_status != 0, "a misspelt configuration would change nothing, without a message"
    assert expected in analysis.error

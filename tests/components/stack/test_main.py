import json
import os
import subprocess
import sys
from pathlib import Path

from tests.components.stacks import POOL

PROJECT = Path(__file__).parents[3]
RUN = """
import runpy, sys, pulumi
from pulumi.runtime.settings import Settings, configure
configure(Settings(project="ml-platform", stack="dev"))
try:
    runpy.run_path("__main__.py", run_name="__main__")
except pulumi.RunError as error:
    print(error)
print("SDKs loaded:", "pulumi_aws" in sys.modules)
"""


def run(**config):
    environment = {**os.environ, "PULUMI_CONFIG": json.dumps({f"ml-platform:{k}": v for k, v in config.items()})}
    return subprocess.run(
        [sys.executable, "-c", RUN], cwd=PROJECT, env=environment, capture_output=True, text=True, timeout=60
    )


def test_a_wrong_stack_file_is_answered_with_every_mistake_before_any_sdk_is_loaded():
    clusters = {"main": {"version": "1.2", "pools": [{**POOL, "max_per_zone": -1}]}}
    done = run(environment="dev", region="us-west-9", owner="a", cost_center="b", clusters=json.dumps(clusters))
    assert done.returncode == 0, done.stderr
    for path in ("region", "clusters.main.version", "clusters.main.pools[0].max_per_zone"):
        assert f"Pulumi.dev.yaml, {path}: " in done.stdout
    assert "SDKs loaded: False" in done.stdout, "a typing mistake must not cost seconds"
    assert "Traceback" not in done.stdout + done.stderr

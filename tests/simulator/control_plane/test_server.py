"""A real control plane: what it refuses, and that it leaves nothing behind."""

import os
import stat
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from engine.go_build import BuildError
from engine.progress import Progress
from simulator.control_plane.build import Binaries, ensure
from simulator.control_plane.client import ApiServer, Refused, Unreachable
from simulator.control_plane.planes import ControlPlanes
from simulator.control_plane.server import ControlPlane, ControlPlaneError
from tests.simulator.control_planes import VERSION, is_built, planes  # noqa: F401

pytestmark = is_built


@pytest.fixture(scope="module")
def server(planes: ControlPlanes) -> ApiServer:  # noqa: F811
    return planes.server("server", VERSION)


def pod(namespace: str = "default", **container) -> dict:
    one = {"name": "app", "image": "registry.invalid/app:1"} | container
    spec = {"containers": [one], "automountServiceAccountToken": False}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": namespace}, "spec": spec}


def namespace(name: str, **labels: str) -> dict:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}


def refusal(server: ApiServer, state: dict) -> str:
    with pytest.raises(Refused) as refused:
        server.create(state, state["metadata"].get("namespace", ""), dry_run=True)
    return str(refused.value)


def wait_for_account(server: ApiServer, name: str) -> None:
    for _ in range(400):
        if server.get("v1", "ServiceAccount", name, "default"):
            return
    pytest.fail(f"no controller made the service account of {name}")


def test_it_has_the_admission_plug_ins_of_eks(server: ApiServer) -> None:
    wait_for_account(server, "default")
    gpu = server.create(pod(resources={"limits": {"nvidia.com/gpu": 1}}), "default", dry_run=True)
    assert "nvidia.com/gpu" in {each["key"] for each in gpu["spec"]["tolerations"]}


def test_unknown_fields_and_meaning_are_refused(server: ApiServer) -> None:
    assert 'unknown field "spec.containers[0].imagee"' in refusal(server, pod(imagee="x"))
    assert "Limit must be set for non overcommitable" in refusal(
        server, pod(resources={"requests": {"nvidia.com/gpu": 1}})
    )


def test_pod_security_of_the_namespace_is_enforced(server: ApiServer) -> None:
    server.create(namespace("strict", **{"pod-security.kubernetes.io/enforce": "restricted"}), "")
    wait_for_account(server, "strict")
    assert 'violates PodSecurity "restricted:latest"' in refusal(server, pod("strict"))


def test_a_deleted_namespace_is_gone_with_its_objects(server: ApiServer) -> None:
    server.create(namespace("short"), "")
    server.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "short"}}, "short")
    server.delete("v1", "Namespace", "", "short")
    assert server.get("v1", "ConfigMap", "short", "a") is None


def test_it_says_its_version(server: ApiServer) -> None:
    assert server.request("GET", "/version")["gitVersion"].startswith(f"v{VERSION}.")


def test_nothing_runs_on_after_it_is_closed() -> None:
    with closing(ControlPlanes()) as started:
        server = started.server("short-lived", VERSION)
        folder = started._folder.name
    with pytest.raises(Unreachable):
        server.request("GET", "/readyz")
    assert not os.path.exists(folder), "it had keys and objects"  # noqa: PTH110


def test_a_process_that_ends_at_once_is_shown_with_the_end_of_its_log(tmp_path) -> None:
    built = ensure(VERSION, Progress())
    broken = tmp_path / "kube-apiserver"
    broken.write_text("#!/bin/sh\necho no such flag >&2\nexit 1\n")
    broken.chmod(0o755)
    binaries = Binaries(built.etcd, broken, built.controller_manager)
    with pytest.raises(ControlPlaneError, match=r"kube-apiserver\.log says:\n    no such flag"):
        ControlPlane(binaries, tmp_path / "plane").start()


STARTS_AND_WAITS = """
import time
from simulator.control_plane.planes import ControlPlanes
planes = ControlPlanes()
planes.server("killed", "%s")
print(planes._folder.name, flush=True)
time.sleep(600)
"""


def processes_of(folder: str) -> list[str]:
    listed = subprocess.run(["ps", "-wweo", "args"], capture_output=True, text=True, check=True).stdout
    return [line for line in listed.splitlines() if folder in line]


def test_nothing_runs_on_after_a_kill() -> None:
    program = [sys.executable, "-c", STARTS_AND_WAITS % VERSION]
    with subprocess.Popen(program, stdout=subprocess.PIPE, text=True) as command:
        assert command.stdout is not None
        folder = command.stdout.readline().strip()
        running = processes_of(folder)
        command.kill()
    assert len(running) >= 3
    deadline = time.monotonic() + 20
    while processes_of(folder) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not processes_of(folder), "they hold memory, and a token of an administrator"
    assert not list(Path(folder).rglob("tokens.csv"))


def test_other_users_cannot_reach_its_objects(planes: ControlPlanes) -> None:  # noqa: F811
    planes.server("server", VERSION)
    folder = Path(planes._folder.name, "server", VERSION)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    listening = {path.name for path in folder.iterdir() if stat.S_ISSOCK(path.stat().st_mode)}
    assert len(listening) == 2, "etcd asks nobody who they are, so it listens in the folder alone"


def test_a_failure_is_not_tried_again_for_each_object(monkeypatch: pytest.MonkeyPatch) -> None:
    tries = []

    def fails(version: str, progress: Progress) -> Binaries:
        tries.append(version)
        raise BuildError("there is no Go")

    monkeypatch.setattr("simulator.control_plane.planes.ensure", fails)
    with closing(ControlPlanes()) as started:
        for _ in range(3):
            with pytest.raises(BuildError, match="there is no Go"):
                started.server("main", VERSION)
    assert tries == [VERSION]

"""Starts and stops one control plane: etcd, kube-apiserver and kube-controller-manager, on free loopback ports.

It has no nodes, no scheduler and no workload controllers: it stores objects and says what Kubernetes says about them.
The admission plug-ins are Kubernetes' defaults and those that EKS adds.
Source: https://docs.aws.amazon.com/eks/latest/userguide/platform-versions.html, read in November 2026.
"""

from __future__ import annotations

import base64
import json
import os
import re
import secrets
import socket
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from simulator.control_plane.build import Binaries
from simulator.control_plane.client import ApiServer, Unreachable

_READY_SECONDS = 60.0
_STOP_SECONDS = 5.0
_LAST_LINES = 12
_CAUSE = re.compile(r"^(panic|fatal)|\"level\":\"(fatal|panic|error)\"|^[EF]\d{4} |no space left", re.IGNORECASE)
_ADDED_BY_EKS = ("ExtendedResourceToleration", "NodeRestriction")
_CONTROLLERS = (  # what answers for objects; those that make pods are left out, since no pod could run
    *("clusterrole-aggregation-controller", "garbage-collector-controller", "namespace-controller"),
    *("persistentvolume-protection-controller", "persistentvolumeclaim-protection-controller"),
    *("resourcequota-controller", "serviceaccount-controller", "validatingadmissionpolicy-status-controller"),
)
_CLIENT_SOCKET, _PEER_SOCKET = "client.sock:0", "peer.sock:0"  # relative, since a socket's path has at most 107 bytes
_SERVICE_RANGE = "10.100.0.0/16"  # of EKS, where the VPC is not in 10.0.0.0/8
# A P-256 private key in SEC1 form is a constant frame around 32 random bytes; readers compute the public key from it.
_KEY_FRAME = (bytes.fromhex("30310201010420"), bytes.fromhex("a00a06082a8648ce3d030107"))


class ControlPlaneError(Exception):
    """The control plane did not start. The text has the end of its log."""


class ControlPlane:
    """The processes of one control plane. Its objects stay in `folder` and are there again at the next start.

    Use it as a context manager: the processes are stopped at the end, also after an error.
    """

    def __init__(self, binaries: Binaries, folder: Path) -> None:
        self._binaries, self._folder = binaries, folder
        self._processes: list[subprocess.Popen[bytes]] = []
        self._watcher: subprocess.Popen[bytes] | None = None
        self._logs: dict[int, Path] = {}
        self.server: ApiServer

    def __enter__(self) -> ControlPlane:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Starts the processes, and returns when the API server is ready. Raises ControlPlaneError."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        (port,) = _free_ports(1)
        token = secrets.token_urlsafe(24)
        self._write("tokens.csv", f'{token},platform,platform,"system:masters"\n')
        self._write_key("service-accounts.key")
        certificate = self._folder / "apiserver.crt"
        for path in (certificate, certificate.with_suffix(".key")):
            path.unlink(missing_ok=True)  # the server makes new ones, which are valid for a year
        try:
            self._run_etcd()
            self._watch()
            self._run_api_server(port)
            self.server = ApiServer(port, token, certificate)
            self._wait_until_ready()
            self._run_controllers(port, token, certificate)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stops the processes, the last one first."""
        for process in reversed(self._processes):
            process.terminate()
        for process in reversed(self._processes):
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._processes.clear()
        if self._watcher is not None:
            self._watcher.kill()
            self._watcher.communicate()
            self._watcher = None

    def is_running(self) -> bool:
        """Returns whether all processes run."""
        return bool(self._processes) and all(process.poll() is None for process in self._processes)

    def _watch(self) -> None:
        """Starts a shell that ends the processes and removes the folder as soon as this process is gone.

        Its standard input ends then, also after a kill.
        """
        script = 'read -r line; kill -s KILL -- "-$1"; rm -rf "$2"'
        command = ["sh", "-c", script, "sh", str(self._processes[0].pid), str(self._folder)]
        self._watcher = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL, process_group=0)

    def _run_etcd(self) -> None:
        # The sockets are files in the folder, which is ours alone: etcd asks nobody who they are.
        client, peer = f"unix://{_CLIENT_SOCKET}", f"unix://{_PEER_SOCKET}"
        self._run(
            self._binaries.etcd,
            f"--data-dir={self._folder / 'etcd'}",
            *(f"--listen-client-urls={client}", f"--advertise-client-urls={client}"),
            *(f"--listen-peer-urls={peer}", f"--initial-advertise-peer-urls={peer}"),
            f"--initial-cluster=default={peer}",
            "--unsafe-no-fsync",
            "--log-level=warn",
        )

    def _run_api_server(self, port: int) -> None:
        key = self._folder / "service-accounts.key"
        self._run(
            self._binaries.api_server,
            f"--etcd-servers=unix://{_CLIENT_SOCKET}",
            *("--bind-address=127.0.0.1", "--advertise-address=127.0.0.1", f"--secure-port={port}"),
            f"--cert-dir={self._folder}",
            *("--authorization-mode=RBAC", f"--token-auth-file={self._folder / 'tokens.csv'}"),
            *(f"--service-account-key-file={key}", f"--service-account-signing-key-file={key}"),
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-cluster-ip-range={_SERVICE_RANGE}",
            "--endpoint-reconciler-type=none",
            "--allow-privileged=true",
            f"--enable-admission-plugins={','.join(_ADDED_BY_EKS)}",
            "--profiling=false",
        )

    def _run_controllers(self, port: int, token: str, certificate: Path) -> None:
        cluster = {"server": f"https://127.0.0.1:{port}", "certificate-authority": str(certificate)}
        config = {
            "clusters": [{"name": "local", "cluster": cluster}],
            "users": [{"name": "platform", "user": {"token": token}}],
            "contexts": [{"name": "local", "context": {"cluster": "local", "user": "platform"}}],
            "current-context": "local",
        }
        self._write("kubeconfig", json.dumps(config))
        self._run(
            self._binaries.controller_manager,
            f"--kubeconfig={self._folder / 'kubeconfig'}",
            f"--controllers={','.join(_CONTROLLERS)}",
            *("--leader-elect=false", "--secure-port=0", "--concurrent-resource-quota-syncs=2"),
        )

    def _run(self, binary: Path, *arguments: str) -> None:
        path = self._folder / f"{binary.name}.log"
        log = path.open("wb")
        # Garbage collection at every doubling of the memory would take a fifth of the time.
        environment = {"PATH": os.defpath, "HOME": str(self._folder), "GOGC": "400"}
        process = subprocess.Popen(
            [binary, *arguments],
            stdout=log,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            env=environment,
            cwd=self._folder,
            # A group of their own: a Ctrl-C ends the command first, which still needs the API server.
            process_group=self._processes[0].pid if self._processes else 0,
        )
        log.close()
        self._processes.append(process)
        self._logs[process.pid] = path

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + _READY_SECONDS
        while time.monotonic() < deadline:
            ended = [process for process in self._processes if process.poll() is not None]
            if ended:
                raise ControlPlaneError(self._failure(ended))
            with suppress(Unreachable):
                if self.server.is_ready():
                    return
            time.sleep(0.05)
        raise ControlPlaneError(self._failure(self._processes))

    def _failure(self, processes: Sequence[subprocess.Popen[bytes]]) -> str:
        texts = []
        for process in processes:
            log = self._logs[process.pid]
            lines = log.read_text(errors="replace").splitlines()
            causes = [line for line in lines if _CAUSE.search(line)][:_LAST_LINES]  # the end may be a stack trace
            end = "\n    ".join(causes or lines[-_LAST_LINES:])
            texts.append(f"{log.name} says:\n    {end}")
        folder = f"{self._folder} (TMPDIR names another place)"
        return f"The Kubernetes control plane in {folder} did not become ready. " + "\n".join(texts)

    def _write(self, name: str, text: str) -> None:
        path = self._folder / name
        path.touch(mode=0o600)
        path.write_text(text, encoding="utf-8")

    def _write_key(self, name: str) -> None:
        if (self._folder / name).exists():
            return  # service account tokens of earlier starts stay valid
        # The first byte below 0xff keeps the number below the order of the curve.
        number = bytes([secrets.randbelow(255)]) + secrets.token_bytes(31)
        encoded = base64.b64encode(number.join(_KEY_FRAME)).decode()
        self._write(name, f"-----BEGIN EC PRIVATE KEY-----\n{encoded}\n-----END EC PRIVATE KEY-----\n")


def _free_ports(count: int) -> list[int]:
    """Returns ports that are free now; all are held until the last one is found, so that they differ."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()

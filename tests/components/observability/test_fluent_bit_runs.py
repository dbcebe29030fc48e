"""The configuration in the real Fluent Bit, with answers of AWS that are simulated. Needs FLUENT_BIT."""

import gzip
import http.server
import json
import os
import re
import ssl
import subprocess
import threading
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from components.observability.fluent_bit import PREFIX, STATE, configuration, script
from settings.observability.logs import LogSettings
from tests.components.observability.test_fluent_bit import (
    BEFORE_A_KEY,
    CLUSTER,
    DOMAIN,
    KEYS,
    LOKI,
    PEM,
    PYTHON,
    nested,
    with_key,
)

PROGRAM = os.environ.get("FLUENT_BIT", "")
pytestmark = pytest.mark.skipif(not PROGRAM, reason="FLUENT_BIT names no program: see test_fluent_bit.py")
ID = "0" * 64
SETTINGS = {"namespaces": {"inference": {"retention_days": 7}}}
EVENTS = 20_000


class Aws(http.server.ThreadingHTTPServer):
    """Takes batches while it is up, and keeps them: group or index, stream, and what was written."""

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        key, certificate = folder / "key.pem", folder / "certificate.pem"
        command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-days", "2"]
        subprocess.run([*command, "-keyout", key, "-out", certificate], check=True, capture_output=True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self.socket = context.wrap_socket(self.socket, server_side=True)
        self.up = True
        self.taken: list[Taken] = []
        threading.Thread(target=self.serve_forever, daemon=True).start()


class _Answers(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - named by the base class
        """Says nothing."""

    def do_POST(self) -> None:
        assert isinstance(self.server, Aws)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/loki/api/v1/push":
            assert self.headers["X-Scope-OrgID"] == LOKI["tenant"]
            self.server.taken += _lines(body)
        else:
            assert "AWS4-HMAC-SHA256" in self.headers["Authorization"]
            if self.server.up:
                self.server.taken += _documents(gzip.decompress(body)) if self.path == "/_bulk" else _events(body)
        answer = b'{"errors":false,"items":[]}' if self.path == "/_bulk" else b"{}"
        self.send_response(200 if self.server.up else 503)
        self.send_header("x-amzn-RequestId", "1")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)


Taken = tuple[str, str, dict[str, Any]]


def _events(body: bytes) -> Iterator[Taken]:
    batch = json.loads(body)
    for event in batch.get("logEvents", []):
        yield batch["logGroupName"], batch["logStreamName"], json.loads(event["message"])


def _documents(body: bytes) -> Iterator[Taken]:
    lines = [json.loads(line) for line in body.decode().splitlines() if line]
    for action, document in zip(lines[::2], lines[1::2], strict=True):
        yield action["create"]["_index"], "", document


def _lines(body: bytes) -> Iterator[Taken]:
    for stream in json.loads(body)["streams"]:
        for _, line, more in stream["values"]:
            yield json.dumps(stream["stream"], sort_keys=True), "", {**json.loads(line), **more}


class Node:
    """A folder that stands for a node: files of containers, and what the API server knows of their pods."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("containers", "state", "pods"):
            (folder / name).mkdir()

    def writes(self, namespace: str, team: str, *lines: str, part: str = "F") -> None:
        known = {"metadata": {"name": "a-0", "namespace": namespace, "ownerReferences": [{"kind": "Job", "name": "a"}]}}
        labels = {"metadata": {"name": namespace, "labels": {"ml-platform/team": team}}}
        (self.folder / "pods" / f"{namespace}_a-0.meta").write_text(json.dumps({"kind": "Pod", **known}))
        (self.folder / "pods" / f"{namespace}.namespace_meta").write_text(json.dumps({"kind": "Namespace", **labels}))
        text = "".join(f"2026-11-29T21:00:00.000000000Z stdout {part} {line}\n" for line in lines)
        with (self.folder / "containers" / f"a-0_{namespace}_main-{ID}.log").open("a") as file:
            file.write(text)

    def configured(self, settings: LogSettings, port: int) -> Path:
        """Writes the configuration as the chart would, with the paths and the endpoint of this test."""
        parts = configuration(CLUSTER, "us-west-2", settings)
        (self.folder / "records.lua").write_text(script(CLUSTER, settings))
        (self.folder / "custom_parsers.conf").write_text(parts["customParsers"])
        text = "\n".join(parts[name] for name in ("service", "inputs", "filters", "outputs"))
        files = self.folder / "containers"
        for old, new in {
            "    Parsers_File /fluent-bit/etc/parsers.conf\n": "",
            "/fluent-bit/etc/conf/": f"{self.folder}/",
            "/fluent-bit/scripts/": f"{self.folder}/",
            PREFIX: f"kube.{str(files)[1:].replace('/', '.')}.",
            "/var/log/containers": str(files),
            STATE: str(self.folder / "state"),
            "Flush 5": "Flush 1",
            "HTTP_Server On": "HTTP_Server Off",
            "scheduler.cap 300": "scheduler.cap 6",
            "Kube_Tag_Prefix": f"kube_meta_preload_cache_dir {self.folder}/pods\n    Kube_Tag_Prefix",
        }.items():
            assert old in text, old
            text = text.replace(old, new)
        if settings.to == "cloudwatch":
            text += f"    endpoint 127.0.0.1\n    port {port}\n"
        text = re.sub(r"^    Host .*\n    Port \d+", f"    Host 127.0.0.1\n    Port {port}", text, flags=re.MULTILINE)
        text += "    tls.verify Off\n"
        path = self.folder / "fluent-bit.conf"
        path.write_text(text)
        return path

    @contextmanager
    def running(self, configuration_file: Path) -> Generator[None]:
        credentials = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "y"}
        with (self.folder / "output").open("w") as output:
            command = [PROGRAM, "-c", str(configuration_file)]
            process = subprocess.Popen(command, env={**os.environ, **credentials}, stdout=output, stderr=output)
            try:
                yield
            finally:
                process.terminate()
                process.wait(60)


def until(cloud: Aws, count: int, seconds: float) -> None:
    end = time.monotonic() + seconds
    while len(cloud.taken) < count and time.monotonic() < end:
        time.sleep(0.2)


def test_lines_become_events_of_their_group_without_what_is_secret(tmp_path: Path) -> None:
    node, cloud = Node(tmp_path), Aws(tmp_path)
    node.writes("inference", "serving", '{"level": "info", "prompt": "private", "team": "x"}', "Bearer abc.def")
    node.writes("research", "vision", *PYTHON.splitlines())
    node.writes("research", "vision", *PEM, "-----END RSA PRIVATE KEY-----", "goes on")
    node.writes("research", "vision", "first half ", part="P")
    node.writes("research", "vision", "second half")
    with node.running(node.configured(LogSettings.model_validate(SETTINGS), cloud.server_port)):
        until(cloud, 7, 20)
    groups = {group for group, _, _ in cloud.taken}
    assert groups == {f"/{CLUSTER}/containers", f"/{CLUSTER}/namespaces/inference"}
    assert {stream for _, stream, _ in cloud.taken} == {"inference.a-0.main", "research.a-0.main"}
    inference = [event for _, stream, event in cloud.taken if stream.startswith("inference")]
    assert [(each["team"], each.get("level"), each.get("log")) for each in inference] == [
        ("serving", "info", None),
        ("serving", None, "Bearer ***"),
    ]
    assert "private" not in json.dumps(cloud.taken)
    assert not [line for line in PEM[-2:] if line in json.dumps(cloud.taken)], "a private key of several lines is kept"
    trace, after = PYTHON.removesuffix("\nafter"), "after"
    of_research = [event for _, stream, event in cloud.taken if stream.startswith("research")]
    plain = [each["log"] for each in of_research if "PRIVATE KEY" not in each["log"]]
    assert sorted(plain) == sorted([trace, after, "goes on", "first half second half"])
    assert {each["resource_type"] for each in of_research} == {"job"}


@pytest.mark.parametrize("kind", KEYS)
def test_no_line_of_a_key_within_a_trace_stays(tmp_path: Path, kind: str) -> None:
    node, cloud = Node(tmp_path), Aws(tmp_path)
    for before in BEFORE_A_KEY:
        node.writes("research", "vision", *with_key(before, kind), f"after {before}")
    with node.running(node.configured(LogSettings.model_validate(SETTINGS), cloud.server_port)):
        until(cloud, 2 * len(BEFORE_A_KEY) - 1, 20)
    said = [event["log"] for _, _, event in cloud.taken]
    apart = {f"after {before}" for before in BEFORE_A_KEY if before != "line of code"}  # its trace goes on
    assert apart <= {each.splitlines()[-1] for each in said}
    assert not [each for each in said if re.search(r"MII|x9/|aBcD", each)]
    assert len([each for each in said if "PRIVATE KEY" in each]) == len(BEFORE_A_KEY), (
        "each is in the event of its trace"
    )


def test_nothing_is_lost_while_cloudwatch_is_away(tmp_path: Path) -> None:
    node, cloud = Node(tmp_path), Aws(tmp_path)
    cloud.up = False
    node.writes("research", "vision", *(f"n={number} {'x' * 80}" for number in range(EVENTS)))
    with node.running(node.configured(LogSettings.model_validate(SETTINGS), cloud.server_port)):
        time.sleep(6)
        assert list((tmp_path / "state" / "chunks").rglob("*.flb")), "they wait on disk"
        cloud.up = True
        until(cloud, EVENTS, 60)
    assert len({event["log"] for _, _, event in cloud.taken}) == EVENTS


def test_a_domain_gets_the_same_in_an_index_for_each_day(tmp_path: Path) -> None:
    settings = LogSettings.model_validate({"to": "opensearch", "opensearch": DOMAIN})
    node, cloud = Node(tmp_path), Aws(tmp_path)
    node.writes("inference", "serving", '{"level": "info", "gen_ai.prompt": "private", "a.b": 1}')
    with node.running(node.configured(settings, cloud.server_port)):
        until(cloud, 1, 20)
    ((index, _, document),) = cloud.taken
    assert index == "containers-2026.11.29"
    assert document["@timestamp"].startswith("2026-11-29T21:00:00")
    assert (document["team"], document["level"], document["a_b"]) == ("serving", "info", 1)
    assert "private" not in json.dumps(document)


def test_a_loki_gets_streams_of_few_labels_and_says_of_which_pod_a_line_is(tmp_path: Path) -> None:
    settings = LogSettings.model_validate({"to": "loki", "loki": {**LOKI, "address": "https://loki.example.com"}})
    node, cloud = Node(tmp_path), Aws(tmp_path)
    node.writes("inference", "serving", '{"level": "info", "prompt": "private"}')
    with node.running(node.configured(settings, cloud.server_port)):
        until(cloud, 1, 20)
    ((labels, _, line),) = cloud.taken
    assert json.loads(labels) == {
        "job": "containers",
        "cluster_name": CLUSTER,
        "namespace": "inference",
        "team": "serving",
        "container": "main",
    }
    assert (line["pod"], line["level"], line["stream"]) == ("a-0", "info", "stdout")
    assert "private" not in json.dumps(line)


BRACKETS = "[" * 100_000 + "1" + "]" * 100_000
WORST = {
    **{
        f"{first} and brackets": first + BRACKETS
        for first in ("", "1 ", "-1.5 ", '"a" ', "true ", "null ", "[] ", "{} ")
    },
    "an object": nested(200_000),
    "a string that ends early": '{"a":["\\u\\",' + BRACKETS + ',""]}',
    "as deep as is read": nested(59),
    "as many brackets as are read": '{"a":[' + ",".join(["[1]"] * 9_998) + "]}",
    "short, and deeper than is read": nested(61),
    "short, and much deeper": nested(4_000),
    "short, of another kind": "1 " + "[" * 60 + "]" * 60,
    "tokens": "eyJ" * 100_000,
    "keys": "-BEGIN PRIVATE KEY-----" * 10_000,
}


@pytest.mark.parametrize("name", WORST)
def test_a_line_of_one_team_ends_or_blinds_the_logs_of_nobody(tmp_path: Path, name: str) -> None:
    node, cloud = Node(tmp_path), Aws(tmp_path)
    node.writes("research", "vision", "before")
    for line in (json.dumps({"level": "info", "prompt": "private" * 10_000}), WORST[name]):
        parts = [line[start : start + 16_384] for start in range(0, len(line), 16_384)]  # as containerd cuts it
        for part in parts[:-1]:
            node.writes("inference", "serving", part, part="P")
        node.writes("inference", "serving", parts[-1])
    node.writes("inference", "serving", "Bearer abc")
    with node.running(node.configured(LogSettings.model_validate(SETTINGS), cloud.server_port)):
        until(cloud, 4, 20)
    events = [event for _, _, event in cloud.taken]
    assert len(events) == 4, "the lines beside it arrive"
    assert {"before", "Bearer ***"} <= {event.get("log") for event in events}
    assert {event["team"] for event in events} == {"vision", "serving"}
    assert "private" not in json.dumps(events), "all of them went through the script"

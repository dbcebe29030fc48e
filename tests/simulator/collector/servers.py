"""Small servers on loopback: what takes traces by OTLP, and an API server that knows one pod and one namespace."""

import json
import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import yaml

NODE, POD, NAMESPACE = "ip-10-0-1-2.us-west-2.compute.internal", "train-0", "research"
Span = dict[str, Any]
"""name, trace, what is said of its sender (`resource`) and library (`scope`), its attributes and its events'."""


class _Handler(BaseHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - named by the base class
        """Says nothing."""

    def answer(self, status: int, content: Any) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def _served(handler: type[_Handler]) -> Generator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def sink(kept: list[Span]) -> Generator[str]:
    """Takes traces as JSON, and yields its address. kept: gets each span."""

    class Sink(_Handler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            found = self.path == "/v1/traces"
            kept.extend(_spans(json.loads(body)) if found else ())
            self.answer(200 if found else 404, {})

    with _served(Sink) as address:
        yield address


def _spans(body: dict[str, Any]) -> Iterator[Span]:
    for each in body["resourceSpans"]:
        for scope, span in ((of, span) for of in each["scopeSpans"] for span in of["spans"]):
            events = [{"name": event["name"], **_plain(event)} for event in span.get("events", [])]
            yield {
                "name": span["name"],
                "trace": span["traceId"],
                "resource": _plain(each["resource"]),
                "scope": _plain(scope.get("scope", {})),
                "attributes": _plain(span),
                "events": events,
            }


def _plain(holder: dict[str, Any]) -> dict[str, Any]:
    return {each["key"]: next(iter(each["value"].values())) for each in holder.get("attributes", [])}


@contextmanager
def api_server(folder: Path, label: str, team: str) -> Generator[Path]:
    """Serves one pod, at 127.0.0.1, whose namespace has a label, and yields a kubeconfig for it."""
    owner = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "train-7d9f8c6b5d", "uid": "2", "controller": True}
    hashed = {"pod-template-hash": "7d9f8c6b5d"}  # by which the agent tells the Deployment from its ReplicaSet
    objects = {
        "pods": {
            "metadata": {"name": POD, "namespace": NAMESPACE, "uid": "1", "labels": hashed, "ownerReferences": [owner]},
            "spec": {"nodeName": NODE, "containers": []},
            "status": {"podIP": "127.0.0.1", "podIPs": [{"ip": "127.0.0.1"}], "startTime": "2026-11-29T00:00:00Z"},
        },
        "namespaces": {"metadata": {"name": NAMESPACE, "uid": "3", "labels": {label: team}}},
    }
    ended = threading.Event()

    class Api(_Handler):
        def do_GET(self) -> None:
            url = urlsplit(self.path)
            kind, query = url.path.rpartition("/")[2], parse_qs(url.query)
            if kind not in objects:
                self.answer(403, {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": 403})
            elif "sendInitialEvents" in query:  # older servers know no list by watching
                self.answer(422, {"kind": "Status", "apiVersion": "v1", "reason": "Invalid", "code": 422})
            elif "watch" in query:
                ended.wait(60)
            else:
                form = {"pods": "PodList", "namespaces": "NamespaceList"}[kind]
                listed = {"metadata": {"resourceVersion": "1"}, "items": [objects[kind]]}
                self.answer(200, {"kind": form, "apiVersion": "v1", **listed})

    with _served(Api) as address:
        file = folder / "kubeconfig"
        entry = {"name": "x"}
        file.write_text(
            yaml.safe_dump(
                {
                    "apiVersion": "v1",
                    "kind": "Config",
                    "current-context": "x",
                    "clusters": [entry | {"cluster": {"server": address}}],
                    "users": [entry | {"user": {}}],
                    "contexts": [entry | {"context": {"cluster": "x", "user": "x"}}],
                }
            ),
            encoding="utf-8",
        )
        try:
            yield file
        finally:
            ended.set()

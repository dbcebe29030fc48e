"""Small servers on loopback: exporters that show what they are given, and a receiver of alerts."""

from __future__ import annotations

import json
import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

_SNS_ANSWER = b"<PublishResponse><PublishResult><MessageId>1</MessageId></PublishResult></PublishResponse>"


@contextmanager
def _served(address: str, port: int, handler: type[BaseHTTPRequestHandler]) -> Generator[int]:
    server = ThreadingHTTPServer((address, port), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def exporter(address: str, port: int, series: Mapping[str, float]) -> Generator[None]:
    """Serves series in the text format. The map may change meanwhile."""

    class Metrics(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = "".join(f"{name} {value}\n" for name, value in dict(series).items()).encode()
            self.send_response(200 if self.path == "/metrics" else 404)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None: ...  # noqa: A002 - its name there

    with _served(address, port, Metrics):
        yield


@contextmanager
def receiver(told: list[dict[str, Any]]) -> Generator[str]:
    """Takes what Alertmanager posts, as JSON or as a form, in place of SNS and of others, and yields its URL."""

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            told.append(json.loads(body) if body.startswith("{") else {k: v[0] for k, v in parse_qs(body).items()})
            told[-1]["to"] = self.path
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(_SNS_ANSWER if "TopicArn" in told[-1] else b'{"ok": true}')

        def log_message(self, format: str, *args: Any) -> None: ...  # noqa: A002 - its name there

    with _served("127.0.0.1", 0, Receiver) as port:
        yield f"http://127.0.0.1:{port}/"

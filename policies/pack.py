"""Starts the pack: finds the rules, reads the waivers, and answers the engine until it is told to end."""

import signal
import sys
from concurrent import futures
from datetime import date
from pathlib import Path

import grpc
from pulumi.runtime.proto import analyzer_pb2_grpc

from policies.analyzer import Analyzer
from policies.registry import BadRuleError, rules
from policies.waivers import WaiverError, load

WAIVERS = Path(__file__).parent / "waivers.yaml"
_LONGEST_MESSAGE_BYTES = 400 * 1024 * 1024  # what the engine itself allows: a stack with all its charts is one message


def build() -> Analyzer:
    """The pack as it stands in this folder. Raises BadRuleError or WaiverError, which say what is wrong and where."""
    found = rules()
    return Analyzer(found, load(WAIVERS, found, date.today()))  # noqa: DTZ011 a waiver ends by the reader's own calendar


def serve() -> None:
    """Serves on a free port, which is the first line of standard output, as the engine expects."""
    try:
        analyzer = build()
    except (BadRuleError, WaiverError) as error:
        sys.exit(f"The policy pack does not start, so nothing is built:\n{error}")
    server = grpc.server(
        futures.ThreadPoolExecutor(
            max_workers=1
        ),  # judging is pure Python: more threads would only wait for each other
        options=[("grpc.max_receive_message_length", _LONGEST_MESSAGE_BYTES)],
    )
    analyzer_pb2_grpc.add_AnalyzerServicer_to_server(analyzer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, lambda *_: server.stop(0))
    server.start()
    print(port, flush=True)
    server.wait_for_termination()

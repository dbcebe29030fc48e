"""Starts the pack: loads rules, waivers and what is production, and serves the engine until a signal stops it."""

import os
import signal
import sys
from concurrent import futures
from pathlib import Path

import grpc
from pulumi.runtime.proto import analyzer_pb2_grpc

from policies.analyzer import Analyzer
from policies.production import ONLY_SHOWS, ProductionError
from policies.production import load as load_production
from policies.registry import BadRuleError, rules
from policies.waivers import WaiverError, load, today

WAIVERS, PRODUCTION = (Path(__file__).parent / name for name in ("waivers.yaml", "production.yaml"))
_LONGEST_MESSAGE_BYTES = 400 * 1024 * 1024  # the engine's own limit: a whole stack, with its charts, is one message


def build() -> Analyzer:
    """Returns the pack of this folder.

    Raises BadRuleError, WaiverError or ProductionError, which say what is wrong and where.
    """
    waivers = load(WAIVERS, rules(), today())
    only_shows = os.environ.get(ONLY_SHOWS) == "true"
    return Analyzer(rules(), waivers, production=load_production(PRODUCTION, rules()), only_shows=only_shows)


def serve() -> None:
    """Serves on a free port and prints its number as the first line of standard output, as the engine expects."""
    try:
        analyzer = build()
    except (BadRuleError, ProductionError, WaiverError) as error:
        sys.exit(f"The policy pack does not start, so nothing is built:\n{error}")
    server = grpc.server(
        futures.ThreadPoolExecutor(max_workers=1),  # rules are pure Python: more threads would only wait for each other
        options=[("grpc.max_receive_message_length", _LONGEST_MESSAGE_BYTES)],
    )
    analyzer_pb2_grpc.add_AnalyzerServicer_to_server(analyzer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    for stop_signal in (signal.SIGINT, signal.SIGTERM):
        signal.signal(stop_signal, lambda *_: server.stop(0))
    server.start()
    print(port, flush=True)
    server.wait_for_termination()

"""Pools built one after the other on the same ground, judged by the policy pack, and taken off again."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import analyzer_pb2

from common.wire import to_struct
from policies.analyzer import Analyzer
from policies.registry import rules
from tests.in_process.engine import PROJECT, STACK, Engine
from tests.in_process.ground import Ground
from tests.in_process.providers import Registered

ENVIRONMENT = "staging"
TAGS = {"environment": ENVIRONMENT, "owner": "ml", "cost-center": "ml", "project": PROJECT, "managed-by": "pulumi"}


class ProvingGround(Ground):
    """Of one region.

    built: what the last program made. refusals: what a provider refused of it. findings: what the pack found in it.
    """

    def __init__(self, region: str, zones: Sequence[str]) -> None:
        super().__init__(zones, region, TAGS)
        self.built: list[Registered] = []
        self.refusals: list[str] = []
        self.findings: list[Any] = []
        self._analyzer = Analyzer(rules(), today=lambda: date(2026, 11, 1))

    def run(self, program: Callable[[], Any]) -> None:
        """Builds what the program asks for, judges it, and takes it away again."""
        engine = Engine(self, preview=False)
        engine.run(program)
        self.built = [each for each in engine.registered.values() if each.id and not each.type.startswith("pulumi:")]
        self.refusals = engine.refusals
        self.findings = [finding for each in self.built for finding in self._judged(each)] + self._judged_together()
        for each in reversed(self.built):
            self.delete(each)

    def _judged(self, built: Registered) -> Sequence[Any]:
        """As the engine asks: by the inputs that the provider has checked, with the default tags in them."""
        asked = analyzer_pb2.AnalyzeRequest(type=built.type, urn=built.urn, properties=to_struct(built.checked))
        found: Sequence[Any] = self._analyzer.Analyze(asked, None).diagnostics
        return found

    def _judged_together(self) -> list[Any]:
        asked = analyzer_pb2.AnalyzeStackRequest()
        root = f"urn:pulumi:{STACK}::{PROJECT}::pulumi:pulumi:Stack::{PROJECT}-{STACK}"
        asked.resources.add(type="pulumi:pulumi:Stack", urn=root)
        provider = analyzer_pb2.AnalyzerProviderResource(type="pulumi:providers:aws", properties=Struct())
        provider.properties.update({"region": self.region})
        for built in self.built:
            message = asked.resources.add(type=built.type, urn=built.urn, properties=to_struct(built.outputs))
            message.provider.CopyFrom(provider)
            for key, urns in built.property_dependencies.items():
                message.propertyDependencies[key].urns.extend(urns)
        return list(self._analyzer.AnalyzeStack(asked, None).diagnostics)

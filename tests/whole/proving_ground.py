"""Builds pools one by one in the same simulated account, analyses them with the policy pack, and deletes them."""

import json
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import analyzer_pb2

from catalog.charts import CHARTS
from common.wire import to_struct
from policies.analyzer import Analyzer
from policies.registry import rules
from settings.core.physical_names import karpenter_node_role_name
from tests.in_process.engine import PROJECT, STACK, Engine
from tests.in_process.ground import Ground
from tests.in_process.providers import Registered

ENVIRONMENT = "staging"
TAGS = {"environment": ENVIRONMENT, "owner": "ml", "cost-center": "ml", "project": PROJECT, "managed-by": "pulumi"}


class ProvingGround(Ground):
    """The network, keys, roles and cluster of one region, in which programs run.

    built: the resources of the last program. refusals: the providers' refusals in it. findings: the pack's findings in
        it.
    """

    def __init__(self, region: str, zones: Sequence[str]) -> None:
        prefix = f"{PROJECT}-{ENVIRONMENT}"
        super().__init__(zones, region, TAGS, prefix)
        self._karpenter(f"{prefix}-main")
        self.built: list[Registered] = []
        self.refusals: list[str] = []
        self.findings: list[Any] = []
        self._analyzer = Analyzer(rules(), today=lambda: date(2026, 11, 1))

    def _karpenter(self, cluster_name: str) -> None:
        """Installs Karpenter, and what an EC2NodeClass names by the name of its cluster."""
        chart = CHARTS["karpenter"]
        said = {"chart": chart.repository, "version": chart.version, "name": chart.name, "namespace": chart.namespace}
        values = {"settings": {"featureGates": {"nodeOverlay": True}}}
        self.lay("kubernetes:helm.sh/v3:Release", "karpenter", **said, values=values)
        trust = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
        self.lay(
            "aws:iam/role:Role",
            "karpenter-node",
            name=karpenter_node_role_name(cluster_name, self.region),
            assumeRolePolicy=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
        )
        tags = {"aws:eks:cluster-name": cluster_name}  # EKS sets it; a program may not
        self.cloud.put("aws:ec2/securityGroup:SecurityGroup", "sg-of-the-cluster", {"tags": tags})

    def run(self, program: Callable[[], Any]) -> None:
        """Builds the program's resources, analyses them, and deletes them again."""
        engine = Engine(self, preview=False)
        engine.run(program)
        self.built = [each for each in engine.registered.values() if each.id and not each.type.startswith("pulumi:")]
        self.refusals = engine.refusals
        self.findings = [finding for each in self.built for finding in self._analyzed(each)] + self._analyzed_stack()
        for each in reversed(self.built):
            self.delete(each)

    def _analyzed(self, built: Registered) -> Sequence[Any]:
        """Analyses one resource as the engine does: with the checked inputs, including default tags."""
        request = analyzer_pb2.AnalyzeRequest(type=built.type, urn=built.urn, properties=to_struct(built.checked))
        findings: Sequence[Any] = self._analyzer.Analyze(request, None).diagnostics
        return findings

    def _analyzed_stack(self) -> list[Any]:
        request = analyzer_pb2.AnalyzeStackRequest()
        root = f"urn:pulumi:{STACK}::{PROJECT}::pulumi:pulumi:Stack::{PROJECT}-{STACK}"
        request.resources.add(type="pulumi:pulumi:Stack", urn=root)
        provider = analyzer_pb2.AnalyzerProviderResource(type="pulumi:providers:aws", properties=Struct())
        provider.properties.update({"region": self.region})
        for built in self.built:
            message = request.resources.add(type=built.type, urn=built.urn, properties=to_struct(built.outputs))
            message.provider.CopyFrom(provider)
            for key, urns in built.property_dependencies.items():
                message.propertyDependencies[key].urns.extend(urns)
        return list(self._analyzer.AnalyzeStack(request, None).diagnostics)

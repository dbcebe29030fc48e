"""Runs programs with the simulated providers and the policy pack in one process: without an engine, thousands in
minutes.

This module does the engine's part in a simple way: it checks, creates and analyses resources in the order of
registration, then analyses the whole stack, and deletes everything in the opposite order.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Never

from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.mocks import MockMonitor, Mocks, set_mocks, test
from pulumi.runtime.proto import analyzer_pb2, resource_pb2

from catalog.charts import CHARTS
from common.wire import from_struct, to_struct
from policies.analyzer import Analyzer
from policies.registry import rules
from simulator.aws.package import AwsPackage
from simulator.cloud import Cloud
from simulator.eks.kubeconfig import kubeconfig
from simulator.faults import Faults
from simulator.kubernetes.package import KubernetesPackage
from simulator.provider import Call, Package, Refusal
from simulator.values import Props

ACCOUNT = "123456789012"
PROJECT, STACK = "ml-platform", "staging"
TAGS = {"environment": STACK, "owner": "ml", "cost-center": "ml", "project": PROJECT, "managed-by": "pulumi"}
CLUSTER = f"{PROJECT}-{STACK}-main"


@dataclass
class Built:
    """One resource in the cloud."""

    urn: str
    type: str
    id: str
    inputs: Props
    state: Props
    links: dict[str, list[str]]


@dataclass
class Sandbox(Mocks):
    """A VPC with a cluster in the simulated cloud, in which tests build pools and delete them again.

    refusals: the providers' refusals in the last program. findings: the policy pack's findings in it.
    """

    folder: Path
    region: str
    zones: Sequence[str]
    built: list[Built] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    findings: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.cloud = Cloud(self.folder / f"{self.region}.sqlite")
        packages: list[Package] = [
            AwsPackage(self.cloud, Faults(), patience_seconds=0.0),
            KubernetesPackage(self.cloud, 0.0),
        ]
        self.packages = {package.name: package for package in packages}
        self.configs: dict[str, Props] = {"aws": {"region": self.region, "defaultTags": {"tags": TAGS}}}
        self.analyzer = Analyzer(rules(), today=lambda: date(2026, 11, 1))
        self._create_base()

    def make(self, type_: str, name: str, inputs: Props) -> Built:
        """Checks and creates one resource. Raises Refusal."""
        package = type_.partition(":")[0]
        call = Call(f"urn:pulumi:{STACK}::{PROJECT}::{type_}::{name}", self.configs[package])
        checked = self.packages[package].check(call, {}, inputs, b"seed")
        if checked.failures:
            raise Refusal("; ".join(failure.reason for failure in checked.failures))
        created = self.packages[package].create(call, checked.inputs)
        return Built(call.urn, type_, created.id, checked.inputs, created.state, {})

    def _create_base(self) -> None:
        self.vpc_id = self.make("aws:ec2/vpc:Vpc", "vpc", {"cidrBlock": "10.0.0.0/16", "enableDnsHostnames": True}).id
        self.subnet_ids = {
            zone: self.make(
                "aws:ec2/subnet:Subnet",
                f"private-{zone}",
                {"vpcId": self.vpc_id, "cidrBlock": f"10.0.{16 * index}.0/20", "availabilityZone": zone},
            ).id
            for index, zone in enumerate(self.zones)
        }
        self.node_role_arn = self._role("node", "ec2.amazonaws.com")
        cluster = self.make(
            "aws:eks/cluster:Cluster",
            "main",
            {
                "name": CLUSTER,
                "version": "1.35",
                "roleArn": self._role("cluster", "eks.amazonaws.com"),
                "accessConfig": {"authenticationMode": "API"},
                "vpcConfig": {"subnetIds": list(self.subnet_ids.values())[:2]},
            },
        ).state
        self.security_group_id = cluster["vpcConfig"]["clusterSecurityGroupId"]
        self.key_arn = self.make("aws:kms/key:Key", "volumes", {}).state["arn"]
        config = kubeconfig(cluster["name"], cluster["endpoint"], "Y2E=", self.region)
        self.configs["kubernetes"] = {"kubeconfig": json.dumps(config)}
        chart = CHARTS["karpenter-crd"]
        crds = {"chart": chart.repository, "version": chart.version, "name": chart.name, "namespace": chart.namespace}
        self.make("kubernetes:helm.sh/v3:Release", "karpenter-crd", crds)

    def _role(self, name: str, service: str) -> str:
        trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": ["sts:AssumeRole"]}
        document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        arn: str = self.make("aws:iam/role:Role", name, {"assumeRolePolicy": document}).state["arn"]
        return arn

    def run(self, program: Callable[[], Any]) -> None:
        """Builds the program's resources, analyses them, and deletes them again."""
        self.built.clear()
        self.refusals.clear()
        self.findings.clear()
        set_mocks(self, project=PROJECT, stack=STACK, preview=False, monitor=_Monitor(self))

        @test
        def run_program() -> None:
            program()

        run_program()
        self._analyze_stack()
        for built in reversed(self.built):
            package = built.type.partition(":")[0]
            call = Call(built.urn, self.configs[package])
            self.packages[package].delete(call, built.id, built.inputs, built.state)

    def analyze(self, built: Built) -> None:
        """Analyses one resource as the engine does: with the checked inputs, including default tags."""
        request = analyzer_pb2.AnalyzeRequest(type=built.type, urn=built.urn, properties=to_struct(built.inputs))
        self.findings += self.analyzer.Analyze(request, None).diagnostics

    def _analyze_stack(self) -> None:
        request = analyzer_pb2.AnalyzeStackRequest()
        root = f"urn:pulumi:{STACK}::{PROJECT}::pulumi:pulumi:Stack::{PROJECT}-{STACK}"
        request.resources.add(type="pulumi:pulumi:Stack", urn=root)
        provider = analyzer_pb2.AnalyzerProviderResource(type="pulumi:providers:aws", properties=Struct())
        provider.properties.update({"region": self.region})
        for built in self.built:
            message = request.resources.add(type=built.type, urn=built.urn, properties=to_struct(built.state))
            message.provider.CopyFrom(provider)
            for key, urns in built.links.items():
                message.propertyDependencies[key].urns.extend(urns)
        self.findings += self.analyzer.AnalyzeStack(request, None).diagnostics

    def new_resource(self, args: Any) -> tuple[str, dict[str, Any]]:
        raise NotImplementedError(f"{args.typ} cannot be read here")

    def call(self, args: Any) -> Never:
        raise NotImplementedError(f"there is no function {args.token} here")


class _Monitor(MockMonitor):
    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__(sandbox)
        self.sandbox = sandbox

    def RegisterResource(self, request: Any) -> Any:
        urn = self.make_urn(request.parent, request.type, request.name)
        if not request.custom or request.type.startswith("pulumi:"):
            return resource_pb2.RegisterResourceResponse(urn=urn, id="none", object=request.object)
        try:
            built = self.sandbox.make(request.type, request.name, from_struct(request.object))
        except Refusal as refusal:
            self.sandbox.refusals.append(f"{request.type} {request.name}: {refusal}")
            return resource_pb2.RegisterResourceResponse(urn=urn, id="refused", object=request.object)
        built.urn = urn
        self.sandbox.analyze(built)
        built.links = {key: list(dependencies.urns) for key, dependencies in request.propertyDependencies.items()}
        self.sandbox.built.append(built)
        self.resources[urn] = MockMonitor.ResourceRegistration(urn, built.id, built.state)
        return resource_pb2.RegisterResourceResponse(urn=urn, id=built.id, object=to_struct(built.state))

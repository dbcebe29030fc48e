"""A simulated account with the things that a part of the platform is built on: network, keys, roles and a cluster."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, get_args

from catalog.charts import CHARTS
from components.core.stage import DISCOVERY_TAG, DataClass
from simulator.aws.operation_context import ACCOUNT
from simulator.eks.kubeconfig import kubeconfig
from simulator.values import Props
from tests.in_process.engine import PROJECT, STACK
from tests.in_process.providers import REGION, Providers, Registered


class Ground(Providers):
    """Creates those things when it is made. Kubernetes objects go to its cluster, which has the CRDs of Karpenter.

    Subnet ids are by zone, key ARNs by the class of data. prefix: of the stage whose nodes the subnets are for.
    """

    def __init__(
        self,
        zones: Sequence[str],
        region: str = REGION,
        tags: Mapping[str, str] | None = None,
        prefix: str = "ml-platform-prod",
    ) -> None:
        super().__init__({"region": region, "defaultTags": {"tags": dict(tags or {})}})
        self.zones, self.region, self._prefix = zones, region, prefix
        self.vpc_id = self.lay("aws:ec2/vpc:Vpc", "vpc", cidrBlock="10.0.0.0/16", enableDnsHostnames=True).id
        self.private_subnet_ids = self._subnets("private", 0)
        self.pod_subnet_ids = self._subnets("pods", 64)
        self.intra_subnet_ids = self._subnets("intra", 128)
        users = {"AWS": f"arn:aws:iam::{ACCOUNT}:root", "Service": f"logs.{region}.amazonaws.com"}
        policy = _allow(Principal=users, Action="kms:*", Resource="*")
        self.key_arns: dict[DataClass, str] = {
            key: self.lay("aws:kms/key:Key", key, policy=policy).outputs["arn"] for key in get_args(DataClass)
        }
        self.node_role_arn = self._role("node", "ec2.amazonaws.com")
        cluster = self.lay(
            "aws:eks/cluster:Cluster",
            "ground",
            name="ground",
            version="1.35",
            roleArn=self._role("cluster", "eks.amazonaws.com"),
            accessConfig={"authenticationMode": "API"},
            vpcConfig={"subnetIds": list(self.intra_subnet_ids.values())[:2]},
        )
        self.cluster_name = cluster.id
        self.security_group_id: str = cluster.outputs["vpcConfig"]["clusterSecurityGroupId"]
        self.kubeconfig = json.dumps(kubeconfig(cluster.id, cluster.outputs["endpoint"], "Y2E=", region))
        self.configs["kubernetes"] = {"kubeconfig": self.kubeconfig}
        chart = CHARTS["karpenter-crd"]
        said = {"chart": chart.repository, "version": chart.version, "name": chart.name, "namespace": chart.namespace}
        self.lay("kubernetes:helm.sh/v3:Release", "karpenter-crd", **said)

    def lay(self, token: str, name: str, /, **inputs: Any) -> Registered:
        """Creates one resource. Raises Refusal."""
        made = Registered(f"urn:pulumi:{STACK}::{PROJECT}::{token}::{name}", inputs)
        self.create(made)
        return made

    def _subnets(self, tier: str, first: int) -> dict[str, str]:
        found_by = {"private": self._prefix, "pods": f"{self._prefix}-pods"}  # nodes with EFA are in those of pods
        tags = {DISCOVERY_TAG: found_by[tier]} if tier in found_by else {}
        inputs: dict[str, Props] = {
            zone: {
                "vpcId": self.vpc_id,
                "cidrBlock": f"10.0.{first + 16 * place}.0/20",
                "availabilityZone": zone,
                "tags": tags,
            }
            for place, zone in enumerate(self.zones)
        }
        return {zone: self.lay("aws:ec2/subnet:Subnet", f"{tier}-{zone}", **said).id for zone, said in inputs.items()}

    def _role(self, name: str, service: str) -> str:
        trust = _allow(Principal={"Service": service}, Action="sts:AssumeRole")
        arn: str = self.lay("aws:iam/role:Role", name, assumeRolePolicy=trust).outputs["arn"]
        return arn


def _allow(**statement: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})

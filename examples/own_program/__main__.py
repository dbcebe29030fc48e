"""A network, a cluster and one more pool: the components of the platform in a program of your own."""

import pulumi
import pulumi_aws as aws

from components.cluster.cluster import Cluster, ClusterArgs
from components.cluster.control_plane import cluster_role_pattern
from components.compute.node_pool import NodePool, NodePoolArgs
from components.core.stage import Stage
from components.network.network import Network, NetworkArgs
from components.security.keys import Keys, KeysArgs
from settings.cluster.cluster import ApiEndpointSettings, ClusterSettings, ControlPlaneLogSettings
from settings.compute.node_pool import NodePoolSettings
from settings.network.network import NetworkSettings
from settings.security.keys import KeySettings

CLUSTER, VERSION = "main", "1.35"

config = pulumi.Config()
region, environment = config.require("region"), pulumi.get_stack()
tags = {
    "project": pulumi.get_project(),
    "environment": environment,
    "owner": config.require("owner"),
    "cost-center": "ml-research",
    "managed-by": "pulumi",
}
provider = aws.Provider("aws", region=region, default_tags={"tags": tags})
in_aws = pulumi.ResourceOptions(providers={"aws": provider})
stage = Stage(
    name=pulumi.get_project(),
    environment=environment,
    region=region,
    account_id=aws.get_caller_identity(opts=pulumi.InvokeOptions(provider=provider)).account_id,
    deletion_protection=False,
    tags=tags,
)

keys = Keys(
    "keys",
    KeysArgs(
        settings=KeySettings(deletion_window_days=7),
        stage=stage,
        cluster_role_arns=[cluster_role_pattern(stage, CLUSTER)],
        holds_data=True,  # the flow logs
        links_buckets=False,
        backs_up=False,
    ),
    in_aws,
)
network = Network(
    "network",
    NetworkArgs(
        settings=NetworkSettings(nat="single"),
        stage=stage,
        zones=[f"{region}a", f"{region}b"],
        logs_key_arn=keys.logs,
        bucket_key_arn=keys.data,
    ),
    in_aws,
)
system = NodePoolSettings(
    name="system", instance_types=("m7i.large", "m6i.large"), capacity_type="spot", min_per_zone=1, max_per_zone=2
)
cluster = Cluster(
    CLUSTER,
    ClusterArgs(
        settings=ClusterSettings(
            version=VERSION,
            pools=(system,),
            logs=ControlPlaneLogSettings(retention_days=14),
            endpoint=ApiEndpointSettings(public=True, public_cidrs=("203.0.113.0/24",)),  # placeholder: your office
        ),
        stage=stage,
        vpc=network.vpc,
        intra_subnet_ids=network.subnet_ids["intra"],
        node_subnet_ids=network.subnet_ids["private"],
        pod_subnet_ids=network.subnet_ids["pods"],
        secrets_key_arn=keys.eks,
        volume_key_arn=keys.ebs,
        logs_key_arn=keys.logs,
        add_ons={},  # every_add_on() of components.core.addon_spec for those of the platform
        routes_and_endpoints=network.routes_and_endpoints,
    ),
    in_aws,
)
workers = NodePool(
    f"{CLUSTER}-workers",
    NodePoolArgs(
        settings=NodePoolSettings(name="workers", instance_types=("m5.2xlarge", "m5.4xlarge"), capacity_type="spot"),
        stage=stage,
        cluster=CLUSTER,
        cluster_name=cluster.name,
        cluster_security_group_id=cluster.security_group_id,
        kubernetes_version=VERSION,
        node_role_arn=cluster.node_role_arn,
        vpc_id=network.vpc_id,
        subnet_ids=network.subnet_ids["private"],
        volume_key_arn=keys.ebs,
        after=[cluster],  # with its CNI, proxy and credentials: a node without them does not become ready
    ),
    in_aws,
)

pulumi.export("vpc_id", network.vpc_id)
pulumi.export("cluster", cluster.name)
pulumi.export("workers", workers.node_group_names)

"""A cluster with a web server on it: nothing of this platform, and little that a policy would praise."""

import json

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as k8s

network = aws.ec2.Vpc("shop", cidr_block="10.40.0.0/16", enable_dns_hostnames=True, tags={"Name": "shop"})
gateway = aws.ec2.InternetGateway("shop", vpc_id=network.id)
routes = aws.ec2.RouteTable("shop", vpc_id=network.id, routes=[{"cidr_block": "0.0.0.0/0", "gateway_id": gateway.id}])
subnets = []
for number, zone in enumerate(aws.get_availability_zones(state="available").names[:2]):
    subnet = aws.ec2.Subnet(
        f"shop-{number}",
        vpc_id=network.id,
        cidr_block=f"10.40.{number}.0/24",
        availability_zone=zone,
        map_public_ip_on_launch=True,
    )
    aws.ec2.RouteTableAssociation(f"shop-{number}", subnet_id=subnet.id, route_table_id=routes.id)
    subnets.append(subnet.id)

web = aws.ec2.SecurityGroup(
    "web",
    vpc_id=network.id,
    description="web and API",
    ingress=[
        {"protocol": "tcp", "from_port": port, "to_port": port, "cidr_blocks": ["0.0.0.0/0"]} for port in (80, 443)
    ],
    egress=[{"protocol": "-1", "from_port": 0, "to_port": 0, "cidr_blocks": ["0.0.0.0/0"]}],
)


def role(name: str, service: str, *policies: str) -> aws.iam.Role:
    trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    made = aws.iam.Role(name, assume_role_policy=json.dumps({"Version": "2012-10-17", "Statement": [trust]}))
    for policy in policies:
        aws.iam.RolePolicyAttachment(f"{name}-{policy}", role=made.name, policy_arn=f"arn:aws:iam::aws:policy/{policy}")
    return made


control_plane = role("control-plane", "eks.amazonaws.com", "AmazonEKSClusterPolicy")
nodes = role(
    *("nodes", "ec2.amazonaws.com", "AmazonEKSWorkerNodePolicy", "AmazonEKS_CNI_Policy"),
    "AmazonEC2ContainerRegistryReadOnly",
)
cluster = aws.eks.Cluster(
    "shop",
    role_arn=control_plane.arn,
    vpc_config={"subnet_ids": subnets, "security_group_ids": [web.id], "public_access_cidrs": ["0.0.0.0/0"]},
)
group = aws.eks.NodeGroup(
    "shop",
    cluster_name=cluster.name,
    node_role_arn=nodes.arn,
    subnet_ids=subnets,
    scaling_config={"desired_size": 2, "min_size": 1, "max_size": 3},
)
kubeconfig = pulumi.Output.json_dumps(
    {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "shop",
        "clusters": [
            {
                "name": "shop",
                "cluster": {
                    "server": cluster.endpoint,
                    "certificate-authority-data": cluster.certificate_authority.data,
                },
            }
        ],
        "contexts": [{"name": "shop", "context": {"cluster": "shop", "user": "me"}}],
        "users": [
            {
                "name": "me",
                "user": {
                    "exec": {
                        "apiVersion": "client.authentication.k8s.io/v1beta1",
                        "command": "aws",
                        "args": ["eks", "get-token", "--cluster-name", cluster.name],
                    }
                },
            }
        ],
    }
)
on_cluster = pulumi.ResourceOptions(provider=k8s.Provider("shop", kubeconfig=kubeconfig), depends_on=[group])
labels = {"app": "web"}
k8s.apps.v1.Deployment(
    "web",
    spec={
        "replicas": 2,
        "selector": {"match_labels": labels},
        "template": {
            "metadata": {"labels": labels},
            "spec": {"containers": [{"name": "web", "image": "nginx", "ports": [{"container_port": 80}]}]},
        },
    },
    opts=on_cluster,
)
service = k8s.core.v1.Service(
    "web",
    spec={"type": "LoadBalancer", "selector": labels, "ports": [{"port": 80, "target_port": 80}]},
    opts=on_cluster,
)
pulumi.export("kubeconfig", kubeconfig)
pulumi.export("service", service.metadata["name"])

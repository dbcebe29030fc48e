"""Builds eks.Cluster as the real component does: the same children, names, parents, inputs and outputs.

Source: pulumi-eks 4.4, nodejs/eks/cluster/cluster.ts, nodes/securitygroup.ts and servicerole.ts. A test in
tests/simulator/eks compares it with a record of the real component.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import pulumi

from simulator.eks import kubeconfig, vpc_cni
from simulator.eks.inputs import plain
from simulator.eks.resources import KUBERNETES_SDK, AwsResource, aws_invoke

_SERVICE_POLICY = "AmazonEKSClusterPolicy"
_IGNORED = ["accessConfig.bootstrapClusterCreatorAdminPermissions", "bootstrapSelfManagedAddons"]
_CLUSTER_OUTPUTS = ("arn", "name", "endpoint", "version", "certificateAuthority", "identities", "vpcConfig")
# The thumbprint of AWS's OIDC endpoint. The argument needs a value, but AWS no longer checks it.
_THUMBPRINT = "593e0c42393d89cfe0d4029287ac7c778d8e319a"


class Cluster(pulumi.ComponentResource):
    """The component. Its inputs must pass `inputs.validate` first; `state` has its outputs."""

    def __init__(self, name: str, inputs: Mapping[str, Any], opts: pulumi.ResourceOptions) -> None:
        super().__init__("eks:index:Cluster", name, None, opts)
        self._name, self._inputs = name, inputs
        self._tags = inputs.get("tags")
        self._subnet_ids = self._form_subnet_ids()
        partition = aws_invoke("aws:index/getPartition:getPartition", {}, self)
        new_role = None if inputs.get("serviceRole") else _ServiceRole(f"{name}-eksRole", partition, self._tags, self)
        self._role: AwsResource = new_role.role if new_role else inputs["serviceRole"]
        self._permissions = [new_role.attachment] if new_role else []
        self._cluster_group = self._make_cluster_group()
        self._encryption = self._form_encryption()
        self._cluster = self._make_cluster()
        self._kubeconfig = self._form_kubeconfig(with_profile=False)
        self._kubernetes = self._make_provider()
        self._make_kube_proxy()
        entries = self._make_access_entries()
        self._vpc_cni = None if plain(inputs, "useDefaultVpcCni", False) else self._make_vpc_cni(entries)
        self._make_coredns()
        self._oidc = self._make_oidc_provider() if plain(inputs, "createOidcProvider", False) else None
        self._node_group, self._ingress_rule = self._make_node_group_security()
        self.state = self._form_state()
        self.register_outputs(self.state)

    def _aws(
        self, token: str, suffix: str, inputs: Mapping[str, Any], outputs: tuple[str, ...] = (), **options: Any
    ) -> AwsResource:
        opts = pulumi.ResourceOptions(parent=self, **options)
        return AwsResource(token, f"{self._name}-{suffix}", inputs, opts, outputs)

    def _tagged(self, name: str, *more: Any) -> pulumi.Output[Any]:
        """Returns tags: the name, then the more specific tags, then the cluster's. Later tags replace earlier ones."""
        return pulumi.Output.all(*more, self._tags).apply(
            lambda maps: {"Name": name} | {key: value for tags in maps if tags for key, value in tags.items()}
        )

    def _form_subnet_ids(self) -> Any:
        if self._inputs.get("subnetIds"):
            return self._inputs["subnetIds"]
        public, private = self._inputs.get("publicSubnetIds"), self._inputs.get("privateSubnetIds")
        return pulumi.Output.all(public, private).apply(lambda kinds: [*(kinds[0] or []), *(kinds[1] or [])])

    def _form_encryption(self) -> pulumi.Output[Any] | None:
        key = self._inputs.get("encryptionConfigKeyArn")
        if not _is_given(key):
            return None
        return pulumi.Output.from_input(key).apply(lambda arn: {"provider": {"keyArn": arn}, "resources": ["secrets"]})

    def _make_cluster_group(self) -> Any:
        given_group = self._inputs.get("clusterSecurityGroup")
        if given_group is not None or plain(self._inputs, "skipDefaultSecurityGroups", False):
            return given_group
        name = f"{self._name}-eksClusterSecurityGroup"
        group = self._aws(
            "aws:ec2/securityGroup:SecurityGroup",
            "eksClusterSecurityGroup",
            {
                "description": "Managed by Pulumi",
                "vpcId": self._inputs.get("vpcId"),
                "revokeRulesOnDelete": True,
                "tags": self._tagged(name, self._inputs.get("clusterSecurityGroupTags")),
            },
        )
        self._rule("eksClusterInternetEgressRule", group, _TO_ANYWHERE)
        return group

    def _rule(self, suffix: str, group: Any, inputs: Mapping[str, Any], source: Any = None) -> AwsResource:
        rule_inputs = dict(inputs) | {"securityGroupId": group.id}
        if source is not None:
            rule_inputs["sourceSecurityGroupId"] = source.id
        token = "aws:ec2/securityGroupRule:SecurityGroupRule"  # noqa: S105 - a type token
        return self._aws(token, suffix, rule_inputs, ("securityGroupRuleId",))

    def _make_cluster(self) -> AwsResource:
        option = self._inputs.get
        group = self._cluster_group
        network = {
            "securityGroupIds": None if group is None else [group.id],
            "subnetIds": self._subnet_ids,
            "endpointPrivateAccess": option("endpointPrivateAccess"),
            "endpointPublicAccess": option("endpointPublicAccess"),
            "publicAccessCidrs": option("publicAccessCidrs"),
        }
        inputs = {
            "name": option("name"),
            "roleArn": self._role.output("arn"),
            "kubernetesNetworkConfig": self._form_network(),
            "bootstrapSelfManagedAddons": plain(self._inputs, "bootstrapSelfManagedAddons", True),
            "vpcConfig": {key: value for key, value in network.items() if value is not None},
            "version": option("version"),
            "enabledClusterLogTypes": option("enabledClusterLogTypes"),
            "tags": self._tagged(f"{self._name}-eksCluster", option("clusterTags")),
            "encryptionConfig": self._encryption,
            "accessConfig": {
                "authenticationMode": option("authenticationMode"),
                "bootstrapClusterCreatorAdminPermissions": True,
            },
            "upgradePolicy": option("upgradePolicy"),
            "deletionProtection": option("deletionProtection"),
        }
        token, options = "aws:eks/cluster:Cluster", {"ignore_changes": _IGNORED, "depends_on": self._permissions}
        return self._aws(token, "eksCluster", inputs, _CLUSTER_OUTPUTS, **options)

    def _form_network(self) -> pulumi.Output[Any] | None:
        services, family = self._inputs.get("kubernetesServiceIpAddressRange"), self._inputs.get("ipFamily")
        if not _is_given(services) and not _is_given(family):
            return None
        return pulumi.Output.all(services, family).apply(
            lambda values: (
                {"ipFamily": values[1] or "ipv4"}
                | ({"serviceIpv4Cidr": values[0]} if values[0] and values[1] in (None, "ipv4") else {})
            )
        )

    def _form_kubeconfig(self, with_profile: bool) -> pulumi.Output[Any]:
        values = [self._cluster.output(key) for key in ("name", "endpoint", "certificateAuthority", "arn")]

        def form(values: list[Any]) -> dict[str, Any]:
            name, endpoint, authority, arn, caller = values
            role, profile = (caller or {}).get("roleArn"), (caller or {}).get("profileName")
            region = arn.split(":")[3]
            return kubeconfig.kubeconfig(
                name, endpoint, authority["data"], region, role, profile if with_profile else None
            )

        return pulumi.Output.all(*values, self._inputs.get("providerCredentialOpts")).apply(form)

    def _make_provider(self) -> pulumi.ProviderResource:
        inputs = {
            "kubeconfig": self._form_kubeconfig(with_profile=True).apply(kubeconfig.text),
            "enableConfigMapMutable": self._inputs.get("enableConfigMapMutable"),
        }
        options = pulumi.ResourceOptions(parent=self, version=KUBERNETES_SDK)
        return pulumi.ProviderResource("kubernetes", f"{self._name}-eks-k8s", inputs, options)

    def _make_access_entries(self) -> list[AwsResource]:
        entries = []
        for key, entry in plain(self._inputs, "accessEntries", {}).items():
            inputs = {
                "clusterName": self._cluster.output("name"),
                "kubernetesGroups": entry.get("kubernetesGroups"),
                "principalArn": entry.get("principalArn"),
                "tags": entry.get("tags"),
                "type": entry.get("type"),
                "userName": entry.get("username"),
            }
            resource = self._aws("aws:eks/accessEntry:AccessEntry", key, inputs, depends_on=[self._cluster])
            for policy_key, policy in (entry.get("accessPolicies") or {}).items():
                self._associate(f"{self._name}-{key}-{policy_key}", resource, entry, policy)
            entries.append(resource)
        return entries

    def _associate(self, name: str, entry_resource: AwsResource, entry: Mapping[str, Any], policy: Any) -> None:
        policy_output = pulumi.Output.from_input(policy)
        AwsResource(
            "aws:eks/accessPolicyAssociation:AccessPolicyAssociation",
            name,
            {
                "accessScope": policy_output.apply(lambda known_policy: known_policy["accessScope"]),
                "clusterName": self._cluster.output("name"),
                "policyArn": policy_output.apply(lambda known_policy: known_policy["policyArn"]),
                "principalArn": entry.get("principalArn"),
            },
            pulumi.ResourceOptions(parent=entry_resource, depends_on=[entry_resource]),
        )

    def _addon_inputs(self, addon: str, options: Mapping[str, Any], parent: pulumi.Resource) -> dict[str, Any]:
        version = options.get("version") or options.get("addonVersion")
        if not _is_given(version):
            arguments = {"addonName": addon, "kubernetesVersion": self._cluster.output("version"), "mostRecent": True}
            answer = aws_invoke("aws:eks/getAddonVersion:getAddonVersion", arguments, parent)
            version = answer.apply(lambda newest: newest["version"])
        return {
            "addonName": addon,
            "addonVersion": version,
            "clusterName": self._cluster.output("name"),
            "configurationValues": _json(options.get("configurationValues")),
            "preserve": True,
            "resolveConflictsOnCreate": options.get("resolveConflictsOnCreate") or "OVERWRITE",
            "resolveConflictsOnUpdate": options.get("resolveConflictsOnUpdate") or "OVERWRITE",
            "tags": self._tags,
        }

    def _make_kube_proxy(self) -> None:
        options = plain(self._inputs, "kubeProxyAddonOptions", {})
        if options.get("enabled", True):
            self._aws("aws:eks/addon:Addon", "kube-proxy", self._addon_inputs("kube-proxy", options, self))

    def _make_coredns(self) -> None:
        """Creates coredns only on request: without a default node group it could not run."""
        options = plain(self._inputs, "corednsAddonOptions", {})
        if options.get("enabled") is True or options.get("configurationValues"):
            self._aws("aws:eks/addon:Addon", "coredns", self._addon_inputs("coredns", options, self))

    def _make_vpc_cni(self, entries: list[AwsResource]) -> pulumi.ComponentResource:
        options = plain(self._inputs, "vpcCniOptions", {})
        component_options = pulumi.ResourceOptions(
            parent=self, depends_on=entries, providers={"kubernetes": self._kubernetes}
        )
        component = pulumi.ComponentResource("eks:index:VpcCniAddon", f"{self._name}-vpc-cni", None, component_options)
        inputs = self._addon_inputs("vpc-cni", options, component) | {
            "configurationValues": _json(pulumi.Output.from_input(dict(options)).apply(vpc_cni.configuration)),
            "serviceAccountRoleArn": options.get("serviceAccountRoleArn"),
        }
        addon = AwsResource(
            "aws:eks/addon:Addon", f"{self._name}-vpc-cni", inputs, pulumi.ResourceOptions(parent=component)
        )
        component.register_outputs({"addon": addon})
        return component

    def _make_oidc_provider(self) -> AwsResource:
        aws_invoke("aws:index/getRegion:getRegion", {}, self)  # the real component needs it for a check by network
        inputs = {
            "clientIdLists": ["sts.amazonaws.com"],
            "thumbprintLists": [_THUMBPRINT],
            "url": self._cluster.output("identities").apply(lambda identities: identities[0]["oidcs"][0]["issuer"]),
        }
        return self._aws("aws:iam/openIdConnectProvider:OpenIdConnectProvider", "oidcProvider", inputs, ("arn",))

    def _make_node_group_security(self) -> tuple[AwsResource | None, AwsResource | None]:
        if plain(self._inputs, "skipDefaultSecurityGroups", False):
            return None, None
        name = f"{self._name}-nodeSecurityGroup"
        owned = self._cluster.output("name").apply(lambda cluster: {f"kubernetes.io/cluster/{cluster}": "owned"})
        nodes = self._aws(
            "aws:ec2/securityGroup:SecurityGroup",
            "nodeSecurityGroup",
            {
                "description": "Managed by Pulumi",
                "vpcId": self._inputs.get("vpcId"),
                "revokeRulesOnDelete": True,
                "tags": self._tagged(name, owned, self._inputs.get("nodeSecurityGroupTags")),
            },
        )
        cluster = self._cluster_group
        self._rule("eksNodeIngressRule", nodes, _BETWEEN_NODES)
        self._rule("eksNodeClusterIngressRule", nodes, _CLUSTER_TO_KUBELETS, cluster)
        self._rule("eksExtApiServerClusterIngressRule", nodes, _CLUSTER_TO_EXTENSIONS, cluster)
        self._rule("eksNodeInternetEgressRule", nodes, _TO_ANYWHERE)
        return nodes, self._rule("eksClusterIngressRule", cluster, _PODS_TO_CLUSTER, nodes)

    def _form_state(self) -> dict[str, Any]:
        group, nodes, rule = self._cluster_group, self._node_group, self._ingress_rule
        managed = self._cluster.output("vpcConfig").apply(lambda config: config["clusterSecurityGroupId"])
        issuer = self._cluster.output("identities").apply(lambda identities: identities[0]["oidcs"][0]["issuer"])
        state = {
            "autoModeNodeRoleName": "",
            "clusterIngressRuleId": "" if rule is None else rule.output("securityGroupRuleId"),
            "clusterSecurityGroup": group,
            "clusterSecurityGroupId": managed if group is None else group.id,
            "core": pulumi.Output.from_input(self._form_core()),
            "defaultNodeGroupAsgName": "",
            "eksCluster": self._cluster,
            "eksClusterIngressRule": rule,
            "fargateProfileId": "",
            "fargateProfileStatus": "",
            "instanceRoles": [],
            "kubeconfig": self._kubeconfig,
            "kubeconfigJson": self._kubeconfig.apply(kubeconfig.text),
            "nodeSecurityGroup": nodes,
            "nodeSecurityGroupId": managed if nodes is None else nodes.id,
            "oidcIssuer": issuer.apply(lambda url: url.replace("https://", "")),
            "oidcProviderArn": "" if self._oidc is None else self._oidc.output("arn"),
            "oidcProviderUrl": issuer,
        }
        return {key: value for key, value in state.items() if value is not None}

    def _form_core(self) -> dict[str, Any]:
        option = self._inputs.get
        groups = {
            "nodeSecurityGroup": self._node_group,
            "clusterIngressRule": self._ingress_rule,
            "version": option("version"),
        }
        core = {
            "accessEntries": list(plain(self._inputs, "accessEntries", {}).values()),
            "autoModeNodeRoleName": "",
            "cluster": self._cluster,
            "clusterIamRole": self._role,
            "clusterSecurityGroup": self._cluster_group,
            "encryptionConfig": self._encryption,
            "endpoint": self._cluster.output("endpoint"),
            "instanceRoles": [],
            "kubeconfig": self._kubeconfig,
            "nodeGroupOptions": {key: value for key, value in groups.items() if value is not None},
            "nodeSecurityGroupTags": option("nodeSecurityGroupTags"),
            "oidcProvider": self._oidc,
            "privateSubnetIds": option("privateSubnetIds"),
            "provider": self._kubernetes,
            "publicSubnetIds": option("publicSubnetIds"),
            "storageClasses": {},
            "subnetIds": self._subnet_ids,
            "tags": self._tags,
            "vpcCni": self._vpc_cni,
            "vpcId": option("vpcId"),
        }
        return {key: value for key, value in core.items() if value is not None}


class _ServiceRole(pulumi.ComponentResource):
    """The IAM role of the control plane: a component inside the component."""

    def __init__(self, name: str, partition: pulumi.Output[Any], tags: Any, parent: pulumi.Resource) -> None:
        super().__init__("eks:index:ServiceRole", name, None, pulumi.ResourceOptions(parent=parent))
        trust = {
            "Action": ["sts:AssumeRole", "sts:TagSession"],
            "Effect": "Allow",
            "Principal": {"Service": ["eks.amazonaws.com"]},
        }
        document = json.dumps({"Version": "2012-10-17", "Statement": [trust]}, separators=(",", ":"))
        description = "Allows EKS to manage clusters on your behalf."
        inputs = {"assumeRolePolicy": document, "description": description, "tags": tags}
        options = pulumi.ResourceOptions(parent=self)
        self.role = AwsResource("aws:iam/role:Role", f"{name}-role", inputs, options, ("arn", "name"))
        # The hash always uses the ARN of the aws partition, so that names are the same in every partition.
        digest = hashlib.sha1(f"arn:aws:iam::aws:policy/{_SERVICE_POLICY}".encode()).hexdigest()[:8]  # noqa: S324
        arn = partition.apply(lambda known: f"arn:{known['partition']}:iam::aws:policy/{_SERVICE_POLICY}")
        self.attachment = AwsResource(
            "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
            f"{name}-{digest}",
            {"policyArn": arn, "role": self.role},
            pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({"directRole": self.role, "resolvedRole": self.attachment.id.apply(lambda _: self.role)})


def _is_given(value: Any) -> bool:
    return isinstance(value, pulumi.Output) or bool(value)


def _json(value: Any) -> pulumi.Output[str] | None:
    """Returns JSON with sorted keys and without spaces, as pulumi-eks writes configuration values."""
    if not _is_given(value):
        return None
    return pulumi.Output.from_input(value).apply(
        lambda known: json.dumps(_whole_numbers(known), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    )


def _whole_numbers(value: Any) -> Any:
    """Converts whole floats to int: all numbers arrive as floats, and JavaScript writes whole ones without a point."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, Mapping):
        return {key: _whole_numbers(item) for key, item in value.items()}
    return [_whole_numbers(item) for item in value] if isinstance(value, list) else value


def _traffic(kind: str, description: str, from_port: int, to_port: int, protocol: str, **more: Any) -> dict[str, Any]:
    ports = {"fromPort": from_port, "toPort": to_port, "protocol": protocol}
    return {"type": kind, "description": description} | ports | more


_TO_ANYWHERE = _traffic("egress", "Allow internet access.", 0, 0, "-1", cidrBlocks=["0.0.0.0/0"])
_BETWEEN_NODES = _traffic("ingress", "Allow nodes to communicate with each other", 0, 0, "-1", self=True)
_CLUSTER_TO_KUBELETS = _traffic(
    "ingress",
    "Allow worker Kubelets and pods to receive communication from the cluster control plane",
    1025,
    65535,
    "tcp",
)
_CLUSTER_TO_EXTENSIONS = _traffic(
    "ingress",
    "Allow pods running extension API servers on port 443 to receive communication from cluster control plane",
    443,
    443,
    "tcp",
)
_PODS_TO_CLUSTER = _traffic("ingress", "Allow pods to communicate with the cluster API Server", 443, 443, "tcp")

"""The doors as they are built: closed ones, what stands before what, and what the controllers are told."""

import json
from pathlib import Path
from typing import Any

import pytest

from components.core.addon_spec import AddOnContext
from components.ingress.addons import aws_load_balancer_controller as controller
from components.ingress.addons import external_dns
from components.ingress.controller_iam import controller_statements
from components.ingress.web_acl import ON_BODIES
from settings.compute.node_pool import NodePoolSettings
from settings.ingress.ingress import IngressSettings
from tests.components.conftest import PlatformCloud
from tests.components.stacks import POOL, stack, stage

ZONE = "Z0123456789ABCDEFGHIJ"
CERTIFICATE = {"names": ["*.ml.example.com", "ml.example.com"], "zone_id": ZONE}
CHAT = {
    "namespace": "inference",
    "service": "chat",
    "port": 80,
    "pods": {"app": "chat"},
    "host": "chat.ml.example.com",
    "health_path": "/health",
}
TEAMS = [{"name": "serving", "namespaces": ["inference"]}]
WHOLE: dict[str, Any] = {
    "internal": {"certificate": CERTIFICATE},
    "public": {"certificate": CERTIFICATE, "source_ranges": ["203.0.113.0/24"]},
    "routes": {
        "chat": CHAT,
        "api": {**CHAT, "door": "public", "paths": ["/v1"]},
        "rpc": {**CHAT, "host": "rpc.ml.example.com", "service": "rpc", "protocol": "grpc"},
    },
    "dns": {"zones": {ZONE: "ml.example.com"}},
}
OF_AWS, GATEWAY_API = "gateway.k8s.aws/v1", "gateway.networking.k8s.io/v1"


def built(cloud: PlatformCloud, **ingress: Any) -> PlatformCloud:
    office = {"id": "pcx-0123456789abcdef0", "cidrs": ["10.99.0.0/16"]}
    network = {"zones": ["us-west-2a", "us-west-2b"], "peering": {"office": office}}
    cloud.up(stack(network=network, teams=TEAMS, ingress=ingress))
    return cloud


def spec(cloud: PlatformCloud, kind: str, name: str) -> dict[str, Any]:
    """Returns the spec of the object of this name in its cluster."""
    (found,) = [each.inputs for each in cloud.all(kind) if each.inputs["metadata"]["name"] == name]
    content: dict[str, Any] = found["spec"]
    return content


def context(**ingress: Any) -> AddOnContext:
    return AddOnContext(
        stage=stage(),
        cluster="main",
        kubernetes_version="1.35",
        pools=(NodePoolSettings.model_validate(POOL),),
        gpu_allocation="device-plugin",
        ingress=IngressSettings.model_validate(ingress),
        zones=3,
    )


def test_what_a_door_needs_is_there_before_it_and_goes_after_it(cloud: PlatformCloud) -> None:
    built(cloud, **WHOLE)
    release = cloud.one("helm.sh/v3:Release", "main-aws-load-balancer-controller")
    for plural in ("gateways", "httproutes", "grpcroutes", "loadbalancerconfigurations", "targetgroupconfigurations"):
        (definition,) = [each for each in cloud.all("CustomResourceDefinition") if each.name.endswith(f"-{plural}")]
        assert cloud.comes_after(release, definition), f"it looks for {plural} when it starts, and never again"
    assert cloud.comes_after(
        release,
        cloud.one("podIdentityAssociation:PodIdentityAssociation", "main-aws-load-balancer-controller-identity"),
    )
    for door in ("internal", "public"):
        class_ = cloud.one(f"{GATEWAY_API}:GatewayClass", f"main-doors-{door}-class")
        gateway = cloud.one(f"{GATEWAY_API}:Gateway", f"main-doors-{door}-gateway")
        for made in (class_, cloud.one(f"{OF_AWS}:LoadBalancerConfiguration", f"main-doors-{door}-configuration")):
            assert cloud.comes_after(made, release), "its finalizer needs the controller"
        assert cloud.comes_after(gateway, class_)
    gateways = {"chat": "internal", "api": "public", "rpc": "internal"}
    for route, door in gateways.items():
        (made,) = [each for each in cloud.custom() if each.name == f"main-doors-route-{route}"]
        assert cloud.comes_after(made, cloud.one(f"{GATEWAY_API}:Gateway", f"main-doors-{door}-gateway"))
        assert cloud.comes_after(made, cloud.one("core/v1:Namespace", "main-namespace-inference"))
        assert cloud.comes_after(made, cloud.one("helm.sh/v3:Release", "main-external-dns")), (
            "records go with their routes"
        )
    (logs,) = [each for each in cloud.all("s3/bucketPolicy:BucketPolicy") if each.name == "ingress-door-logs"]
    assert cloud.comes_after(cloud.one(f"{GATEWAY_API}:Gateway", "main-doors-public-gateway"), logs), (
        "no log is refused"
    )


def test_a_class_says_what_no_gateway_can_change(cloud: PlatformCloud) -> None:
    built(cloud, **WHOLE)
    private = {each.id for each in cloud.all("ec2/subnet:Subnet") if "-private-" in each.name}
    public = {each.id for each in cloud.all("ec2/subnet:Subnet") if "-public-" in each.name}
    for name, subnets in {"internal": private, "internal-nlb": private, "public": public}.items():
        scheme = "internet-facing" if name == "public" else "internal"
        found = spec(cloud, f"{OF_AWS}:LoadBalancerConfiguration", name)
        assert (found["scheme"], found["mergingMode"]) == (scheme, "prefer-gateway-class")
        assert {each["identifier"] for each in found["loadBalancerSubnets"]} == subnets
        assert found["securityGroups"] == found["securityGroupPrefixes"] == [], "one of a Gateway has no source ranges"
        assert found["disableSecurityGroup"] is False
        targets = spec(cloud, f"{OF_AWS}:TargetGroupConfiguration", found["defaultTargetGroupConfiguration"]["name"])
        assert targets == {"defaultConfiguration": {"targetType": "ip"}}, "a ClusterIP has no port on the nodes"
        reference = spec(cloud, f"{GATEWAY_API}:GatewayClass", name)["parametersRef"]
        assert (reference["name"], reference["namespace"]) == (name, "ingress")
    parameters = spec(cloud, "elbv2.k8s.aws/v1beta1:IngressClassParams", "alb")
    assert (parameters["scheme"], parameters["targetType"]) == ("internal", "ip")
    assert set(parameters["subnets"]["ids"]) == private


def test_only_known_networks_come_to_the_internal_door(cloud: PlatformCloud) -> None:
    built(cloud, **WHOLE)
    own = ["10.0.0.0/16", "100.64.0.0/16", "10.99.0.0/16"]
    for name in ("internal", "internal-nlb"):
        assert spec(cloud, f"{OF_AWS}:LoadBalancerConfiguration", name)["sourceRanges"] == own
    assert spec(cloud, "elbv2.k8s.aws/v1beta1:IngressClassParams", "alb")["inboundCIDRs"] == own
    assert spec(cloud, f"{OF_AWS}:LoadBalancerConfiguration", "public")["sourceRanges"] == ["203.0.113.0/24"]


def test_a_listener_has_its_certificate_from_the_class_and_no_tls_of_its_own(cloud: PlatformCloud) -> None:
    doors = {key: {**WHOLE[key], "namespaces": ["inference"]} for key in ("internal", "public")}
    built(cloud, **{**WHOLE, **doors})
    for door in ("internal", "public"):
        listeners = {each["name"]: each for each in spec(cloud, f"{GATEWAY_API}:Gateway", door)["listeners"]}
        assert set(listeners) == {"http", "https"}
        assert not any("tls" in each for each in listeners.values()), "the API wants a Secret with it"
        assert listeners["http"]["allowedRoutes"] == {"namespaces": {"from": "Same"}}, "for the redirect alone"
        (selected,) = listeners["https"]["allowedRoutes"]["namespaces"]["selector"]["matchExpressions"]
        assert selected["values"] == ["ingress", "inference"]
        (https,) = spec(cloud, f"{OF_AWS}:LoadBalancerConfiguration", door)["listenerConfigurations"]
        validated = cloud.one("certificateValidation:CertificateValidation", f"ingress-{door}").inputs["certificateArn"]
        assert (https["protocolPort"], https["defaultCertificate"]) == ("HTTPS:443", validated)
        assert https["sslPolicy"].startswith("ELBSecurityPolicy-TLS13-1-2-")
        redirect = spec(cloud, f"{GATEWAY_API}:HTTPRoute", f"{door}.to-https")
        assert redirect["rules"][0]["filters"][0]["requestRedirect"]["scheme"] == "https"


def test_a_name_and_its_wildcard_are_proven_by_one_record_for_all_certificates(cloud: PlatformCloud) -> None:
    built(cloud, **WHOLE)
    (record,) = cloud.all("route53/record:Record")
    assert record.retained, "with the record, another certificate of the name would lose its renewal"


def test_without_a_certificate_a_door_speaks_http(cloud: PlatformCloud) -> None:
    built(cloud, routes={"chat": CHAT})
    (listener,) = spec(cloud, f"{GATEWAY_API}:Gateway", "internal")["listeners"]
    assert (listener["name"], listener["protocol"]) == ("http", "HTTP")
    (parent,) = spec(cloud, f"{GATEWAY_API}:HTTPRoute", "chat")["parentRefs"]
    assert parent == {"name": "internal", "sectionName": "http"}
    assert not cloud.all("wafv2/webAcl:WebAcl")
    assert not [each for each in cloud.all("s3/bucket:Bucket") if "door" in each.name], "what nobody uses is not there"


def test_attributes_say_both_answers(cloud: PlatformCloud) -> None:
    """The controller leaves an attribute as it is that nobody names any more."""
    built(cloud, **WHOLE)

    def attributes(name: str) -> dict[str, str]:
        found = spec(cloud, f"{OF_AWS}:LoadBalancerConfiguration", name)["loadBalancerAttributes"]
        return {each["key"]: each["value"] for each in found}

    assert attributes("internal")["access_logs.s3.enabled"] == "false"
    assert attributes("public")["access_logs.s3.enabled"] == "true"
    assert attributes("public")["access_logs.s3.prefix"] == "main/public"
    assert attributes("public-gateway") == {"deletion_protection.enabled": "true"}
    assert "deletion_protection.enabled" not in attributes("internal"), "teams delete Gateways of their own"
    for name in ("internal", "public"):
        assert attributes(name)["idle_timeout.timeout_seconds"] == "600", "a model may think long before it speaks"
        assert attributes(name)["routing.http.drop_invalid_header_fields.enabled"] == "true"


def test_routes_tell_the_load_balancer_what_pods_speak(cloud: PlatformCloud) -> None:
    built(cloud, **WHOLE)
    chat = spec(cloud, f"{OF_AWS}:TargetGroupConfiguration", "chat")["defaultConfiguration"]
    assert (chat["targetType"], chat["protocolVersion"]) == ("ip", "HTTP1")
    assert chat["healthCheckConfig"] == {"healthCheckPath": "/health"}
    assert spec(cloud, f"{OF_AWS}:TargetGroupConfiguration", "rpc")["defaultConfiguration"]["protocolVersion"] == "GRPC"
    (rule,) = spec(cloud, f"{GATEWAY_API}:GRPCRoute", "rpc")["rules"]
    assert rule == {"backendRefs": [{"name": "rpc", "namespace": "inference", "port": 80}]}
    (rule,) = spec(cloud, f"{GATEWAY_API}:HTTPRoute", "api")["rules"]
    assert rule["matches"] == [{"path": {"type": "PathPrefix", "value": "/v1"}}]


def test_up_waits_for_a_load_balancer_and_not_for_a_teams_service(cloud: PlatformCloud) -> None:
    built(cloud, **WHOLE)
    waits = {
        each.name.removeprefix("main-doors-"): each.inputs["metadata"].get("annotations", {}).get("pulumi.com/waitFor")
        for each in cloud.custom()
        if each.name.startswith("main-doors-") and "gateway" in each.type
    }
    assert waits["internal-gateway"] == waits["public-gateway"] == "condition=Programmed"
    assert waits["internal-class"] == "condition=Accepted"
    assert {waits[f"route-{name}"] for name in ("chat", "api", "rpc")} == {None}


def test_the_controller_asks_no_metadata_service_and_mutates_no_service(cloud: PlatformCloud) -> None:
    values = controller.values(context())
    assert values["region"] == "us-west-2"
    assert "vpcId" not in values, "it would be unknown at preview"
    cloud.up(stack(ingress={}))
    (vpc,) = cloud.all("ec2/vpc:Vpc")
    tags = {**vpc.inputs["tags"], **stage().tags}
    assert values["vpcTags"].items() <= tags.items(), "another VPC, or none, would be found"
    release = cloud.one("helm.sh/v3:Release", "main-aws-load-balancer-controller").inputs
    assert release["skipCrds"] is True, "the platform has the definitions, so that they change with it"
    assert values["controllerConfig"]["featureGates"]["ServiceTypeLoadBalancerOnly"] is True, "or any type is balanced"
    assert values["keepTLSSecret"] is True
    assert values["enableServiceMutatorWebhook"] is False
    assert values["defaultTargetType"] == "ip"
    assert values["defaultLoadBalancerScheme"] == "internal"
    assert values["replicaCount"] == 2
    assert values["podDisruptionBudget"] == {"maxUnavailable": 1, "unhealthyPodEvictionPolicy": "AlwaysAllow"}
    assert values["enableWafv2"] is False
    assert controller.values(context(public={"certificate": CERTIFICATE}))["enableWafv2"] is True


@pytest.mark.parametrize("waf", [True, False])
def test_the_controller_changes_what_is_of_its_cluster_alone(waf: bool) -> None:
    found = controller_statements(stage(), "main", waf=waf)
    name = "ml-platform-prod-main"
    reads = ("Describe", "Get")
    free = {"SetWebAcl", "GuardBalancers", "UnguardBalancers", "MakeServiceLinkedRole", "MakeGroupsInVpc"}
    for statement in found:
        actions = [action.split(":")[1] for action in statement["Action"]]
        if statement["Sid"] in free or all(action.startswith(reads) for action in actions):
            continue
        equal = json.dumps(statement["Condition"]["StringEquals"])
        assert f'"elbv2.k8s.aws/cluster": "{name}"' in equal.replace("aws:RequestTag/", "").replace(
            "aws:ResourceTag/", ""
        ) or (f"kubernetes.io/cluster/{name}" in equal), statement["Sid"]
    assert len(json.dumps({"Statement": list(found)}).replace(" ", "")) < 10_240, "IAM takes no more in a role"
    assert any("wafv2:" in action for each in found for action in each["Action"]) == waf


def test_an_interface_of_a_node_has_one_group_of_the_cluster(cloud: PlatformCloud) -> None:
    """The controller opens the group with the tag of the cluster, and stops at a second one."""
    training = {"name": "training", "instance_types": ["p5.48xlarge"], "zones": ["us-west-2a"], "efa": True}
    efa = {**training, "min_per_zone": 0}
    burst = {"name": "burst", "instance_types": ["g6.12xlarge"], "provisioner": "karpenter", "min_per_zone": 0}
    cloud.up(stack(clusters={"main": {"version": "1.35", "pools": [POOL, efa, burst]}}, ingress={}))
    groups = cloud.all("ec2/securityGroup:SecurityGroup")
    assert groups, "a pool with EFA has a group of its own"
    tagged = [each.name for each in groups if "kubernetes.io/cluster/" in " ".join(each.inputs.get("tags", {}))]
    assert tagged == [], "EKS gives the tag to its own group, and nobody to another"


def test_nothing_of_ours_takes_rules_of_the_nodes_group_away() -> None:
    """The controller lets its load balancers in by rules of the group, and a list of ours would remove them."""
    root = Path(__file__).parents[3] / "components"
    listed = [path.name for path in root.rglob("*.py") if "ingress=[" in path.read_text()]
    assert listed == ["network.py"], "only the default group of the VPC, which is closed, has a list of rules"


def test_records_have_the_owner_of_their_cluster_and_stay_in_their_zones() -> None:
    made = context(dns={"zones": {ZONE: "ml.example.com"}})
    values = external_dns.values(made)
    assert values["txtOwnerId"] == "ml-platform-prod-main", "with one owner, clusters delete each other's records"
    assert values["domainFilters"] == ["ml.example.com"]
    assert values["extraArgs"] == [f"--zone-id-filter={ZONE}"]
    assert (values["policy"], values["registry"]) == ("sync", "txt")
    assert not set(values["sources"]) & {"gateway-tlsroute", "gateway-tcproute", "gateway-udproute"}, "it would end"
    change, find = external_dns.statements(made)
    assert change["Resource"] == [f"arn:aws:route53:::hostedzone/{ZONE}"]
    assert find["Action"] == ["route53:ListHostedZones"]
    earlier = context(dns={"zones": {ZONE: "ml.example.com"}, "owners": {"main": "earlier"}})
    assert external_dns.values(earlier)["txtOwnerId"] == "earlier"


@pytest.mark.parametrize("blocked", [True, False])
def test_what_prompts_have_in_them_is_counted_and_not_refused(cloud: PlatformCloud, blocked: bool) -> None:
    built(cloud, public={"certificate": CERTIFICATE, "waf": {"judge_bodies": blocked}})
    statements = {each["name"]: each["statement"] for each in cloud.one("wafv2/webAcl:WebAcl").inputs["rules"]}
    common = statements["AWSManagedRulesCommonRuleSet"]["managedRuleGroupStatement"]
    counted = [{"name": each, "actionToUse": {"count": {}}} for each in ON_BODIES]
    assert common.get("ruleActionOverrides", []) == ([] if blocked else counted)
    assert statements["requests-of-one-address"]["rateBasedStatement"]["limit"] == 2000
    assert len(statements) == 4


def test_the_doors_have_a_namespace_in_which_nothing_runs_that_is_strong(cloud: PlatformCloud) -> None:
    cloud.up(stack(ingress={}, mesh={}))
    labels = cloud.one("core/v1:Namespace", "main-doors-namespace").inputs["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
    assert labels["config.linkerd.io/admission-webhooks"] == "disabled", "where the injector is down, a door is made"


def test_load_balancers_alone_write_into_the_bucket_of_requests(cloud: PlatformCloud) -> None:
    built(cloud, **WHOLE)
    policy = json.loads(cloud.one("s3/bucketPolicy:BucketPolicy", "ingress-door-logs").inputs["policy"])
    (write,) = [each for each in policy["Statement"] if each["Effect"] == "Allow"]
    assert write["Principal"] == {"Service": "logdelivery.elasticloadbalancing.amazonaws.com"}
    assert write["Action"] == ["s3:PutObject"]
    assert write["Condition"]["ArnLike"]["aws:SourceArn"].startswith("arn:aws:elasticloadbalancing:us-west-2:")


def test_definitions_say_their_bundle_or_the_policy_of_the_gateway_api_refuses_them(cloud: PlatformCloud) -> None:
    built(cloud, routes={"chat": CHAT})
    found = [
        each.inputs["metadata"]["annotations"]
        for each in cloud.all("CustomResourceDefinition")
        if "gateway-api" in each.name
    ]
    assert found
    for annotations in found:
        assert annotations["gateway.networking.k8s.io/bundle-version"] == "v1.6.1"
        assert annotations["gateway.networking.k8s.io/channel"] == "standard"


def test_an_exposed_namespace_waits_with_its_pods_for_the_load_balancer(cloud: PlatformCloud) -> None:
    built(cloud, routes={"chat": CHAT})
    labels = cloud.one("core/v1:Namespace", "main-namespace-inference").inputs["metadata"]["labels"]
    assert labels["elbv2.k8s.aws/pod-readiness-gate-inject"] == "enabled"

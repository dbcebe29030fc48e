"""What the AWS Load Balancer Controller makes of objects, and what its finalizers keep when objects are deleted."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from simulator.aws import tokens
from simulator.clients import Clients, CommandError
from simulator.kubernetes.clusters import CRD, Cluster, cluster_of
from simulator.provider import Refusal
from simulator.values import Props
from tests.simulator.kubernetes.bench import EKS
from tests.simulator.kubernetes.load_balancer_cluster import (
    ALB,
    AWS,
    INTERNAL,
    PLACE,
    configuration,
    definitions,
    empty,
    gateway,
    gateway_class,
    install,
    object_of,
    own,
    route,
    service,
    targets,
)

Made = tuple[str, Props, Props]
BALANCERS = (tokens.LOAD_BALANCER, tokens.NETWORK_INTERFACE, tokens.SECURITY_GROUP)


class Live:
    """A cluster with a class and a Gateway with a route. made: each object, as its program knows it."""

    def __init__(self, folder: Path) -> None:
        self.bench = empty(folder)
        definitions(self.bench, "gateway-api", "gateway.k8s.aws", "elbv2.k8s.aws")
        self.release = install(self.bench)
        self.made: dict[str, Made] = {}
        self.make(targets=targets(), configuration=configuration(**INTERNAL), gateway_class=gateway_class())
        self.make(service=service(), gateway=gateway(), route=route())

    def make(self, **objects: Props) -> None:
        for name, inputs in objects.items():
            self.made[name] = self.bench.make(inputs, name)

    def delete(self, *names: str) -> None:
        for name in names:
            self.bench.delete(self.made[name], name)

    def refusal(self, name: str) -> str:
        with pytest.raises(Refusal) as refused:
            self.delete(name)
        return str(refused.value)

    def lose_controller(self) -> None:
        self.bench.delete(self.release, "controller")

    @property
    def inside(self) -> Cluster:
        return cluster_of(self.bench.cloud, next(iter(self.bench.cloud.of_type(EKS))))

    def finalizers(self, version: str, kind: str, name: str, in_namespace: str = "") -> list[str]:
        row = self.inside.get(version, kind, in_namespace, name)
        assert row is not None
        return list(row.state["metadata"].get("finalizers") or ())

    def in_aws(self) -> list[str]:
        return [row.type for row in self.bench.cloud.all() if row.type in BALANCERS]


@pytest.fixture
def live(tmp_path: Path) -> Live:
    return Live(tmp_path)


def ingress(name: str = "shop", **annotations: str) -> Props:
    path = {"path": "/", "pathType": "Prefix", "backend": {"service": {"name": "app", "port": {"number": 80}}}}
    spec = {"ingressClassName": "alb", "rules": [{"http": {"paths": [path]}}]}
    made = object_of("networking.k8s.io/v1", "Ingress", name, "apps", spec)
    prefixed = {f"alb.ingress.kubernetes.io/{key.replace('_', '-')}": value for key, value in annotations.items()}
    return {**made, "metadata": {**made["metadata"], "annotations": prefixed}}


def network(
    name: str = "api", class_: str | None = "service.k8s.aws/nlb", of: str = "LoadBalancer", **annotations: str
) -> Props:
    made = service(name, of, **({"loadBalancerClass": class_} if class_ else {}))
    prefix = "service.beta.kubernetes.io/aws-load-balancer-"
    return {**made, "metadata": {**made["metadata"], "annotations": {prefix + k: v for k, v in annotations.items()}}}


def test_a_gateway_has_a_load_balancer_with_groups_and_an_interface_in_each_zone(live: Live) -> None:
    interfaces = live.bench.cloud.of_type(tokens.NETWORK_INTERFACE)
    assert [row.state["SubnetId"] for row in interfaces] == ["subnet-private-us-west-2a", "subnet-private-us-west-2b"]
    names = {row.id: row.state["name"] for row in live.bench.cloud.of_type(tokens.SECURITY_GROUP)}
    groups = [names[each["GroupId"]].rpartition("-")[0] for each in interfaces[0].state["Groups"]]
    assert groups == ["k8s-ingress-web", "k8s-traffic-main"]
    live.delete("route", "gateway")
    assert live.in_aws() == [], "the shared group goes with the last load balancer"


def test_every_kind_has_its_finalizer(live: Live) -> None:
    rules = object_of(AWS, "ListenerRuleConfiguration", "rules", "apps", {})
    binding = {"serviceRef": {"name": "app", "port": 80}, "targetGroupARN": "arn:aws:elasticloadbalancing:x"}
    live.make(rules=rules, binding=object_of("elbv2.k8s.aws/v1beta1", "TargetGroupBinding", "b", "apps", binding))
    live.make(shop=ingress(), group=ingress("group", **{"group.name": "team"}), api=network())
    api = "gateway.networking.k8s.io/v1"
    found = {
        "class": live.finalizers(api, "GatewayClass", "alb"),
        "gateway": live.finalizers(api, "Gateway", "web", "ingress"),
        "configuration": live.finalizers(AWS, "LoadBalancerConfiguration", "internal", "ingress"),
        "targets": live.finalizers(AWS, "TargetGroupConfiguration", "ip", "ingress"),
        "rules": live.finalizers(AWS, "ListenerRuleConfiguration", "rules", "apps"),
        "binding": live.finalizers("elbv2.k8s.aws/v1beta1", "TargetGroupBinding", "b", "apps"),
        "ingress": live.finalizers("networking.k8s.io/v1", "Ingress", "shop", "apps"),
        "group": live.finalizers("networking.k8s.io/v1", "Ingress", "group", "apps"),
        "service": live.finalizers("v1", "Service", "api", "apps"),
    }
    assert found == {
        "class": ["gateway.k8s.aws/gatewayclass"],
        "gateway": [ALB],
        "configuration": ["gateway.k8s.aws/loadbalancerconfigurations"],
        "targets": ["gateway.k8s.aws/targetgroupconfigurations"],
        "rules": ["gateway.k8s.aws/listenerruleconfigurations"],
        "binding": ["elbv2.k8s.aws/resources"],
        "ingress": ["ingress.k8s.aws/resources"],
        "group": ["group.ingress.k8s.aws/team"],
        "service": ["service.k8s.aws/resources"],
    }
    live.lose_controller()
    for name in ("gateway", "gateway_class", "configuration", "targets", "rules", "binding", "shop", "group", "api"):
        text = live.refusal(name)
        assert "still exists: no release of chart aws-load-balancer-controller runs in the cluster" in text, name
        assert "Objects with load balancers go first" in text
    live.delete("route", "service")  # these have none


def test_without_the_controller_the_load_balancer_stays_and_a_new_controller_ends_it(live: Live) -> None:
    live.lose_controller()
    live.refusal("gateway")
    assert live.in_aws().count(tokens.NETWORK_INTERFACE) == 2
    install(live.bench)
    live.delete("gateway")
    assert live.in_aws() == []


def test_what_was_there_before_the_controller_gets_its_finalizer_when_it_starts(tmp_path: Path) -> None:
    made = empty(tmp_path)
    api = made.make(network(), "api")
    shop = made.make(ingress(), "shop")
    assert made.cloud.of_type(tokens.LOAD_BALANCER) == []
    release = install(made)
    assert len(made.cloud.of_type(tokens.LOAD_BALANCER)) == 2
    made.delete(release, "controller")
    for name, each in {"api": api, "shop": shop}.items():
        with pytest.raises(Refusal, match="still exists"):
            made.delete(each, name)


def test_a_class_and_configurations_stay_as_long_as_something_uses_them(live: Live) -> None:
    assert "Gateway ingress/web uses it" in live.refusal("gateway_class")
    assert "GatewayClass alb uses it" in live.refusal("configuration")
    assert "GatewayClass alb uses it" in live.refusal("targets"), "the class names them by its configuration"
    live.make(
        of_app=targets("of-app", "apps", targetReference={"name": "app"}),
        own=configuration("own"),
        other=gateway(name="other", **own("own")),
    )
    assert "HTTPRoute apps/app uses it" in live.refusal("of_app")
    assert "Gateway ingress/other uses it" in live.refusal("own")
    live.delete("other", "own", "route", "of_app", "gateway", "gateway_class", "configuration", "targets")
    assert live.in_aws() == []


PROTECTED = "deletion_protection.enabled=true"


def test_deletion_protection_keeps_the_object_as_well(live: Live) -> None:
    attributes = [{"key": "deletion_protection.enabled", "value": "true"}]
    live.make(
        own=configuration("own", loadBalancerAttributes=attributes),
        other=gateway(name="other", **own("own")),
        shop=ingress(load_balancer_attributes=f"idle_timeout.timeout_seconds=60, {PROTECTED}"),
        api=network(attributes=PROTECTED),
    )
    said = "Unable to delete gateway ingress/other because deletion protection is enabled"
    assert said in live.refusal("other")
    assert "deletion_protection is enabled, cannot delete the ingress: shop" in live.refusal("shop")
    assert "deletion_protection is enabled, cannot delete the service: api" in live.refusal("api")
    clients = Clients(live.bench.cloud)
    kept = [row.id for row in live.bench.cloud.of_type(tokens.LOAD_BALANCER) if row.state["__protected"]]
    assert len(kept) == 3
    for arn in kept:
        with pytest.raises(CommandError, match="deletion protection is enabled"):
            clients.run(["aws", "elbv2", "delete-load-balancer", "--region", "us-west-2", "--load-balancer-arn", arn])


def test_a_namespace_and_a_definition_stay_with_what_is_in_them(live: Live) -> None:
    clients = Clients(live.bench.cloud)
    clients.run(["aws", "eks", "update-kubeconfig", "--region", "us-west-2", "--name", "main"])
    live.make(api=network())
    apps = (
        "apps",
        live.bench.checked({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "apps"}}, "apps"),
        {},
    )
    live.lose_controller()
    with pytest.raises(Refusal, match="Service apps/api stays, because no release of chart"):
        live.bench.delete(apps, "apps")
    name = "gateways.gateway.networking.k8s.io"
    definition: Made = (name, {"apiVersion": CRD[0], "kind": CRD[1], "metadata": {"name": name}}, {})
    with pytest.raises(Refusal, match="Gateway ingress/web stays, because no release of chart"):
        live.bench.delete(definition, "definition-Gateway")
    install(live.bench)
    live.bench.delete(apps, "apps")
    assert live.in_aws().count(tokens.LOAD_BALANCER) == 1, "that of the Service is gone"


def test_objects_that_leave_together_do_not_keep_each_other(live: Live) -> None:
    spec = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "apps"}}
    live.make(of_app=targets("of-app", "apps", targetReference={"name": "app"}))
    live.bench.delete(("apps", live.bench.checked(spec, "apps"), {}), "apps")


@pytest.mark.parametrize("lost", [tokens.POD_IDENTITY, tokens.ROLE, tokens.ROLE_POLICY, tokens.NODE_GROUP])
def test_a_controller_without_rights_or_nodes_is_as_good_as_gone(tmp_path: Path, lost: str) -> None:
    made = empty(tmp_path)
    account: Props = {
        "clusterName": "main",
        "namespace": "kube-system",
        "serviceAccount": "aws-load-balancer-controller",
    }
    rows: Mapping[str, tuple[str, Props]] = {
        tokens.POD_IDENTITY: ("a-1", {**account, "roleArn": "arn:aws:iam::123456789012:role/lbc"}),
        tokens.ROLE: ("lbc", {"name": "lbc"}),
        tokens.ROLE_POLICY: ("lbc:permissions", {"role": "lbc", "policy": "{}"}),
        tokens.NODE_GROUP: ("main:system", {"clusterName": "main", **PLACE}),
    }
    for type_, (id_, state) in rows.items():
        made.cloud.put(type_, id_, state)
    install(made)
    api = made.make(network(), "api")
    made.cloud.delete(lost, rows[lost][0])
    text = "no node is left for the pods of" if lost == tokens.NODE_GROUP else "so AWS refuses its calls"
    with pytest.raises(Refusal, match=text):
        made.delete(api, "api")
    made.cloud.put(lost, rows[lost][0], rows[lost][1])
    made.delete(api, "api")


EXTERNAL = {"type": "external", "nlb-target-type": "ip"}
BALANCERS_ONLY = {"controllerConfig": {"featureGates": {"ServiceTypeLoadBalancerOnly": True}}}


def named_by_annotation(class_: str, **annotations: str) -> Props:
    """Returns an Ingress whose annotation counts, and not its field."""
    made = ingress(**annotations)
    made["metadata"]["annotations"]["kubernetes.io/ingress.class"] = class_
    return made


@pytest.mark.parametrize(
    ("values", "inputs", "makes_one"),
    [
        ({}, network(), True),
        ({}, network(class_=None), True),  # its webhook sets the class
        ({"enableServiceMutatorWebhook": False}, network(class_=None), False),  # of AWS's own controller
        ({"enableServiceMutatorWebhook": False}, network(class_=None, type="nlb-ip"), True),
        ({}, network(class_="example.com/other"), False),
        ({}, ingress(), True),
        ({"ingressClass": "other"}, ingress(), False),
        ({}, network(class_=None, of="ClusterIP"), False),
        ({}, network(class_=None, of="ClusterIP", **EXTERNAL), True),
        ({}, network(class_=None, of="NodePort", **EXTERNAL), True),
        ({}, network(class_=None, of="NodePort", **EXTERNAL | {"nlb-target-type": "instance"}), True),
        ({}, network(class_=None, of="ClusterIP", **EXTERNAL | {"nlb-target-type": "instance"}), False),
        ({}, network(class_=None, of="ClusterIP", type="external"), False),
        ({}, network(class_=None, of="ClusterIP", type="nlb-ip"), True),
        (BALANCERS_ONLY, network(class_=None, of="ClusterIP", **EXTERNAL), False),
        (BALANCERS_ONLY, network(), True),
        ({}, named_by_annotation("alb"), True),
        ({}, named_by_annotation("other"), False),
        ({"disableIngressClassAnnotation": True}, named_by_annotation("alb"), False),
        ({"disableIngressClassAnnotation": True}, ingress(), True),
    ],
)
def test_services_and_ingresses_of_other_classes_are_left_alone(
    tmp_path: Path, values: Props, inputs: Props, makes_one: bool
) -> None:
    made = empty(tmp_path)
    install(made, **values)
    made.make(inputs, "it")
    assert len(made.cloud.of_type(tokens.LOAD_BALANCER)) == makes_one


@pytest.mark.parametrize(
    ("annotations", "scheme"),
    [
        ({"scheme": "internet-facing"}, "internet-facing"),
        ({"internal": "false"}, "internet-facing"),
        ({"internal": "true"}, "internal"),
        ({"scheme": "internal", "internal": "false"}, "internal"),
        ({}, "internal"),
    ],
)
def test_annotations_open_a_service_of_any_type(tmp_path: Path, annotations: dict[str, str], scheme: str) -> None:
    made = empty(tmp_path)
    install(made)
    made.make(network(class_=None, of="ClusterIP", **EXTERNAL, **annotations), "api")
    assert [row.state["Scheme"] for row in made.cloud.of_type(tokens.LOAD_BALANCER)] == [scheme]


@pytest.mark.parametrize(
    ("inputs", "scheme"),
    [
        (ingress(scheme="internet-facing"), "internal"),
        (named_by_annotation("alb", scheme="internet-facing"), "internet-facing"),
    ],
)
def test_the_class_of_an_ingress_says_the_scheme_unless_an_annotation_names_it(
    tmp_path: Path, inputs: Props, scheme: str
) -> None:
    made = empty(tmp_path)
    definitions(made, "elbv2.k8s.aws")
    install(made)
    parameters = object_of("elbv2.k8s.aws/v1beta1", "IngressClassParams", "alb", None, {"scheme": "internal"})
    spec = {"controller": "ingress.k8s.aws/alb", "parameters": {"kind": "IngressClassParams", "name": "alb"}}
    (row,) = made.cloud.of_type(EKS)
    for each in (parameters, object_of("networking.k8s.io/v1", "IngressClass", "alb", None, spec)):
        cluster_of(made.cloud, row).put(each, "")
    made.make(inputs, "shop")
    assert [row.state["Scheme"] for row in made.cloud.of_type(tokens.LOAD_BALANCER)] == [scheme]


def test_annotations_name_scheme_subnets_and_groups(tmp_path: Path) -> None:
    made = empty(tmp_path)
    install(made)
    subnets = "subnet-public-us-west-2a, public-us-west-2b"
    made.make(ingress(scheme="internet-facing", subnets=subnets, security_groups="sg-1"), "shop")
    (balancer,) = made.cloud.of_type(tokens.LOAD_BALANCER)
    interfaces = [row.state for row in made.cloud.of_type(tokens.NETWORK_INTERFACE)]
    assert (balancer.state["Scheme"], len(interfaces)) == ("internet-facing", 2)
    assert all(each["Association"] and each["Groups"] == [{"GroupId": "sg-1"}] for each in interfaces)
    made.make(ingress("other", subnets="subnet-none"), "other")
    assert len(made.cloud.of_type(tokens.LOAD_BALANCER)) == 1, "it gets an event, and no load balancer"


def test_what_is_made_again_has_another_name(live: Live) -> None:
    (before,) = live.bench.cloud.of_type(tokens.LOAD_BALANCER)
    live.delete("gateway")
    live.make(gateway=gateway())
    (after,) = live.bench.cloud.of_type(tokens.LOAD_BALANCER)
    assert after.id != before.id


def test_a_load_balancer_names_its_certificate_and_web_acl(tmp_path: Path) -> None:
    live = Live(tmp_path)
    listeners = [{"protocolPort": "HTTPS:443", "defaultCertificate": "arn:one", "certificates": ["arn:two"]}]
    changed = configuration(**INTERNAL, listenerConfigurations=listeners, wafV2={"webACL": "arn:acl"})
    live.bench.update(live.made["configuration"], changed, "configuration")
    (balancer,) = live.bench.cloud.of_type(tokens.LOAD_BALANCER)
    assert balancer.state["Certificates"] == ["arn:one", "arn:two"], "ACM keeps a certificate as long as it is named"
    assert balancer.state["WebACLArn"] == "arn:acl"

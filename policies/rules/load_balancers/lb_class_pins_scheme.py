"""Each GatewayClass of the AWS Load Balancer Controller says itself who reaches its load balancers, and how pods do.

Its LoadBalancerConfiguration wins over the one of a Gateway, which a team writes, only where it sets the scheme and
does not prefer the Gateway's. Targets by address need no port on the nodes.
Source: AWS Load Balancer Controller v3.5.0, pkg/gateway/lb_config_merger.go and controllers/gateway/config_resolver.go;
read 2026-11.
"""

from collections.abc import Iterator

from policies.objects import all_objects
from policies.rule import Resource, Sample, Stack, StackCase, StackRule, View, present, text

OURS, GROUP, CONFIGURATION = "gateway.k8s.aws/", "gateway.k8s.aws", "LoadBalancerConfiguration"
CONTROLLER, REFERENCE = "spec.controllerName", "spec.parametersRef"
SCHEME, MERGING = "spec.scheme", "spec.mergingMode"
TARGETS, TARGET = "spec.defaultTargetGroupConfiguration", "spec.defaultConfiguration.targetType"


def _named(stack: Stack, kind: str, name: str, namespace: str) -> list[View]:
    """Returns the objects of a kind and a name; each cluster of the stack may have one."""
    return [
        each
        for each in all_objects(stack.resources, GROUP, kind)
        if (text(each, "metadata.name"), text(each, "metadata.namespace")) == (name, namespace)
    ]


def _configuration(stack: Stack, view: View) -> Iterator[tuple[Resource, str, str]]:
    if not present(view, SCHEME):
        yield view.resource, view.under(SCHEME), "is not set, so each Gateway may make its load balancer public"
    if text(view, MERGING) == "prefer-gateway":
        yield view.resource, view.under(MERGING), "is prefer-gateway, so each Gateway may change the scheme"
    targets = _named(stack, "TargetGroupConfiguration", text(view, f"{TARGETS}.name"), text(view, "metadata.namespace"))
    if not targets:
        yield view.resource, view.under(TARGETS), "names no TargetGroupConfiguration of this stack"
    for target in targets:
        if text(target, TARGET) != "ip":
            yield target.resource, target.under(TARGET), "is not ip, so the load balancer needs a port on every node"


def _class(stack: Stack, view: View) -> Iterator[tuple[Resource, str, str]]:
    controller = text(view, CONTROLLER, OURS if present(view, REFERENCE) else "")  # a patch need not name it
    if not controller.startswith(OURS):
        return
    kind = (text(view, f"{REFERENCE}.group"), text(view, f"{REFERENCE}.kind"))
    name, namespace = text(view, f"{REFERENCE}.name"), text(view, f"{REFERENCE}.namespace")
    found = _named(stack, CONFIGURATION, name, namespace) if kind == (GROUP, CONFIGURATION) else []
    if not found:
        yield view.resource, view.under(REFERENCE), f"names no {CONFIGURATION} of this stack"
    for configuration in found:
        yield from _configuration(stack, configuration)


def check(stack: Stack) -> Iterator[tuple[Resource, str, str]]:
    classes = all_objects(stack.resources, "gateway.networking.k8s.io", "GatewayClass")
    reported = set()
    for resource, path, problem in (found for gateway_class in classes for found in _class(stack, gateway_class)):
        if (resource.urn, path) not in reported:  # classes share configurations
            reported.add((resource.urn, path))
            yield resource, path, problem


CLASS = "kubernetes:gateway.networking.k8s.io/v1:GatewayClass"
CONFIGURATIONS = f"kubernetes:{GROUP}/v1:{CONFIGURATION}"
TARGET_CONFIGURATIONS = f"kubernetes:{GROUP}/v1:TargetGroupConfiguration"


def _stack(
    *at: str,
    controller: str = "gateway.k8s.aws/alb",
    reference: dict[str, str] | None = None,
    target: str = "ip",
    form: str = "",
    version: str = "v1",
    namespace: str = "ingress",
    **spec: object,
) -> StackCase:
    refers = {"group": GROUP, "kind": CONFIGURATION, "name": "internal", "namespace": "ingress"}
    given = {"scheme": "internal", "defaultTargetGroupConfiguration": {"name": "pods"}, **spec}
    of_class = {
        **({"controllerName": controller} if controller else {}),
        "parametersRef": refers if reference is None else {**refers, **reference},
    }
    return StackCase(
        {
            "class": Sample(CLASS.replace("v1", version) + form, {"metadata": {"name": "alb"}, "spec": of_class}),
            "configuration": Sample(
                CONFIGURATIONS.replace("v1", version),
                {
                    "metadata": {"name": "internal", "namespace": "ingress"},
                    "spec": {name: value for name, value in given.items() if value},
                },
            ),
            "targets": Sample(
                TARGET_CONFIGURATIONS,
                {
                    "metadata": {"name": "pods", "namespace": namespace},
                    "spec": {"defaultConfiguration": {"targetType": target}} if target else {},
                },
            ),
        },
        at=(at[0], at[1]) if at else None,
    )


_BARE = Sample(CLASS, {"metadata": {"name": "alb"}, "spec": {"controllerName": "gateway.k8s.aws/alb"}})
_LABELS = Sample(f"{CLASS}Patch", {"metadata": {"name": "alb", "labels": {"team": "platform"}}})
_OTHER = Sample(CLASS, {"metadata": {"name": "envoy"}, "spec": {"controllerName": "gateway.envoyproxy.io/controller"}})

RULE = StackRule(
    id="lb-class-pins-scheme",
    applies_to=("kubernetes:gateway.networking.k8s.io/*", f"kubernetes:{GROUP}/*"),
    severity="high",
    why="Teams write Gateways; a class that leaves the scheme open lets each of them make a public load balancer.",
    fix="Refer to a LoadBalancerConfiguration with scheme and defaultTargetGroupConfiguration (targetType: ip).",
    mend={"scheme": "internal", "mergingMode": "prefer-gateway-class", "targetType": "ip"},
    no_mend="the object that it refers to is missing",
    on_unknown="fail",
    check=check,
    good={
        "nothing set, so no class": StackCase({}),
        "an internal class": _stack(),
        "a class for network load balancers": _stack(controller="gateway.k8s.aws/nlb"),
        "a public class": _stack(scheme="internet-facing"),
        "the class before the Gateway, said": _stack(mergingMode="prefer-gateway-class"),
        "a class of another controller": StackCase({"class": _OTHER}),
        "a patch of labels": StackCase({"class": _LABELS}),
    },
    bad={
        "no parameters": StackCase({"class": _BARE}, at=("class", REFERENCE)),
        "parameters of another kind": _stack("class", REFERENCE, reference={"kind": "ConfigMap"}),
        "parameters of another group": _stack("class", REFERENCE, reference={"group": "example.com"}),
        "parameters of another stack": _stack("class", REFERENCE, reference={"name": "shared"}),
        "parameters in another namespace": _stack("class", REFERENCE, reference={"namespace": "team"}),
        "a patch to other parameters": _stack(
            "class", REFERENCE, controller="", form="Patch", reference={"name": "shared"}
        ),
        "no scheme": _stack("configuration", SCHEME, scheme=None),
        "a Gateway that decides": _stack("configuration", MERGING, mergingMode="prefer-gateway"),
        "the other version of the kinds": _stack(
            "configuration", MERGING, version="v1beta1", mergingMode="prefer-gateway"
        ),
        "no targets": _stack("configuration", TARGETS, defaultTargetGroupConfiguration=None),
        "targets in another namespace": _stack("configuration", TARGETS, namespace="team"),
        "targets by node": _stack("targets", TARGET, target="instance"),
        "targets of any kind": _stack("targets", TARGET, target=""),
    },
)

"""A public load balancer that the stack makes itself takes HTTPS, has a web ACL, writes logs and drops invalid headers.

Those that controllers in a cluster make: lb-public-guarded. A load balancer is public where nothing says internal.
Source: Pulumi AWS 7, aws.lb.LoadBalancer; Elastic Load Balancing, "Application Load Balancers"; read 2026-11.
"""

from collections.abc import Iterator, Mapping

from policies.rule import Resource, Sample, Stack, StackCase, StackRule, each, flag, present, text
from policies.rules.load_balancers.lb_tls_policy import TLS13

LOAD_BALANCERS = ("aws:lb/loadBalancer:LoadBalancer", "aws:alb/loadBalancer:LoadBalancer")
LISTENERS = ("aws:lb/listener:Listener", "aws:alb/listener:Listener")
CLASSIC, ASSOCIATION = "aws:elb/loadBalancer:LoadBalancer", "aws:wafv2/webAclAssociation:WebAclAssociation"
FLAGS = {
    "accessLogs.enabled": "is not true, so nobody knows afterwards who connected",
    "dropInvalidHeaderFields": "is not true, so headers that pods read differently pass",
}

Found = Iterator[tuple[Resource, str, str]]


def _redirects(listener: Resource) -> bool:
    actions = list(each(listener, "defaultActions"))
    return bool(actions) and all(text(action, "redirect.protocol") == "HTTPS" for action in actions)


def _balancer(stack: Stack, balancer: Resource) -> Found:
    if flag(balancer, "internal"):
        return
    if balancer.type == CLASSIC:
        yield balancer, "internal", "is not true, and a Classic Load Balancer cannot have a web ACL"
        return
    for listener in stack.of(*LISTENERS):
        if balancer in stack.linked(listener, "loadBalancerArn", LOAD_BALANCERS):
            if text(listener, "protocol") in ("HTTPS", "TLS"):
                if not present(listener, "certificateArn"):
                    yield listener, "certificateArn", "is not set, so it has no certificate"
            elif not _redirects(listener):
                yield listener, "protocol", "is neither HTTPS nor a redirect to it, so anybody on the way can read it"
    guarded = [stack.linked(association, "resourceArn", LOAD_BALANCERS) for association in stack.of(ASSOCIATION)]
    if not any(balancer in balancers for balancers in guarded):
        yield balancer, "internal", "is not true, and no WebAclAssociation of this stack guards it"
    for path, problem in FLAGS.items():
        if not flag(balancer, path):
            yield balancer, path, problem


def check(stack: Stack) -> Found:
    for balancer in stack.of(*LOAD_BALANCERS, CLASSIC):
        yield from _balancer(stack, balancer)


_HTTPS = {"protocol": "HTTPS", "certificateArn": "arn:aws:acm:us-west-2:111122223333:certificate/web"}


def _redirect(protocol: str) -> Mapping[str, object]:
    return {"protocol": "HTTP", "defaultActions": [{"type": "redirect", "redirect": {"protocol": protocol}}]}


def _stack(
    *at: str, other_name: int = 0, listener: Mapping[str, object] = _HTTPS, guards: str = "door", **props: object
) -> StackCase:
    given = {"internal": False, "accessLogs": {"enabled": True}, "dropInvalidHeaderFields": True, **props}
    samples = {
        "door": Sample(LOAD_BALANCERS[other_name], {name: value for name, value in given.items() if value is not None}),
        "listener": Sample(LISTENERS[other_name], listener, links={"loadBalancerArn": "door"}),
        "internal": Sample(LOAD_BALANCERS[0], {"internal": True}),
        "open": Sample(LISTENERS[0], {"protocol": "HTTP"}, links={"loadBalancerArn": "internal"}),
        "guard": Sample(ASSOCIATION, links={"resourceArn": guards}),
    }
    return StackCase(samples, at=(at[0], at[1]) if at else None)


RULE = StackRule(
    id="lb-public-aws-guarded",
    applies_to=(*LOAD_BALANCERS, CLASSIC, *LISTENERS, ASSOCIATION),
    severity="critical",
    standards=("FSBP ELB.1", "FSBP ELB.4", "FSBP ELB.5", "Security Hub ELB.16", "CKV2_AWS_28"),
    why="Everybody on the internet reaches it, so what it lets through is all that stands before the software.",
    fix="Add listeners with HTTPS, a WebAclAssociation, access_logs and drop_invalid_header_fields; or internal=True.",
    mend={
        "internal": True,
        "protocol": "HTTPS",
        "certificateArn": "arn:aws:acm:<region>:<account>:certificate/<id>",
        "enabled": True,
        "dropInvalidHeaderFields": True,
    },
    beside={end: {"sslPolicy": TLS13} for end in ("protocol", "certificateArn")},
    on_unknown="fail",
    check=check,
    good={
        "a public one with guards": _stack(),
        "a redirect to HTTPS": _stack(listener=_redirect("HTTPS")),
        "an internal one": _stack(internal=True, guards="internal", accessLogs=None, listener={"protocol": "HTTP"}),
        "an internal classic one": StackCase({"door": Sample(CLASSIC, {"internal": True})}),
    },
    bad={
        "nothing set, so it is public": _stack("door", "internal", internal=None, guards="internal"),
        "its other name": _stack("door", "internal", other_name=1, guards="internal"),
        "a classic one": StackCase({"door": Sample(CLASSIC)}, at=("door", "internal")),
        "HTTP": _stack("listener", "protocol", listener={"protocol": "HTTP"}),
        "HTTP, by its other name": _stack("listener", "protocol", other_name=1, listener={"protocol": "HTTP"}),
        "a redirect to HTTP": _stack("listener", "protocol", listener=_redirect("HTTP")),
        "no certificate": _stack("listener", "certificateArn", listener={"protocol": "TLS"}),
        "no logs": _stack("door", "accessLogs.enabled", accessLogs=None),
        "headers that are not dropped": _stack("door", "dropInvalidHeaderFields", dropInvalidHeaderFields=None),
    },
)

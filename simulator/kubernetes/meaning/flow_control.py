"""PriorityLevelConfigurations and FlowSchemas.

Source: pkg/apis/flowcontrol/validation/validation.go of Kubernetes 1.35.4, read in November 2026.
"""

from __future__ import annotations

from simulator.kubernetes.meaning.node import Findings, Node

_MOST_PRECEDENCE = 10000


def priority_level_findings(level: Node) -> Findings:
    """Yields the mistakes in a PriorityLevelConfiguration."""
    spec = level["spec"]
    type_, limited = spec["type"], spec["limited"]
    yield from type_.must_be("Exempt", "Limited")
    if type_.text == "Exempt":
        if level.at("metadata", "name").text not in (None, "exempt"):
            yield type_.invalid("must be 'Exempt' if and only if `name` is 'exempt'")
        if limited.is_set:
            yield limited.forbidden("must be nil if the type is not Limited")
    elif type_.text == "Limited":
        yield from limited.must_be_set("must not be empty when type is Limited")
        shares = limited["nominalConcurrencyShares"]
        if shares.number is not None and shares.number < 0:
            yield shares.invalid("must be a non-negative integer")
        yield from _response_findings(limited["limitResponse"])


def _response_findings(response: Node) -> Findings:
    type_, queuing = response["type"], response["queuing"]
    yield from type_.must_be("Queue", "Reject")
    if type_.text == "Reject" and queuing.is_set:
        yield queuing.forbidden("must be nil if limited.limitResponse.type is not Limited")
    if type_.text == "Queue" and not queuing.is_set:
        yield queuing.required("must not be empty if limited.limitResponse.type is Limited")
    queues, hands = queuing["queues"], queuing["handSize"]
    for each in queuing.has("queues", "handSize", "queueLengthLimit"):
        if each.number is not None and each.number <= 0:
            yield each.invalid("must be positive")
    if queues.number and hands.number and hands.number > queues.number:
        yield hands.invalid(f"should not be greater than queues ({queues.number})")


def flow_schema_findings(flow: Node) -> Findings:
    """Yields the mistakes in a FlowSchema."""
    spec = flow["spec"]
    precedence, method = spec["matchingPrecedence"], spec["distinguisherMethod"]
    if precedence.number is not None and precedence.number < 0:
        yield precedence.invalid("must be a positive value")
    if precedence.number is not None and precedence.number > _MOST_PRECEDENCE:
        yield precedence.invalid(f"must not be greater than {_MOST_PRECEDENCE}")
    if method["type"].text not in (None, "ByNamespace", "ByUser"):
        yield method["type"].unsupported(("ByNamespace", "ByUser"), {"Type": method["type"].value})
    level = spec["priorityLevelConfiguration"]
    if level.is_set:
        yield from level["name"].must_be_set("must reference a priority level")
    for rule in spec["rules"].items:
        yield from rule["subjects"].must_be_set("subjects must contain at least one value")
        for subject in rule["subjects"].items:
            yield from subject["kind"].must_be("Group", "ServiceAccount", "User")
        if rule["resourceRules"].is_empty and rule["nonResourceRules"].is_empty:
            yield rule.required("at least one of resourceRules and nonResourceRules has to be non-empty")

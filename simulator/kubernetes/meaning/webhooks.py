"""Webhooks and admission policies. Expressions in CEL are not compiled.

Source: pkg/apis/admissionregistration/validation/validation.go of Kubernetes 1.35.4, read in November 2026.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from simulator.kubernetes.meaning import formats
from simulator.kubernetes.meaning.node import Findings, Node
from simulator.kubernetes.meaning.selectors import selector_findings

_OPERATIONS = ("*", "CONNECT", "CREATE", "DELETE", "UPDATE")
_REASONS = ("Forbidden", "Invalid", "RequestEntityTooLarge", "Unauthorized")
_VERSIONS = ("v1", "v1beta1")
_ADDRESS_FORM = "desired format: https://host[/path]"


def webhook_configuration_findings(configuration: Node) -> Findings:
    """Yields the mistakes in a ValidatingWebhookConfiguration or MutatingWebhookConfiguration."""
    webhooks = configuration["webhooks"]
    yield from webhooks.must_be_unique("name")
    for webhook in webhooks.items:
        name = webhook["name"]
        yield from name.must_match(formats.subdomain)
        if name.text and name.text.count(".") < 2:
            yield name.invalid("should be a domain with at least three segments separated by dots")
        yield from webhook["sideEffects"].must_be("None", "NoneOnDryRun")
        yield from webhook["failurePolicy"].must_be("Fail", "Ignore")
        yield from webhook["matchPolicy"].must_be("Equivalent", "Exact")
        yield from webhook["reinvocationPolicy"].must_be("IfNeeded", "Never")
        seconds, versions = webhook["timeoutSeconds"], webhook["admissionReviewVersions"]
        if seconds.number is not None and not 1 <= seconds.number <= 30:
            yield seconds.invalid("the timeout value must be between 1 and 30 seconds")
        yield from versions.must_be_set(f"must specify one of {', '.join(_VERSIONS)}")
        for each in versions.items:
            yield from each.must_match(formats.label_1035)
        known = versions.texts()
        if known and not known & set(_VERSIONS):
            yield versions.invalid(f"must include at least one of {', '.join(_VERSIONS)}")
        yield from client_findings(webhook["clientConfig"])
        for rule in webhook["rules"].items:
            yield from _rule_findings(rule)
        for selector in ("namespaceSelector", "objectSelector"):
            yield from selector_findings(webhook[selector])
        yield from _condition_findings(webhook["matchConditions"])


def client_findings(client: Node) -> Findings:
    """Yields the mistakes in the address of a webhook."""
    url, service = client["url"], client["service"]
    if client.is_unknown:
        return
    if url.is_set == service.is_set:
        yield client.required("exactly one of url or service is required")
    if url.text:
        yield from _url_findings(url)
    path, port = service["path"], service["port"]
    if path.text and not path.text.startswith("/"):
        yield path.invalid("must start with a '/'")
    if port.number is not None and not 1 <= port.number <= 65535:
        yield port.invalid("port is not valid: must be between 1 and 65535, inclusive")


def _url_findings(url: Node) -> Findings:
    parts = urlsplit(url.text or "")
    if parts.scheme != "https":
        yield url.invalid(f"'https' is the only allowed URL scheme; {_ADDRESS_FORM}", parts.scheme)
    if not parts.hostname:
        yield url.invalid(f"host must be specified; {_ADDRESS_FORM}", parts.netloc.rpartition("@")[2])
    if parts.username is not None:
        yield Node(None, url.path).invalid("user information is not permitted in the URL")
    if parts.fragment:
        # A fragment or a query may hold a token.
        yield url.invalid("fragments are not permitted in the URL", "")
    if parts.query:
        yield url.invalid("query parameters are not permitted in the URL", "")


def _rule_findings(rule: Node) -> Findings:
    for name in ("operations", "apiGroups", "apiVersions", "resources"):
        listed = rule[name]
        yield from listed.must_be_set()
        if name != "resources" and len(listed.items) > 1 and "*" in (listed.texts() or ()):
            yield listed.invalid("if '*' is present, must not specify other " + _OTHERS[name])
    for each in rule["operations"].items:
        yield from each.must_be(*_OPERATIONS)
    yield from rule["scope"].must_be("*", "Cluster", "Namespaced")


_OTHERS = {"operations": "operations", "apiGroups": "API groups", "apiVersions": "API versions"}


def _condition_findings(conditions: Node) -> Findings:
    yield from conditions.must_be_unique("name")
    for each in conditions.items:
        yield from each["name"].must_be_set()
        yield from each["name"].must_match(formats.qualified_name)
        yield from each["expression"].must_be_set()


def policy_findings(policy: Node) -> Findings:
    """Yields the mistakes in a ValidatingAdmissionPolicy."""
    spec = policy["spec"]
    constraints = spec["matchConstraints"]
    yield from spec["failurePolicy"].must_be("Fail", "Ignore")
    yield from constraints.must_be_set()
    if constraints.is_set:
        yield from constraints["resourceRules"].must_be_set()
    yield from constraints["matchPolicy"].must_be("Equivalent", "Exact")
    for rules in ("resourceRules", "excludeResourceRules"):
        for rule in constraints[rules].items:
            yield from _rule_findings(rule)
    for selector in ("namespaceSelector", "objectSelector"):
        yield from selector_findings(constraints[selector])
    validations, notes = spec["validations"], spec["auditAnnotations"]
    if validations.is_empty and notes.is_empty:
        why = "validations or auditAnnotations must contain at least one item"
        yield validations.required(why)
        yield notes.required(why)
    for each in validations.items:
        if isinstance(each["expression"].value, str) and not each["expression"].value.strip():
            yield each["expression"].required("expression is not specified")
        yield from each["reason"].must_be(*_REASONS)
    yield from _condition_findings(spec["matchConditions"])


def policy_binding_findings(binding: Node) -> Findings:
    """Yields the mistakes in a ValidatingAdmissionPolicyBinding."""
    spec = binding["spec"]
    actions = spec["validationActions"]
    yield from spec["policyName"].must_be_set()
    yield from spec["policyName"].must_match(formats.subdomain)
    yield from actions.must_be_set("at least one validation action is required")
    for each in actions.items:
        yield from each.must_be("Audit", "Deny", "Warn")
    yield from actions.must_be_unique()
    if {"Deny", "Warn"} <= (actions.texts() or set()):
        yield actions.invalid(
            "must not contain both Deny and Warn (repeating the same validation failure information "
            "in the API response and headers serves no purpose)"
        )
    for selector in ("namespaceSelector", "objectSelector"):
        yield from selector_findings(spec["matchResources"][selector])

"""Policies that the API server itself keeps, without a webhook that could be down."""

from collections.abc import Mapping, Sequence
from typing import Literal

import pulumi
import pulumi_kubernetes as kubernetes

_WRITTEN: kubernetes.admissionregistration.v1.MatchConditionArgsDict = {
    "name": "written",  # not only a finalizer: else nobody could delete what is older than a policy
    "expression": "oldObject == null || object == null || !has(object.spec) || object.?spec != oldObject.?spec || "
    "object.metadata.?annotations != oldObject.metadata.?annotations || "
    "object.metadata.?labels != oldObject.metadata.?labels",
}
ALLOWS, DEMANDS = "ml-platform/allows", "ml-platform/demands"
"""Annotations of a rule of admission: what it lets in, and what it wants, in words separated by commas.

Its expressions do not show which of two is the stricter one; who reads a change wants to know.
"""


def admission_policy(
    name: str,
    physical_name: str,
    resources: Mapping[str, Sequence[str]],
    expression: str,
    message: str,
    opts: pulumi.ResourceOptions,
    *,
    operations: Sequence[str] = ("CREATE", "UPDATE"),
    variables: Mapping[str, str] | None = None,
    more: Mapping[str, str] | None = None,
    namespace_of_parameters: str | None = None,
    namespaces_with: str | None = None,
    shows: Mapping[str, str] | None = None,
    mode: Literal["deny", "warn"] = "deny",
    on_error: Literal["Fail", "Ignore"] = "Fail",
    annotations: Mapping[str, str] | None = None,
) -> pulumi.Resource:
    """Registers a policy that refuses objects for which a CEL expression is not true. Returns its binding.

    An update that leaves spec, annotations and labels as they are passes; objects without a spec are judged each time.
    resources: API group with version, as in `v1` -> plurals. variables: name -> expression. more: further expressions
    -> message. namespace_of_parameters: a namespace, which is `params` in the expressions: values in its annotations
    change while the rule stays. A ConfigMap would be replaced by each change, and all be refused in between.
    namespaces_with: label of the namespaces whose objects are judged. shows: message -> expression of the text that is
    told instead, with what is wrong in it; where it fails, the message is told. mode: `warn` lets the object in, warns
    its maker and notes it in the audit log. on_error: what an expression that cannot be evaluated means.
    annotations: of the policy.
    """
    rules: list[kubernetes.admissionregistration.v1.NamedRuleWithOperationsArgsDict] = [
        {
            "api_groups": [version.rpartition("/")[0]],
            "api_versions": [version.rpartition("/")[2]],
            "operations": list(operations),
            "resources": list(plurals),
        }
        for version, plurals in resources.items()
    ]
    named: list[kubernetes.admissionregistration.v1.VariableArgsDict] = [
        {"name": key, "expression": text} for key, text in (variables or {}).items()
    ]
    constraints: kubernetes.admissionregistration.v1.MatchResourcesArgsDict = {"resource_rules": rules}
    if namespaces_with:  # a key without a value would be changed by each refresh: the server fills it in
        constraints["namespace_selector"] = {"match_expressions": [{"key": namespaces_with, "operator": "Exists"}]}
    policy = kubernetes.admissionregistration.v1.ValidatingAdmissionPolicy(
        name,
        metadata={"name": physical_name, "annotations": annotations},
        spec={
            "failure_policy": on_error,
            "param_kind": {"api_version": "v1", "kind": "Namespace"} if namespace_of_parameters else None,
            "match_constraints": constraints,
            "match_conditions": [_WRITTEN],
            "variables": named or None,
            "validations": [
                {"expression": each, "message": says, "message_expression": (shows or {}).get(says)}
                for each, says in {expression: message, **(more or {})}.items()
            ],
        },
        opts=opts,
    )
    # The actions of a binding cannot change: a preview would join the old and the new ones, and be refused.
    suffix = "" if mode == "deny" else "-warns"
    made: pulumi.Resource = kubernetes.admissionregistration.v1.ValidatingAdmissionPolicyBinding(
        f"{name}{suffix}",
        metadata={"name": f"{physical_name}{suffix}"},
        spec={
            "policy_name": physical_name,
            "validation_actions": ["Deny"] if mode == "deny" else ["Warn", "Audit"],
            "param_ref": {"name": namespace_of_parameters, "parameter_not_found_action": "Deny"}
            if namespace_of_parameters
            else None,
        },
        # A binding without a policy does nothing.
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[policy])),
    )
    return made

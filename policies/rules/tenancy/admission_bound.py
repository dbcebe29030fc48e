"""Each ValidatingAdmissionPolicy of the stack has a binding: without one the API server never asks it.

Source: Kubernetes 1.35, "Validating Admission Policy"; read 2026-11.
"""

from collections.abc import Iterator

from policies.objects import all_objects
from policies.rule import Resource, Sample, Stack, StackCase, StackRule, at_if_known, text

GROUP, NAME, NAMED = "admissionregistration.k8s.io", "metadata.name", "spec.policyName"
POLICY = f"kubernetes:{GROUP}/v1:ValidatingAdmissionPolicy"


def check(stack: Stack) -> Iterator[tuple[Resource, str, str]]:
    bindings = [*all_objects(stack.resources, GROUP, "ValidatingAdmissionPolicyBinding")]
    bound = {(each.resource.provider_urn, at_if_known(each, NAMED)) for each in bindings}
    for policy in all_objects(stack.resources, GROUP, "ValidatingAdmissionPolicy"):
        cluster = policy.resource.provider_urn
        if not {(cluster, text(policy, NAME)), (cluster, None)} & bound:
            yield policy.resource, policy.under(NAME), "has no ValidatingAdmissionPolicyBinding, so it refuses nothing"


def _stack(*at: str, name: str = "hosts", form: str = "", provider: str = "") -> StackCase:
    policy = {"metadata": {"name": "hosts"}}
    props = {"items": [policy]} if form else policy
    binding = Sample(f"{POLICY}Binding", {"spec": {"policyName": name}}, provider=provider)
    return StackCase(
        {"policy": Sample(f"{POLICY}{form}", props), **({"binding": binding} if name else {})},
        ("policy", at[0]) if at else None,
    )


RULE = StackRule(
    id="admission-bound",
    applies_to=(f"{POLICY}*",),
    severity="high",
    why="A policy that nothing binds looks like a guard, and lets everything in.",
    fix="Add a ValidatingAdmissionPolicyBinding with the name of the policy.",
    no_mend="the ValidatingAdmissionPolicyBinding is missing",
    dev="advisory",
    check=check,
    good={
        "nothing set": StackCase({}),
        "one for each": _stack(),
        "a list": _stack(form="List"),
    },
    bad={
        "none": _stack(NAME, name=""),
        "that of another policy": _stack(NAME, name="names"),
        "that of another cluster": _stack(NAME, provider="other"),
        "a list": _stack(f"items[0].{NAME}", name="", form="List"),
    },
)

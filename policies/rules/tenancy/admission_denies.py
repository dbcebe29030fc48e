"""A ValidatingAdmissionPolicy refuses: also what it cannot judge, and its binding does not only warn or note.

Source: Kubernetes 1.35, "Validating Admission Policy" (failurePolicy, validationActions, parameterNotFoundAction); read
2026-11.
"""

from collections.abc import Collection, Iterator

from common.values import UNKNOWN
from policies.objects import objects
from policies.rule import Case, Option, Resource, Rule, text, texts

GROUP, ACTIONS = "admissionregistration.k8s.io", "spec.validationActions"
WITHOUT, FAILURE = "spec.paramRef.parameterNotFoundAction", "spec.failurePolicy"


def check(resource: Resource, *, may_fail_open: Collection[str]) -> Iterator[tuple[str, str]]:
    for binding in objects(resource, GROUP, "ValidatingAdmissionPolicyBinding"):
        if "Deny" not in texts(binding, ACTIONS):
            yield binding.under(ACTIONS), "lacks Deny, so what the policy forbids is let in"
        if text(binding, WITHOUT) == "Allow":
            yield binding.under(WITHOUT), "is Allow, so who deletes the parameters switches the policy off"
    for policy in objects(resource, GROUP, "ValidatingAdmissionPolicy"):
        if text(policy, FAILURE) == "Ignore" and text(policy, "metadata.name") not in may_fail_open:
            yield policy.under(FAILURE), "is Ignore, so an object that makes an expression fail is let in"


POLICY = f"kubernetes:{GROUP}/v1:ValidatingAdmissionPolicy"
BINDING = f"{POLICY}Binding"


def _case(at: str, *actions: str, form: str = "", **more: object) -> Case:
    return Case({"spec": {"validationActions": [*actions], **more}}, type=f"{BINDING}{form}", at=at)


RULE = Rule(
    id="admission-denies",
    applies_to=(f"{BINDING}*", f"{POLICY}*"),
    severity="high",
    why="A rule that warns is read by nobody at night, and by nobody whose pods a controller makes.",
    fix="Let the binding deny, also when its parameters are missing, and the policy when an expression fails.",
    mend={"validationActions": ["Deny"], "parameterNotFoundAction": "Deny", "failurePolicy": "Fail"},
    stack_file={"admission.mode": "deny"},
    on_unknown="fail",
    dev="disabled",
    options={
        "may_fail_open": Option(
            "Names of policies that keep order and ward off no harm.", ["ml-platform-labels"], stricter="fewer"
        )
    },
    check=check,
    good={
        "a policy that says nothing, so that it fails": Case({"spec": {}}, type=POLICY),
        "a policy that may fail open": Case(
            {"metadata": {"name": "names"}, "spec": {"failurePolicy": "Ignore"}},
            type=POLICY,
            options={"may_fail_open": ["names"]},
        ),
        "a policy that fails": Case({"spec": {"failurePolicy": "Fail"}}, type=POLICY),
        "it refuses": _case("", "Deny"),
        "it refuses and notes": _case("", "Audit", "Deny"),
        "parameters that must be there": _case("", "Deny", paramRef={"parameterNotFoundAction": "Deny"}),
    },
    bad={
        "what a policy cannot judge": Case({"spec": {"failurePolicy": "Ignore"}}, type=POLICY, at=FAILURE),
        "nothing set": Case({}, type=BINDING, at=ACTIONS),
        "a warning": _case(ACTIONS, "Warn", "Audit"),
        "without its parameters": _case(WITHOUT, "Deny", paramRef={"parameterNotFoundAction": "Allow"}),
        "actions that are known later": Case({"spec": {"validationActions": UNKNOWN}}, type=BINDING, at=ACTIONS),
        "a patch": _case(ACTIONS, "Warn", form="Patch"),
    },
)

"""A Kyverno policy on signatures of images refuses: one that notes or warns lets everything in.

Source: Kyverno v1.19.0, pkg/webhooks/resource/ivpol/handler.go (Deny alone refuses), definition of
ImageValidatingPolicy (without failurePolicy it is Fail); read 2026-11.
"""

from collections.abc import Iterator

from common.values import UNKNOWN
from policies.objects import objects
from policies.rule import Case, Resource, Rule, flag, text, texts

GROUP, KIND = "policies.kyverno.io", "ImageValidatingPolicy"
ACTIONS, FAILURE, INSECURE = "spec.validationActions", "spec.failurePolicy", "spec.credentials.allowInsecureRegistry"


def check(resource: Resource) -> Iterator[tuple[str, str]]:
    for policy in objects(resource, GROUP, KIND):
        if "Deny" not in texts(policy, ACTIONS):
            yield policy.under(ACTIONS), "lacks Deny, so images without a signature are let in"
        if text(policy, FAILURE) == "Ignore":
            yield policy.under(FAILURE), "is Ignore, so images are let in unseen while Kyverno is down"
        if flag(policy, INSECURE):
            yield policy.under(INSECURE), "is true, so who is between Kyverno and the registry may answer for it"


ONE = f"kubernetes:{GROUP}/v1:{KIND}"


def _case(at: str, *actions: str, kind: str = ONE, **more: object) -> Case:
    return Case({"spec": {"validationActions": [*actions], **more}}, type=kind, at=at)


RULE = Rule(
    id="image-signatures-deny",
    applies_to=f"kubernetes:{GROUP}/*",
    severity="medium",
    why="A pod that was warned of runs; who can push an image, or change what a tag means, then runs code of theirs.",
    fix="Let the policy deny, also while Kyverno is down.",
    mend={"validationActions": ["Deny"], "failurePolicy": "Fail", "allowInsecureRegistry": False},
    stack_file={"admission.signatures.mode": "deny"},
    on_unknown="fail",
    dev="disabled",
    check=check,
    good={
        "it refuses": _case("", "Deny"),
        "it refuses while Kyverno is down": _case("", "Deny", "Audit", failurePolicy="Fail"),
        "a policy of another kind": _case("", "Audit", kind=f"kubernetes:{GROUP}/v1:ValidatingPolicy"),
    },
    bad={
        "nothing set": Case({}, type=ONE, at=ACTIONS),
        "a warning": _case(ACTIONS, "Warn", "Audit"),
        "open while Kyverno is down": _case(FAILURE, "Deny", failurePolicy="Ignore"),
        "a registry without TLS": _case(INSECURE, "Deny", credentials={"allowInsecureRegistry": True}),
        "an older version": _case(ACTIONS, "Audit", kind=f"kubernetes:{GROUP}/v1beta1:{KIND}"),
        "actions that are known later": Case({"spec": {"validationActions": UNKNOWN}}, type=ONE, at=ACTIONS),
        "a patch": _case(ACTIONS, "Warn", kind=f"{ONE}Patch"),
    },
)

"""Rights of RBAC with which one gets others. Source: Kubernetes 1.35, "Role Based Access Control Good Practices"."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

GROUP = "rbac.authorization.k8s.io"
CHANGE = ("create", "update", "patch")
DELETE = ("delete", "deletecollection")

GIVES, ACTS, TOKENS = "gives roles to anybody", "acts as anybody", "makes tokens of service accounts"
NODES, BINDS, ADMISSION = "reaches every pod of a node", "binds roles", "changes what the API server admits"
SIGNS, STORES = "signs certificates of anybody", "reads with the rights of External Secrets"

# Right -> API group, resources, verbs: any of them gives it.
ESCALATIONS: Final[Mapping[str, tuple[str, tuple[str, ...], tuple[str, ...]]]] = MappingProxyType(
    {
        GIVES: (GROUP, ("roles", "clusterroles"), ("bind", "escalate")),
        ACTS: ("", ("users", "groups", "serviceaccounts"), ("impersonate",)),
        TOKENS: ("", ("serviceaccounts/token",), ("create",)),
        NODES: ("", ("nodes/proxy",), ("get", "create")),
        BINDS: (GROUP, ("rolebindings", "clusterrolebindings"), CHANGE),
        ADMISSION: (
            "admissionregistration.k8s.io",
            (
                *("mutatingwebhookconfigurations", "validatingwebhookconfigurations"),
                *("validatingadmissionpolicies", "validatingadmissionpolicybindings"),
                *("mutatingadmissionpolicies", "mutatingadmissionpolicybindings"),
            ),
            (*CHANGE, *DELETE),
        ),
        SIGNS: ("certificates.k8s.io", ("certificatesigningrequests/approval",), CHANGE),
        STORES: ("external-secrets.io", ("secretstores", "clustersecretstores", "pushsecrets"), CHANGE),
    }
)

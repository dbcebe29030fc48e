"""`observability.grafana`: the dashboards, and who may look at them."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field, field_validator, model_validator

from settings.core.base import Settings
from settings.core.problems import listed, repeated
from settings.network.network_plan import range_has_hosts

SERVICE, NAMESPACE = "grafana", "monitoring"
"""Of Grafana; a route of `ingress` that leads there makes its address."""
SSO, CLIENT_SECRET = "grafana-sso", "client-secret"
"""Secret of its login by an identity provider, and the key in it."""
LABELS = {"app.kubernetes.io/name": "grafana", "app.kubernetes.io/instance": "kube-prometheus-stack"}
"""Of its pod."""


def group_can_be_asked_for(group: str) -> str:
    """Returns the name unchanged. Raises ValueError when it cannot stand in the expression that Grafana evaluates."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9 ._:@/-]*", group):
        raise ValueError(
            f"{group!r} cannot be a group here: use letters, digits, spaces and . _ : @ / -. Or write its id."
        )
    return group


Group = Annotated[str, AfterValidator(group_can_be_asked_for)]
Url = Annotated[str, Field(pattern=r"^https://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9._~/-]*)?$")]


class SsoSettings(Settings):
    """Login by OpenID Connect. The client's secret is written into Secrets Manager by people, and never in here."""

    client_id: str = Field(
        pattern=r"^[A-Za-z0-9._:@/-]+$", description="Of Grafana, as the identity provider knows it."
    )
    auth_url: Url = Field(description="Where people log in.", examples=["https://login.example.com/oauth2/authorize"])
    token_url: Url = Field(
        description="Where Grafana changes a code for a token.", examples=["https://login.example.com/oauth2/token"]
    )
    api_url: Url = Field(
        description="Where it asks who somebody is.", examples=["https://login.example.com/oauth2/userinfo"]
    )
    scopes: tuple[Annotated[str, Field(pattern=r"^[A-Za-z0-9._:/-]+$")], ...] = Field(
        default=("openid", "profile", "email"),
        min_length=1,
        description="What it asks for. A provider that does not know one of them refuses every login.",
        examples=[["openid", "profile", "email", "groups"]],
    )
    groups_claim: str = Field(
        default="groups",
        pattern=r"^([A-Za-z_][A-Za-z0-9_:-]*|https?://[A-Za-z0-9._/:-]+)$",
        description="Claim that has the groups of a person, in the token or in the answer of `api_url`: at the top of "
        "it, not within another claim.",
        examples=["cognito:groups"],
    )
    admins: tuple[Group, ...] = Field(default=(), description="Groups that administer Grafana.")
    editors: tuple[Group, ...] = Field(
        default=(), description="Groups that may explore all metrics, and make dashboards of their own."
    )
    viewers: tuple[Group, ...] = Field(
        default=(), description="Groups that may look. Empty: everybody whom the identity provider lets log in."
    )
    ranges: tuple[Annotated[str, AfterValidator(range_has_hosts)], ...] = Field(
        default=(),
        description=(
            "Ranges of the provider's addresses, where it is in the VPC or in a network that the VPC is connected to: "
            "network policies of `isolation` know no names."
        ),
        examples=[["10.200.0.0/28"]],
    )

    @field_validator("scopes")
    @classmethod
    def it_asks_who_somebody_is(cls, scopes: tuple[str, ...]) -> tuple[str, ...]:
        if "openid" not in scopes:
            raise ValueError("has no openid, without which the provider tells nobody's identity. Add it.")
        return scopes

    @model_validator(mode="after")
    def a_group_has_one_role(self) -> "SsoSettings":
        if twice := repeated([*self.admins, *self.editors, *self.viewers]):
            raise ValueError(f"names {listed(twice)} twice, and the first role would count. Name each group once.")
        return self


class GrafanaSettings(Settings):
    """Grafana in the cluster, with one pod. Its dashboards come from the program; what people make is on its volume."""

    sso: SsoSettings | None = Field(
        default=None, description="Login by an identity provider. Without it the only user is `admin`."
    )

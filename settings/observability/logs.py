"""`observability.logs`: what containers write, and where it is kept."""

from collections.abc import Mapping
from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from catalog.limits import LOG_RETENTION_DAYS
from settings.core.base import Settings
from settings.core.problems import raise_if
from settings.core.services import Address, NamespaceName
from settings.network.network import nearest_retention
from settings.network.network_plan import range_has_hosts
from settings.observability.patterns import pattern_mistakes

T = TypeVar("T")
OWN_LOKI = "http://loki.loki.svc:3100"
LogClass = Literal["STANDARD", "INFREQUENT_ACCESS"]
DAYS_BY_ENVIRONMENT: Mapping[str, int] = {"dev": 14, "staging": 30, "prod": 90}
CONTENT_KEYS = (
    *("completion", "completions", "messages", "prompt", "prompts", "request_body", "response_body"),
    *("gen_ai.completion", "gen_ai.input.messages", "gen_ai.output.messages", "gen_ai.prompt"),
    *("gen_ai.system_instructions", "gen_ai.tool.call.arguments", "gen_ai.tool.call.result"),
)
"""Keys under which programs log what people asked a model, and what it said. Those with `gen_ai.`: OpenTelemetry
semantic-conventions-genai, attribute registry, and the older names of its predecessors; read 2026-11."""


def is_a_retention_of_cloudwatch(days: int) -> int:
    """Returns the days unchanged. Raises ValueError when CloudWatch offers no such retention."""
    if days not in LOG_RETENTION_DAYS:
        raise ValueError(f"{days} is not a retention that CloudWatch offers. {nearest_retention(days)}")
    return days


def is_a_pattern_of_lua(pattern: str) -> str:
    """Returns the pattern unchanged. Raises ValueError when Lua would not take it, or a line can take it minutes."""
    raise_if(f"{pattern!r} {mistake}" for mistake in pattern_mistakes(pattern))
    return pattern


class NamespaceLogSettings(Settings):
    """Logs of one namespace: in a log group of their own, or with days of their own in a Loki of the platform."""

    retention_days: Annotated[int, AfterValidator(is_a_retention_of_cloudwatch)] | None = Field(
        default=None,
        description="Days until its logs are deleted; a value that CloudWatch offers. Not given: as for the others.",
    )
    log_class: LogClass | None = Field(
        default=None, description="As `logs.log_class`. Another class replaces the log group, with the logs in it."
    )


class OpenSearchSettings(Settings):
    """An OpenSearch domain of the account and region that is there already."""

    domain: str = Field(
        pattern=r"^[a-z][a-z0-9-]{2,27}$", description="Name of the domain.", examples=["platform-logs"]
    )
    host: str = Field(
        pattern=r"^[a-z0-9.-]+\.[a-z]+$",
        description="Host of its endpoint, without https.",
        examples=["search-platform-logs-abc123.us-west-2.es.amazonaws.com"],
    )
    index: str = Field(
        default="containers",
        pattern=r"^[a-z0-9][a-z0-9_-]*$",
        description="What its indices begin with; each day has one, and a policy of the domain deletes them.",
    )
    ranges: tuple[Annotated[str, AfterValidator(range_has_hosts)], ...] = Field(
        default=(),
        description=(
            "Ranges of its addresses, where it is in the VPC or in a network that the VPC is connected to: network "
            "policies of `isolation` know no names."
        ),
        examples=[["10.200.0.0/28"]],
    )


class LokiSettings(Settings):
    """A Loki of the platform in each cluster; with an address, one that is there already and asks for no password."""

    address: Address | None = Field(
        default=None,
        validate_default=True,
        pattern=r"^https?://[a-z0-9.-]+(:[0-9]{1,5})?$",
        description="Address of one that is there already. That of a Service in the cluster has the port of its pods. "
        "Not given: the platform runs one, and keeps its logs in a bucket.",
        examples=["http://loki-gateway.telemetry.svc:8080"],
    )
    tenant: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9._-]{1,150}$",
        description="Tenant of a Loki that is there already and has several.",
    )
    ranges: tuple[Annotated[str, AfterValidator(range_has_hosts)], ...] = Field(
        default=(),
        description="As `opensearch.ranges`, for a Loki outside of the cluster.",
        examples=[["10.200.0.0/28"]],
    )

    @field_validator("tenant", "ranges")
    @classmethod
    def are_of_one_that_is_there(cls, given: T, info: ValidationInfo) -> T:
        if given and "address" in info.data and info.data["address"] is None:
            raise ValueError("is for a Loki that is there already. Write its address too, or drop it.")
        return given

    @property
    def url(self) -> str:
        """The address that logs are sent to."""
        return self.address or OWN_LOKI


class LogSettings(Settings):
    """Fluent Bit on each node, and where it sends."""

    to: Literal["cloudwatch", "opensearch", "loki"] = Field(
        default="cloudwatch", description="cloudwatch: log groups of the stack. opensearch, loki: see there."
    )
    opensearch: OpenSearchSettings | None = Field(
        default=None, validate_default=True, description="The domain, with to: opensearch."
    )
    loki: LokiSettings | None = Field(
        default=None, validate_default=True, description="The Loki, with to: loki. {} is one of the platform's own."
    )
    retention_days: Annotated[int, AfterValidator(is_a_retention_of_cloudwatch)] | None = Field(
        default=None,
        description=(
            "Days until logs are deleted, in CloudWatch or in a Loki of the platform; a value that CloudWatch offers. "
            "Not given: "
            f"{', '.join(f'{days} in {environment}' for environment, days in DAYS_BY_ENVIRONMENT.items())}."
        ),
    )
    log_class: LogClass = Field(
        default="STANDARD",
        description=(
            "Class of the log groups. INFREQUENT_ACCESS costs half as much to write, and has neither metric filters "
            "nor Live Tail. Another class replaces a log group, with the logs in it."
        ),
    )
    namespaces: Mapping[NamespaceName, NamespaceLogSettings] = Field(
        default_factory=dict,
        description="Namespaces whose logs are kept otherwise, by name. One that is dropped loses its older logs.",
        examples=[{"inference": {"retention_days": 365}}],
    )
    redact: tuple[Annotated[str, Field(min_length=4), AfterValidator(is_a_pattern_of_lua)], ...] = Field(
        default=(),
        description=(
            "Patterns of Lua whose matches become ***, beside the secrets that the platform knows: tokens, keys of "
            "AWS, private keys (in one line, or in lines that hold nothing else), passwords in addresses."
        ),
        examples=[["EMP%-%d%d%d%d%d%d"]],
    )
    drop_keys: tuple[str, ...] = Field(
        default=CONTENT_KEYS,
        description=(
            "Keys of JSON lines that are dropped with all that is below them, at any depth and in any case: what "
            "people asked a model, and what it said, is personal data."
        ),
    )
    buffer_gib: int = Field(
        default=2,
        ge=1,
        le=50,
        description="GiB of each node's disk for logs that cannot be sent at once. When they are full, the oldest go.",
    )

    @field_validator("opensearch", "loki")
    @classmethod
    def a_place_is_given_where_logs_go_there(cls, place: Settings | None, info: ValidationInfo) -> Settings | None:
        to, name = info.data.get("to"), info.field_name
        if to == name and place is None:
            what = "{} for one of the platform, or its address" if name == "loki" else "its domain and host"
            raise ValueError(f"is missing, but logs go there. Write {what}, or to: cloudwatch.")
        if place is not None and to is not None and to != name:
            raise ValueError(f"is given, but logs go to {to}. Write to: {name}, or drop it.")
        return place

    @field_validator("retention_days", "namespaces", "log_class")
    @classmethod
    def are_kept_by_the_platform(cls, given: T, info: ValidationInfo) -> T:
        to, loki = info.data.get("to", "cloudwatch"), info.data.get("loki")
        own = isinstance(loki, LokiSettings) and loki.address is None
        if not given or given == "STANDARD" or to == "cloudwatch":
            return given
        if not own:
            raise ValueError(
                f"is for logs that the platform keeps, but they go to {to}, which deletes them by itself. Drop it, or "
                "write to: cloudwatch."
            )
        if info.field_name == "log_class" or (
            isinstance(given, Mapping) and any(each.log_class for each in given.values())
        ):
            raise ValueError("has a class of log groups, but logs go to loki. Drop log_class, or write to: cloudwatch.")
        return given

    @property
    def kept_apart(self) -> tuple[str | None, ...]:
        """The namespaces that have a log group of their own; None: the one of all others. () without log groups."""
        return (None, *self.namespaces) if self.to == "cloudwatch" else ()

    @property
    def own_loki(self) -> bool:
        """Whether the platform runs the Loki that logs go to."""
        return self.loki is not None and self.loki.address is None

    def days(self, environment: str, namespace: str | None = None) -> int:
        """Returns the days until logs are deleted. namespace: None for all that have no entry."""
        own = self.namespaces[namespace].retention_days if namespace is not None else None
        return own or self.retention_days or DAYS_BY_ENVIRONMENT[environment]

    def class_of(self, namespace: str | None = None) -> LogClass:
        """Returns the class of a log group. namespace: None for all that have no entry."""
        own = self.namespaces[namespace].log_class if namespace is not None else None
        return own or self.log_class

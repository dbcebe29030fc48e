"""`observability.traces`: what requests do, which of it is kept, and where."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from settings.core.base import Settings
from settings.core.problems import listed, raise_if, repeated
from settings.core.services import Address
from settings.network.network_plan import range_has_hosts

DECISION_SECONDS = 30
"""How long spans of a trace are awaited before it is judged."""
OWN_TEMPO = "http://tempo.tempo.svc:4318"
DAYS_BY_ENVIRONMENT: Mapping[str, int] = {"dev": 7, "staging": 14, "prod": 30}
AttributeKey = Annotated[str, Field(pattern=r"^[A-Za-z0-9_./-]{1,200}$")]


class OtlpSettings(Settings):
    """Something that takes traces by OTLP over HTTP and asks for no password, such as a Tempo that is there already."""

    address: Address = Field(
        pattern=r"^https?://[a-z0-9.-]+(:[0-9]{1,5})?$",
        description="Its address, without /v1/traces. That of a Service in the cluster ends in .svc, and has the port "
        "of its pods for HTTP.",
        examples=["http://tempo.telemetry.svc:4318"],
    )
    ranges: tuple[Annotated[str, AfterValidator(range_has_hosts)], ...] = Field(
        default=(),
        description="Ranges of its addresses, where it is in the VPC or in a network that the VPC is connected to: "
        "network policies open these. Empty: it is in the cluster, or outside of the VPC.",
        examples=[["10.200.0.0/28"]],
    )


class TempoSettings(Settings):
    """A Tempo of the platform in each cluster, which keeps traces in a bucket."""

    retention_days: int | None = Field(
        default=None,
        ge=1,
        le=3650,
        description="Days until traces are deleted. Not given: "
        f"{', '.join(f'{days} in {environment}' for environment, days in DAYS_BY_ENVIRONMENT.items())}.",
    )

    def days(self, environment: str) -> int:
        """Returns the days until traces are deleted."""
        return self.retention_days or DAYS_BY_ENVIRONMENT[environment]


class TraceSettings(Settings):
    """OpenTelemetry collectors: agents on each node take spans, gateways judge whole traces and send what is kept."""

    otlp: OtlpSettings | None = Field(
        default=None, description="Where traces are sent instead of to AWS X-Ray. What was sent stays where it is."
    )
    tempo: TempoSettings | None = Field(
        default=None, description="A Tempo that the platform runs, instead of AWS X-Ray. What was sent stays there."
    )
    sample_ratio: float = Field(
        default=0.05,
        ge=0,
        le=1,
        description="Share of the traces that are kept beside those with an error and the slow ones, which are all "
        "kept. It decides what traces cost.",
    )
    slow_seconds: float = Field(
        default=5,
        ge=0.01,
        le=3600,
        description="A trace that takes longer is kept. Spans that come half a minute later than the first follow the "
        "decision about it, and do not change it.",
    )
    drop_attributes: tuple[AttributeKey, ...] = Field(
        default=(),
        description="Attributes of spans and their events that no trace keeps, by exact name, beside those that hold "
        "prompts and answers by the conventions of OpenTelemetry, OpenInference and OpenLLMetry.",
        examples=[["app.prompt"]],
    )
    mesh: bool = Field(
        default=True,
        description="Whether proxies of the mesh send their spans, too: two for each request of a trace, with its URL.",
    )
    gateways: int | None = Field(
        default=None,
        ge=1,
        le=20,
        description="Number of gateways. A change parts traces that are on the way. Not given: 2 in production, "
        "elsewhere 1.",
    )
    memory_gib: int = Field(
        default=2,
        ge=1,
        le=64,
        description="GiB of memory of each gateway, which holds all spans of half a minute: some 600 traces a second "
        "for each GiB. With more, it loses traces, and an alert tells.",
    )

    @field_validator("tempo")
    @classmethod
    def traces_go_to_one_place(cls, tempo: TempoSettings | None, info: ValidationInfo) -> TempoSettings | None:
        if tempo is not None and info.data.get("otlp") is not None:
            raise ValueError("is given beside otlp, and traces go to one place. Drop one of the two.")
        return tempo

    @property
    def sent_to(self) -> OtlpSettings | None:
        """Where traces go; None for AWS X-Ray."""
        return OtlpSettings(address=OWN_TEMPO) if self.tempo is not None else self.otlp

    @field_validator("drop_attributes")
    @classmethod
    def attributes_are_named_once(cls, keys: tuple[str, ...]) -> tuple[str, ...]:
        raise_if(f"{listed(twice)} is named twice. Name each once." for twice in [repeated(keys)] if twice)
        return keys

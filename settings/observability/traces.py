"""`observability.traces`: what requests do, which of it is kept, and where."""

from typing import Annotated

from pydantic import AfterValidator, Field, field_validator

from settings.core.base import Settings
from settings.core.problems import listed, raise_if, repeated
from settings.network.network_plan import range_has_hosts

DECISION_SECONDS = 30
"""How long spans of a trace are awaited before it is judged."""
AttributeKey = Annotated[str, Field(pattern=r"^[A-Za-z0-9_./-]{1,200}$")]


class OtlpSettings(Settings):
    """Something that takes traces by OTLP over HTTP and asks for no password, such as a Tempo that is there already."""

    address: str = Field(
        pattern=r"^https?://[a-z0-9.-]+(:[0-9]{1,5})?$",
        description="Its address, without /v1/traces. That of a Service in the cluster ends in .svc, and has the port "
        "of its pods for HTTP.",
        examples=["http://tempo.tempo.svc:4318"],
    )
    ranges: tuple[Annotated[str, AfterValidator(range_has_hosts)], ...] = Field(
        default=(),
        description="Ranges of its addresses, where it is in the VPC or in a network that the VPC is connected to: "
        "network policies open these. Empty: it is in the cluster, or outside of the VPC.",
        examples=[["10.200.0.0/28"]],
    )


class TraceSettings(Settings):
    """OpenTelemetry collectors: agents on each node take spans, gateways judge whole traces and send what is kept."""

    otlp: OtlpSettings | None = Field(
        default=None, description="Where traces are sent instead of to AWS X-Ray. What was sent stays where it is."
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

    @field_validator("drop_attributes")
    @classmethod
    def attributes_are_named_once(cls, keys: tuple[str, ...]) -> tuple[str, ...]:
        raise_if(f"{listed(twice)} is named twice. Name each once." for twice in [repeated(keys)] if twice)
        return keys

"""`observability.traces`: what requests do."""

from settings.core.base import Settings


class TraceSettings(Settings):
    """OpenTelemetry collectors, and where they send."""

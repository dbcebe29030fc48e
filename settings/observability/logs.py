"""`observability.logs`: what containers write, and where it is kept."""

from settings.core.base import Settings


class LogSettings(Settings):
    """Fluent Bit on each node, and where it sends."""

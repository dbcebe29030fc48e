"""What Loki and Tempo of the platform take of the nodes they run on. Tempo has one pod."""

MEMORY_GIB = 2
"""Of each pod: what it asks for, and its limit."""


def loki_pods(*, production: bool) -> int:
    """Returns how many pods Loki has."""
    return 3 if production else 1

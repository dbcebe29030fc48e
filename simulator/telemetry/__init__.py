"""Prometheus, Alertmanager and what makes their configuration in a cluster: the real programs, on loopback."""

"""The OpenTelemetry collector with our configurations: the real program, on loopback."""

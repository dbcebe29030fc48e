"""What it costs: resources, as the engine shows them, become an itemised monthly estimate."""

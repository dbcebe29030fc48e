"""The version of the platform. `pyproject.toml` and `policies/PulumiPolicy.yaml` repeat it; a test compares them."""

VERSION = "0.1.0"

"""What Pulumi keeps and shows of a stack, and what secrets look like in it."""

import re

from tests.whole.live import Live

SECRET = re.compile(  # a private key, and tokens of AWS, GitHub, Hugging Face, Vault and Kubernetes
    r"-----BEGIN [A-Z ]*PRIVATE KEY|\b(AKIA|ASIA)[0-9A-Z]{16}\b|\bgh[pousr]_\w{36}|\bhf_\w{34}|\bhvs\.\w{24}|"
    r"\beyJhbGciOi"
)


def shown(stack: Live) -> str:
    """Returns all texts of a refresh, a preview and an export, also the engine's events."""
    texts = []
    for arguments in (("refresh", "--yes", "--skip-preview"), ("preview", "--diff"), ("stack", "export")):
        done = stack.engine.pulumi(*arguments)
        assert not done.code, done.said[-3000:]
        texts += [done.said, done.output, *done.events]
    return "\n".join(texts)

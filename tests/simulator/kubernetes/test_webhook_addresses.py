"""The address of a webhook may hold a token, so no message repeats that part of it."""

import pytest

from simulator.kubernetes.meaning.node import Node
from simulator.kubernetes.meaning.webhooks import client_findings


@pytest.mark.parametrize(
    "url",
    [
        "https://a.example.com/x?token=secret",
        "https://a.example.com/x#secret",
        "https://user:secret@a.example.com/x",
        "https://user:secret@/x",
        "https://:secret@:443/x?secret#secret",
        "http://a.example.com/secret?secret",
    ],
)
def test_a_refused_address_is_not_repeated(url: str) -> None:
    found = list(client_findings(Node({"url": url})))
    assert found, "the API server refuses it"
    assert not any("secret" in each.text for each in found)

"""Secrets Manager: a secret is billed by the month."""

from collections.abc import Iterator, Mapping

from costs.line import LineItem, Unpriced
from costs.pricing import Context, Pricer, line
from costs.resource import Resource


def secret(resource: Resource, context: Context) -> Iterator[LineItem | Unpriced]:
    """One secret-month. The price has no calls in it: External Secrets makes one an hour for each key and namespace."""
    yield line(resource, context, "Secret", "other.secrets_manager_secret", "secret", 1)


PRICERS: Mapping[str, Pricer] = {"aws:secretsmanager/secret:Secret": secret}

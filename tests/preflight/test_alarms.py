"""Mails of alarms: an address that nobody has confirmed gets none."""

from dataclasses import replace

import pytest

from preflight.checks import alarms
from preflight.needs import Needs
from tests.preflight.answers import Answer, Denied
from tests.preflight.test_checks import seen

ADDRESS = "security@example.com"


def subscribed(state: str, address: str = ADDRESS) -> Answer:
    return {"Subscriptions": [{"Endpoint": address, "SubscriptionArn": state, "Protocol": "email"}]}


ARN = "arn:aws:sns:us-west-2:123456789012:ml-platform-prod-audit:0a1b2c3d"
ANSWERS: dict[str, tuple[Answer | Denied, str, str]] = {
    "confirmed": (subscribed(ARN), "ok", f"{ADDRESS} has confirmed"),
    "asked": (subscribed("PendingConfirmation"), "warning", f"{ADDRESS} has not confirmed"),
    "forgotten": (subscribed(ARN, "other@example.com"), "warning", f"{ADDRESS} is not subscribed"),
    "deleted": (subscribed("Deleted"), "warning", f"{ADDRESS} has not confirmed"),
    "before the first up": (Denied("NotFound", 404), "ok", f"{ADDRESS}: SNS asks them by mail at the first `up`"),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_whether_an_address_has_confirmed_is_looked_at(name: str, needs: Needs, aws: None) -> None:
    answer, result, says = ANSWERS[name]
    assert seen(alarms.mails, needs, sns__ListSubscriptionsByTopic=answer) == [(result, says)]


def test_a_stack_without_mails_asks_nothing(needs: Needs, aws: None) -> None:
    without = replace(needs, planned=tuple(each for each in needs.planned if not each.type.startswith("aws:sns/")))
    assert seen(alarms.mails, without, sns__ListSubscriptionsByTopic=Denied()) == []


def test_each_topic_is_asked_for_its_own_addresses(needs: Needs, aws: None) -> None:
    (topic,) = needs.of("sns/topic:Topic")
    other = replace(topic, urn=topic.urn.replace(topic.name, "alerts"), inputs={**topic.inputs, "name": "alerts"})
    with_other = replace(needs, planned=(*needs.planned, other))
    assert seen(alarms.mails, with_other, sns__ListSubscriptionsByTopic=subscribed(ARN)) == [
        ("ok", f"{ADDRESS} has confirmed")
    ]

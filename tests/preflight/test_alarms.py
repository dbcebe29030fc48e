"""Mails of alarms: an address that nobody has confirmed gets none."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from preflight.checks import alarms
from preflight.needs import Needs
from tests.preflight.answers import Answer, Denied
from tests.preflight.test_checks import seen

ADDRESS = "security@example.com"
MAILED = {
    "ml-platform-prod-alerts-platform": "ml-platform@example.com",
    "ml-platform-prod-alerts-team-serving": "ml-serving@example.com",
    "ml-platform-prod-alerts-team-training": "ml-training@example.com",
    "ml-platform-prod-audit": ADDRESS,
}


def subscribed(state: str, address: str = ADDRESS) -> Mapping[str, Any]:
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
    others = [each for each in needs.of("sns/topic:Topic") if each.name != "audit-alarms"]
    of_audit = replace(needs, planned=tuple(each for each in needs.planned if each not in others))
    assert seen(alarms.mails, of_audit, sns__ListSubscriptionsByTopic=answer) == [(result, says)]


def test_a_stack_without_mails_asks_nothing(needs: Needs, aws: None) -> None:
    without = replace(needs, planned=tuple(each for each in needs.planned if not each.type.startswith("aws:sns/")))
    assert seen(alarms.mails, without, sns__ListSubscriptionsByTopic=Denied()) == []


def test_each_topic_is_asked_for_its_own_addresses(needs: Needs, aws: None) -> None:
    topic, *_ = needs.of("sns/topic:Topic")
    other = replace(topic, urn=topic.urn.replace(topic.name, "alerts"), inputs={**topic.inputs, "name": "alerts"})
    with_other = replace(needs, planned=(*needs.planned, other))
    asked = list[str]()

    def of_its_own(parameters: dict[str, Any]) -> Mapping[str, Any]:
        asked.append(parameters["TopicArn"].rpartition(":")[2])
        return subscribed(ARN, MAILED[asked[-1]])

    found = seen(alarms.mails, with_other, sns__ListSubscriptionsByTopic=of_its_own)
    assert found == [("ok", f"{address} has confirmed") for address in MAILED.values()]
    assert asked == list(MAILED), "a topic without mails is not asked"

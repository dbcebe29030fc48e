"""Alarms: whether those whom they are to tell have confirmed their addresses."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from preflight.account import Ask
from preflight.check import Finding, check, ok, warning
from preflight.needs import Needs, known

_LIST = "sns:ListSubscriptionsByTopic"


@check("Mails of alarms", calls=(_LIST,))
def mails(needs: Needs, ask: Ask) -> Iterator[Finding]:
    """Every address of a mail has confirmed it: SNS sends the others one mail that asks, and nothing else.

    `up` does not wait for it.
    Source: SNS API, ListSubscriptionsByTopic and Subscribe (PendingConfirmation; again for one that has not
    confirmed); read 2026-11.
    """
    planned = needs.of("sns/topicSubscription:TopicSubscription")
    mailed = {each.name: known(each.inputs.get("endpoint")) for each in planned if each.inputs["protocol"] == "email"}
    for topic in needs.of("sns/topic:Topic"):
        # An event log does not tell what refers to what; a subscription is named after its topic.
        wanted = sorted(address for name, address in mailed.items() if name == f"{topic.name}-{address}")
        arn = needs.stage.arn("sns", known(topic.inputs.get("name")))
        answer = ask(_LIST, absent=("NotFound",), TopicArn=arn) if wanted else None
        if wanted and answer is None:
            yield ok(f"{', '.join(wanted)}: SNS asks them by mail at the first `up`")
        yield from _confirmed(needs, arn, wanted, answer) if answer is not None else ()


def _confirmed(needs: Needs, arn: str, wanted: Sequence[str], answer: Mapping[str, Any]) -> Iterator[Finding]:
    there = {each["Endpoint"]: each["SubscriptionArn"].startswith("arn:") for each in answer["Subscriptions"]}
    for address in wanted:
        if there.get(address):
            yield ok(f"{address} has confirmed")
        else:
            yield warning(
                f"{address} {'has not confirmed' if address in there else 'is not subscribed'}",
                "alarms do not reach it",
                "Let its people confirm by the link in the mail of AWS; this sends another one:",
                f"aws sns subscribe --region {needs.settings.region} --topic-arn {arn} --protocol email "
                f"--notification-endpoint {address}",
            )

"""Alarms: whether those whom they are to tell have confirmed their addresses."""

from collections.abc import Iterator

from preflight.account import Ask
from preflight.check import Finding, check, ok, warning
from preflight.needs import Needs, known

_LIST = "sns:ListSubscriptionsByTopic"


@check("Mails of alarms", calls=(_LIST,))
def mails(needs: Needs, ask: Ask) -> Iterator[Finding]:
    """Every address of a mail has confirmed it: SNS sends the others one mail that asks, and nothing else.

    `up` does not wait for it. The stack gives all mails to its one topic.
    Source: SNS API, ListSubscriptionsByTopic and Subscribe (PendingConfirmation; again for one that has not
    confirmed); read 2026-11.
    """
    planned = needs.of("sns/topicSubscription:TopicSubscription")
    wanted = sorted(known(each.inputs.get("endpoint")) for each in planned if each.inputs.get("protocol") == "email")
    for name in [known(each.inputs.get("name")) for each in needs.of("sns/topic:Topic")] if wanted else []:
        arn = needs.stage.arn("sns", name)
        answer = ask(_LIST, absent=("NotFound",), TopicArn=arn)
        if answer is None:
            yield ok(f"{', '.join(wanted)}: SNS asks them by mail at the first `up`")
            continue
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

"""The page that a pull request shows."""

from costs.estimate import estimate
from costs.sources import before_from_event_log, from_event_log
from report import events
from report.dangers import dangers
from report.summary import summary as page_of
from tests.report.logs import NETWORK, created, finding, state, step, summary, urn

BUCKET = urn("mlplatform:network:Network$aws:s3/bucket:Bucket", "network-flow-logs")
NAT = urn("mlplatform:network:Network$aws:ec2/natGateway:NatGateway", "network-nat-c")


def page(log, compared_with="`main`"):
    after, before = estimate(from_event_log(log), "us-east-1"), estimate(before_from_event_log(log), "us-east-1")
    return page_of("dev", events.read(log), after, before, events.parents(log), compared_with)


def test_a_first_build_is_told_in_one_table():
    text = page(created(), "an empty account")
    assert "| Result | the preview succeeds |" in text
    assert "| Changes | 12 create, compared with an empty account |" in text
    assert "| Policies | no violation, advisory notes: 0 |" in text
    assert "| Cost a month | 148 to 605 USD; without price: 1 |" in text
    assert "| Network | 6 |  |  |  |" in text, "changes by component"
    assert "Look twice" not in text, "nothing is endangered by building"


def test_old_facts_are_one_line_and_none_when_there_are_none():
    log = created()
    cost = estimate(from_event_log(log), "us-east-1")
    told = page_of("dev", events.read(log), cost, cost, {}, "`main`", (), "3 files of the catalog")
    assert "| Old facts | 3 files of the catalog |" in told
    assert "Old facts" not in page(log)


def test_the_difference_in_cost_is_told():
    assert "that is +35 to +78 USD" in page([step("create", NAT, NETWORK), step("same", BUCKET), summary(create=1)])


def test_the_same_cost_is_told_as_such():
    assert "USD, as before" in page([step("same", BUCKET), summary(same=1)])


def test_lost_data_comes_first_and_says_why():
    log = [
        step("replace", NAT, NETWORK, because=["subnetId"]),
        step("replace", BUCKET, NETWORK, because=["bucket"]),
        summary("succeeded", replace=2),
    ]
    lines = [line for line in page(log).splitlines() if line.startswith("- **")]
    assert lines[0].startswith("- **replace Bucket** `network-flow-logs`: ")
    assert lines[0].endswith("its objects would be lost. Because of: bucket.")
    assert "lose the way out" in lines[1]


def test_a_protected_deletion_is_a_danger_whatever_it_is():
    role = urn("aws:iam/role:Role", "role")
    (danger,) = dangers(events.read([step("delete", role, old=state(role, protect=True))]).changes)
    assert danger.consequence.endswith("the update will be refused")


def test_an_update_in_place_is_no_danger():
    assert dangers(events.read([step("update", BUCKET)]).changes) == ()


def test_a_refused_preview_says_by_whom():
    text = page([*created()[:-2], finding(message="a | b"), summary("failed", create=12)])
    assert "| Result | **the preview is refused by the policies** |" in text
    assert "**violations: 1**" in text
    assert "| **mandatory** | net-flow-logs | network | a \\| b |" in text, (
        "a bar in a message must not break the table"
    )


def test_a_failed_preview_shows_its_errors():
    error = '{"diagnosticEvent":{"severity":"error","message":"<{%reset%}>boom ``` x"}}'
    text = page([*created()[:5], error, summary("failed", create=4)])
    assert "| Result | **the preview fails** |" in text
    assert "boom ''' x" in text, "an error must not close the block that it is shown in"


def test_equal_dangers_share_a_line():
    subnets = [urn("aws:ec2/subnet:Subnet", f"private-{zone}") for zone in "abcd"]
    text = page([step("replace", each, because=["vpcId"]) for each in subnets])
    assert (
        "- **replace Subnet** `private-a`, `private-b`, `private-c` and 1 more: what stands in it goes with it. "
        "Because of: vpcId." in text
    )

"""The summary for a pull request."""

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


def test_a_first_build_has_result_changes_policies_and_cost():
    text = page(created(), "an empty account")
    assert "| Result | the preview succeeds |" in text
    assert "| Changes | 12 create, compared with an empty account |" in text
    assert "| Policies | no mandatory findings, advisory findings: 0 |" in text
    assert "| Monthly cost | 148 to 605 USD; resources without a price: 1 |" in text
    assert "| Network | 6 |  |  |  |" in text, "changes by component"
    assert "Dangerous changes" not in text, "a first build endangers nothing"


def test_the_summary_has_a_row_about_old_facts_only_when_there_are_some():
    log = created()
    cost = estimate(from_event_log(log), "us-east-1")
    text = page_of("dev", events.read(log), cost, cost, {}, "`main`", (), "3 files of the catalog")
    assert "| Old facts | 3 files of the catalog |" in text
    assert "Old facts" not in page(log)


def test_the_change_in_cost_is_shown():
    assert "a change of +35 to +78 USD" in page([step("create", NAT, NETWORK), step("same", BUCKET), summary(create=1)])


def test_an_unchanged_cost_is_shown_as_unchanged():
    assert "USD, unchanged" in page([step("same", BUCKET), summary(same=1)])


def test_lost_data_comes_first_with_its_cause():
    log = [
        step("replace", NAT, NETWORK, because=["subnetId"]),
        step("replace", BUCKET, NETWORK, because=["bucket"]),
        summary("succeeded", replace=2),
    ]
    lines = [line for line in page(log).splitlines() if line.startswith("- **")]
    assert lines[0].startswith("- **replace Bucket** `network-flow-logs`: ")
    assert lines[0].endswith("its objects would be lost. Because of: bucket.")
    assert "no internet access" in lines[1]


def test_deleting_any_protected_resource_is_a_danger():
    role = urn("aws:iam/role:Role", "role")
    (danger,) = dangers(events.read([step("delete", role, old=state(role, protect=True))]).changes)
    assert danger.consequence.endswith("Pulumi will refuse the update")


def test_an_update_in_place_is_not_a_danger():
    assert dangers(events.read([step("update", BUCKET)]).changes) == ()


def test_a_refused_preview_shows_the_policy():
    text = page([*created()[:-2], finding(message="a | b"), summary("failed", create=12)])
    assert "| Result | **the policies refuse the preview** |" in text
    assert "**mandatory findings: 1**" in text
    assert "| **mandatory** | net-flow-logs | network | a \\| b |" in text, (
        "a bar in a message must not break the table"
    )


def test_a_failed_preview_shows_its_errors():
    error = '{"diagnosticEvent":{"severity":"error","message":"<{%reset%}>boom ``` x"}}'
    text = page([*created()[:5], error, summary("failed", create=4)])
    assert "| Result | **the preview fails** |" in text
    assert "boom ''' x" in text, "an error must not close its code block"


def test_a_way_in_that_goes_is_a_danger():
    attachment = urn("mlplatform:network:Network$aws:ec2transitgateway/vpcAttachment:VpcAttachment", "network-gateway")
    admin = urn("mlplatform:cluster:Cluster$aws:eks/accessPolicyAssociation:AccessPolicyAssociation", "main-deployer")
    log = [step("replace", attachment, because=["transitGatewayId"]), step("delete", admin)]
    found = {danger.change.urn: danger.consequence for danger in dangers(events.read(log).changes)}
    assert found[attachment].endswith("until a new attachment stands")
    assert found[admin] == "its principal loses its rights in the cluster"


def test_equal_dangers_share_a_line():
    subnets = [urn("aws:ec2/subnet:Subnet", f"private-{zone}") for zone in "abcd"]
    text = page([step("replace", each, because=["vpcId"]) for each in subnets])
    assert (
        "- **replace Subnet** `private-a`, `private-b`, `private-c` and 1 more: everything in the subnet is deleted. "
        "Because of: vpcId." in text
    )

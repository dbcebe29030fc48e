"""The summary for a pull request."""

import json

from report.dangers import Danger, dangers, plan_from
from report.dangers.danger import NOTE
from report.events import CAUSE
from report.summary import MOST_DANGERS
from report.summary import summary as page_of
from tests.report.logs import NETWORK, PROVIDER, created, finding, seen, state, step, summary, urn

BUCKET = urn("mlplatform:network:Network$aws:s3/bucket:Bucket", "network-flow-logs")
NAT = urn("mlplatform:network:Network$aws:ec2/natGateway:NatGateway", "network-nat-c")


def page(log, compared_with="`main`", old_facts="", **more):
    look = seen([step("same", PROVIDER, inputs={"region": "us-east-1"}), *log], **more)
    plan = plan_from(look)
    return page_of("dev", look, plan, dangers(plan), compared_with, (), old_facts)


def test_a_first_build_has_result_changes_policies_and_cost():
    text = page(created(), "an empty account")
    assert "| Result | the preview succeeds |" in text
    assert "| Changes | 12 create, compared with an empty account |" in text
    assert "| Policies | no mandatory findings, advisory findings: 0 |" in text
    assert "| Monthly cost | 148 to 605 USD; resources without a price: 1 |" in text
    assert "| Network | 6 |  |  |  |" in text, "changes by component"
    assert text.startswith("## Stack `dev`: no dangers\n"), "a first build endangers nothing"


def test_the_summary_has_a_row_about_old_facts_only_when_there_are_some():
    assert "| Old facts | 3 files of the catalog |" in page(created(), old_facts="3 files of the catalog")
    assert "Old facts" not in page(created())


def test_cost_is_shown_before_and_after_in_all_and_by_component():
    text = page([step("create", NAT, NETWORK), step("same", BUCKET, NETWORK), summary(create=1)])
    assert "a change of +35 to +78 USD (before: " in text
    assert "| Component | Min before | Max before | Min/month | Max/month |" in text
    assert "a change of" not in page([step("same", BUCKET, NETWORK), summary(same=1)])
    assert "USD, unchanged" in page([step("same", BUCKET, NETWORK), summary(same=1)])


def test_the_gravest_danger_is_the_headline_and_dangers_stand_before_everything_else():
    log = [
        step("replace", NAT, NETWORK, because=["subnetId"]),
        step("replace", BUCKET, NETWORK, because=["bucket"]),
        summary("succeeded", replace=2),
    ]
    lines = page(log).splitlines()
    assert lines[0] == "## Stack `dev`: Bucket network-flow-logs replaced by an empty one, because of bucket"
    assert lines[2] == "**Dangers 2**: 1 data, 1 nodes · the preview succeeds · 2 replace · cost as before"
    assert lines[4].startswith(
        "- **Danger, data**: its objects and all their versions would be lost. Gently: add a second"
    )
    assert lines[5].startswith("- **Danger, nodes**: NatGateway network-nat-c replaced, because of subnetId")
    assert lines[9].startswith("| Result |"), "the verdict comes next"


def test_many_dangers_are_the_gravest_ones_and_a_count():
    type_ = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
    log = [step("create", urn(type_, f"r{i}"), inputs={"cidrIpv4": f"10.{i}.0.0/16"}) for i in range(40)]
    text = page([step("same", urn(type_, "old")), *log, summary(create=40)])
    assert text.count("**Danger, access**") == MOST_DANGERS
    assert f"- and less grave ones: {40 - MOST_DANGERS} access" in text


def test_a_refused_change_without_dangers_is_not_headed_as_harmless():
    text = page([step("update", NETWORK), finding(), summary("failed")], code=255)
    assert text.startswith("## Stack `dev`: refused by net-flow-logs\n")
    assert "**refused by net-flow-logs**" in text.splitlines()[2]


def test_the_cause_of_other_findings_is_the_headline_and_the_first_row():
    log = [step("update", NETWORK), finding("a-rule"), finding(CAUSE, "advisory", "Judged as prod, but says dev.")]
    lines = page([*log, summary("failed")], code=255).splitlines()
    assert lines[0] == "## Stack `dev`: Judged as prod, but says dev"
    assert [line.split("|")[2].strip() for line in lines if "| network |" in line][:2] == [CAUSE, "a-rule"]


def test_changed_resources_have_names_and_every_urn_can_be_waived():
    urns = [urn("aws:s3/bucket:Bucket", f"b{number}") for number in range(17)]
    findings = [finding(message=f"bad.\nWaive: - {NETWORK}").replace(NETWORK, each) for each in urns]
    text = page([*(step("create", each) for each in urns), *findings, summary("failed", create=17)], code=255)
    assert "\n".join([f"- {urns[0]}", *(f"# or: {each}" for each in sorted(urns)[1:])]) in text
    assert "| create | Bucket | b0, b1, b10," in text


def test_only_costs_that_change_are_listed_on_a_live_stack():
    text = page(
        [step("create", NAT, NETWORK), step("same", urn("aws:ec2/natGateway:NatGateway", "x")), summary(create=1)]
    )
    table = text.partition("Cost by component whose cost changes")[2]
    assert "| Network |" in table
    assert "| stack |" not in table


def test_names_and_values_of_a_change_are_no_markdown():
    bad = urn("aws:s3/bucket:Bucket", "<img src=x>|*a*`")
    text = page([step("delete", bad), summary(delete=1)])
    assert "Bucket \\<img src=x\\>\\|\\*a\\*\\` deleted" in text
    key = urn("x:y:Z", "z")
    changed = step("update", key, old=state(key, inputs={"a": "`x`"}), inputs={"a": "y"}, because=["a"])
    assert "| `` a: `x` → y `` |" in page([changed, summary(update=1)])


def test_texts_of_policies_are_no_markdown_no_html_and_tell_nobody():
    message = "clusters.<name> *deployer* <img src=x> a|b.\nFix: ask @team for `x` \\<b>&lt;i&gt;"
    text = page([step("update", NETWORK), finding(message=message), summary("failed")], code=255)
    (row,) = [line for line in text.splitlines() if line.startswith("| **mandatory**")]
    assert "| clusters.\\<name\\> \\*deployer\\* \\<img src=x\\> a\\|b. |" in row
    assert "ask @<!-- -->team for \\`x\\` \\\\\\<b\\>\\&lt;i\\&gt; |" in row


def test_a_rule_leads_to_its_section_which_says_why(monkeypatch):
    log = [step("update", NETWORK), finding(message="bad.\nMore: docs/policies/README.md#net-flow-logs"), summary()]
    monkeypatch.delenv("GITHUB_REPOSITORY", raising=False)
    assert "| net-flow-logs, docs/policies/README.md#net-flow-logs |" in page(log)
    for name, value in (("SERVER_URL", "https://github.com"), ("REPOSITORY", "acme/ml"), ("SHA", "abc")):
        monkeypatch.setenv(f"GITHUB_{name}", value)
    link = "[net-flow-logs](https://github.com/acme/ml/blob/abc/docs/policies/README.md#net-flow-logs)"
    assert f"| {link} |" in page(log)


def test_a_note_is_no_danger_and_no_headline():
    look = seen([step("same", PROVIDER, inputs={"region": "us-east-1"}), step("update", NETWORK), summary(update=1)])
    note = Danger(kind="judge", severity=NOTE, says="a cap is stricter", consequence="more is refused")
    lines = page_of("dev", look, plan_from(look), (note,), "`main`").splitlines()
    assert lines[0] == "## Stack `dev`: no dangers"
    assert lines[2].startswith("No dangers known")
    assert lines[4] == "- **Note, judge**: a cap is stricter: more is refused."


def test_changed_properties_are_shown_once_with_their_resources_and_tags_last():
    old, new = ({"public": on, "tagsAll": {"team": team}} for on, team in ((False, "a"), (True, "b")))
    clusters = [urn("x:y:Cluster", name) for name in ("one", "two")]
    log = [
        step("update", each, old=state(each, inputs=old), inputs=new, because=["public", "tagsAll"])
        for each in clusters
    ]
    lines = page([*log, summary(update=2)]).splitlines()
    public, tags = (next(i for i, line in enumerate(lines) if word in line) for word in ("`public:", "`tagsAll."))
    assert lines[public] == "| `public: false → true` | Cluster one, two |"
    assert lines[tags] == "| `tagsAll.team: a → b` | one, two |"
    assert public < tags


def test_a_refused_preview_groups_findings_by_rule_with_a_waiver_to_paste():
    waive = "Waive: - {rule: net-flow-logs}"
    findings = [finding(message=f"{problem}.\nWhy: x\nFix: close it\n{waive}") for problem in ("a | b", "a | b", "c")]
    text = page([*created()[:-2], *findings, summary("failed", create=12)], code=255)
    assert "| Result | **refused by net-flow-logs** |" in text
    assert "**mandatory findings: 2**" in text, "equal findings are one"
    assert "| **mandatory** | net-flow-logs | 2 | network | a \\| b.; c. | close it |" in text
    assert "```yaml\n- {rule: net-flow-logs}\n```" in text, "two findings at one resource need one waiver"


def test_an_incomplete_preview_says_where_it_stopped_and_shows_no_cost():
    error = json.dumps({"diagnosticEvent": {"severity": "error", "urn": NAT, "message": "<{%reset%}>boom ``` x"}})
    text = page([*created()[:5], error, summary("failed", create=4)], code=1)
    assert "not all of the change is known" in text.splitlines()[0]
    assert f"| Result | **the preview fails; incomplete, stopped at {NAT}: boom \\`\\`\\` x** |" in text
    assert "| Changes | at least 4 create" in text
    assert "| Monthly cost | not known: the preview is incomplete |" in text
    assert "USD" not in text, "no sum of what was seen so far"
    assert "advisory findings: 0, until it stopped" in text
    assert "boom ''' x" in text, "an error must not close its code block"


def test_equal_runs_make_equal_pages():
    log = [*created()[:-2], finding(), finding("a-rule", "advisory", "b"), summary("failed", create=12)]
    shuffled = [*reversed(log[4:-1]), *log[:4], log[-1]]
    assert page(log, code=255) == page(shuffled, code=255), "the engine works on several resources at once"


def test_what_protection_refuses_is_named_with_the_command_that_lets_it_go():
    log = [step("delete", BUCKET, NETWORK, protect=True), step("delete", NAT, NETWORK), summary("failed", delete=2)]
    text = page(log, code=255)
    assert "refused by protection of 1 resource" in text
    assert f"pulumi state unprotect '{BUCKET}' --yes\n```" in text
    assert NAT not in text
    assert "### Protection" not in page([step("delete", NAT, NETWORK), summary(delete=1)])

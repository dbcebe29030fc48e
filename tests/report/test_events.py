"""The event log: changes, policy findings and parents of resources."""

from policies.analyzer import IN_PRODUCTION
from report import events
from report.tree import component_of, title
from tests.report.logs import NETWORK, POOL, STACK, created, finding, state, step, summary, urn

VPC = urn("mlplatform:network:Network$aws:ec2/vpc:Vpc", "network")


def test_all_steps_of_a_replacement_are_one_change():
    log = [step("create-replacement", VPC, NETWORK, because=["cidrBlock"])]
    log += [step(op, VPC, NETWORK) for op in ("replace", "delete-replaced")]
    (change,) = events.read(log).changes
    assert (change.op, change.name, change.because) == ("replace", "network", ("cidrBlock",))


def test_a_resource_that_stays_the_same_is_not_a_change():
    assert events.read([step("same", VPC), step("read", VPC), summary(same=2)]).changes == ()


def test_protection_is_counted_and_a_protected_deletion_is_known():
    log = [step("same", VPC, protect=True), step("delete", POOL, old=state(POOL, protect=True))]
    operation = events.read(log)
    assert operation.protected == 1, "one resource stays protected"
    assert operation.changes[0].protected, "the deleted resource was protected"


def test_findings_have_no_colours_and_no_duplicates():
    operation = events.read([finding(), finding(), finding("cost-gp3", "warning", "gp2")])
    assert [each.message for each in operation.findings] == ["no flow log", "gp2"]
    assert [each.policy for each in operation.mandatory] == ["net-flow-logs"], "a warning stops nothing"


def test_an_incomplete_log_has_no_result():
    assert events.read(created()[:4]).succeeded is None
    assert events.read(created()).succeeded is True
    assert events.read([summary("failed", create=1)]).succeeded is False


def test_counts_have_a_fixed_order():
    counts = {"same": 3, "create": 1, "delete-replaced": 1, "create-replacement": 1, "delete": 2}
    assert events.counted(counts) == "1 create, 2 replace, 2 delete, 3 same"


def test_progress_counts_finished_resources_in_a_half_written_log():
    lines = ['{"sequence":1,"timestamp":1,"resOutputsEvent":{', '{"sequence":2,"timestamp":1,"resourcePreEvent":{']
    assert events.count_resources(lines) == 1


def test_a_resource_belongs_to_the_nearest_component_of_the_project():
    inner = urn("eks:index:Cluster$aws:eks/cluster:Cluster", "main")
    eks, own = urn("eks:index:Cluster", "main"), urn("mlplatform:cluster:Cluster", "main")
    parents = {inner: eks, eks: own, own: STACK, STACK: ""}
    assert component_of(inner, parents) == "Cluster main", "a component of another package does not count"


def test_a_resource_without_a_component_belongs_to_the_stack():
    assert component_of(VPC, {VPC: STACK, STACK: ""}) == "stack"
    assert component_of(VPC, {VPC: VPC}) == "stack", "a cycle must not stop the report"


def test_a_resource_under_only_another_packages_component_belongs_to_that():
    other = urn("x:y:Thing", "mine")
    assert component_of(VPC, {VPC: other, other: STACK}) == "Thing mine"


def test_a_title_does_not_repeat_the_type_as_name():
    assert title(NETWORK) == "Network"
    assert title(POOL) == "NodePool main-system"


def test_fixes_of_a_rule_are_those_of_all_its_findings_and_what_they_share_once():
    fix = "Fix: Keep it. In the program: "
    tails = ("a[0].x: 1.", "a[1].x: 1.", 'reclaimPolicy: "Retain".', "no b.c.", "d: 1.", "")
    log = [finding(message=f"bad {n}.\n{fix if tail else ''}{tail}") for n, tail in enumerate(tails)]
    found = events.read(log).findings
    assert events.fixes(found[:1]) == "Keep it. In the program: a[0].x: 1."
    assert events.fixes(found[:2]) == "Keep it. In the program: a[0].x: 1.", "another place of the same kind"
    assert events.fixes(found[:3]) == 'Keep it. In the program: a[0].x: 1; reclaimPolicy: "Retain".'
    assert events.fixes(found).endswith('; reclaimPolicy: "Retain"; no b.c; and 1 more.')
    assert events.fixes(found[5:]) == ""
    different = events.read([finding(message=f"x.\nFix: {each}") for each in ("close it", "drop it")]).findings
    assert events.fixes(different) == "close it; drop it."


def test_what_others_follow_from_comes_first():
    found = events.read([finding("a"), finding(events.CAUSE, "advisory"), finding("z")]).findings
    assert [each.policy for each in found] == [events.CAUSE, "a", "z"]
    assert IN_PRODUCTION.id == events.CAUSE


def test_a_finding_has_the_problem_and_the_fix():
    (policy_finding,) = events.read(
        [finding(message="is open.\nWhy: anyone may try.\nFix: close it.\nMore: docs\nWaive: - {}")]
    ).findings
    assert (policy_finding.problem, policy_finding.part("Fix")) == ("is open.", "close it.")


def test_a_finding_about_a_resource_that_goes_is_at_that_resource():
    (lost,) = events.read([finding(message=f"{VPC} would be deleted.\nFix: undo it.")]).findings
    assert (lost.urn, lost.problem) == (VPC, "network would be deleted."), "the engine shows it at the stack"

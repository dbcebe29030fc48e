"""`make upgrade-check`: what the next version of Kubernetes brings, and what blocks it."""

import json
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from datetime import date

import pytest
import yaml

from catalog.charts import CHARTS
from catalog.kubernetes import VERSIONS
from components.stack.stack_file import SettingsError, load_file
from report import upgrade
from report.clients import runner
from report.simulated import ROOT, ReportError
from settings.stack.checks import versions
from simulator.aws.tokens import CLUSTER
from simulator.cloud import Cloud
from simulator.kubernetes.clusters import cluster_of

pytestmark = pytest.mark.engine


def checked(stack: str, tmp_path, monkeypatch, capsys, **cluster: object) -> tuple[int, str]:
    monkeypatch.setattr(upgrade, "HOME", tmp_path)
    file = tmp_path / f"Pulumi.{stack}.yaml"
    content = yaml.safe_load((ROOT / file.name).read_text())
    content["config"]["ml-platform:clusters"]["main"] |= cluster
    file.write_text(yaml.safe_dump(content))
    code = upgrade.upgrade_check(stack, file)
    return code, " ".join(capsys.readouterr().out.split())


def test_the_next_version_is_rehearsed_on_the_stack_as_it_is(tmp_path, monkeypatch, capsys) -> None:
    code, said = checked("dev", tmp_path, monkeypatch, capsys)
    assert code == 0, said
    assert "cluster main: Kubernetes 1.35 -> 1.36" in said
    assert "kube-proxy v1.35.3-eksbuild.5 -> v1.36.0-eksbuild.21" in said
    assert "4 node groups of 2 managed pools roll, zone by zone" in said
    assert "rehearsed preview, up, refresh, and a second preview without a change" in said
    assert "aws eks list-insights --cluster-name ml-platform-dev-main" in said


def test_an_add_on_without_a_version_blocks_it(tmp_path, monkeypatch, capsys) -> None:
    code, said = checked("prod", tmp_path, monkeypatch, capsys)
    assert code == 1
    assert "BLOCKED" in said
    assert "no version of aws-fsx-csi-driver for Kubernetes 1.36" in said


def test_a_chart_whose_makers_name_an_older_version_blocks_it(tmp_path, monkeypatch, capsys) -> None:
    old = {**CHARTS, "karpenter": replace(CHARTS["karpenter"], kubernetes="1.35")}
    monkeypatch.setattr(upgrade, "CHARTS", old)
    code, said = checked("dev", tmp_path, monkeypatch, capsys)
    assert code == 1
    assert "BLOCKED chart karpenter 1.14.1: its makers name Kubernetes up to 1.35. Take a later" in said


def test_the_newest_version_has_no_next_one(tmp_path, monkeypatch, capsys) -> None:
    code, said = checked("dev", tmp_path, monkeypatch, capsys, version="1.36")
    assert code == 0
    assert "Kubernetes 1.36 -> EKS has no later version yet" in said


def test_a_file_past_its_support_is_checked_all_the_same(tmp_path, monkeypatch, capsys) -> None:
    """AWS upgrades such a cluster by itself: then people need the check most."""
    past = {**VERSIONS, "1.35": replace(VERSIONS["1.35"], end_standard=date(2026, 1, 1))}
    for module in (upgrade, versions):
        monkeypatch.setattr(module, "VERSIONS", past)
    with pytest.raises(SettingsError, match="standard support on 2026-01-01"):
        load_file(ROOT / "Pulumi.dev.yaml")
    with pytest.raises(SettingsError, match="pools"):
        checked("dev", tmp_path, monkeypatch, capsys, pools=[])
    code, said = checked("dev", tmp_path, monkeypatch, capsys)
    assert "The check goes on as with support_type: EXTENDED in main." in said
    assert "rehearsed preview, up, refresh" in said
    assert code == 0


def test_the_image_of_the_autoscaler_follows_the_version(capsys) -> None:
    main = load_file(ROOT / "Pulumi.dev.yaml").parts_of("main")
    assert not list(upgrade._charts(main, "1.36"))
    assert "cluster-autoscaler" not in capsys.readouterr().out, "nobody has to look it up"
    assert any(
        text.startswith("cluster-autoscaler: no image for Kubernetes 1.99") for text in upgrade._charts(main, "1.99")
    )


def budget(name: str, *, allowed: int, pods: int) -> dict[str, object]:
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": name, "namespace": "users"},
        "status": {"disruptionsAllowed": allowed, "expectedPods": pods},
    }


def test_two_budgets_of_the_same_pods_are_found_since_none_of_these_is_evicted(tmp_path, capsys) -> None:
    with closing(Cloud(tmp_path / "cloud.sqlite")) as cloud:
        cluster = cluster_of(cloud, cloud.put(CLUSTER, "ml-platform-dev-main", {"version": "1.35"}, region="us-west-2"))
        for name, labels in (("a", {"app": "web"}), ("b", {"app": "web", "tier": "front"}), ("c", {"app": "api"})):
            spec = {"selector": {"matchLabels": labels}, "maxUnavailable": 1}
            cluster.put({**budget(name, allowed=1, pods=2), "spec": spec}, "users")
    with runner(tmp_path) as run:
        assert upgrade._ask(load_file(ROOT / "Pulumi.dev.yaml"), run) == 1
    said = " ".join(capsys.readouterr().out.split())
    assert said.count("BLOCKED") == 1
    assert "users/a and users/b select the same pods, and Kubernetes evicts no pod with two." in said


def test_clusters_that_are_up_are_asked_for_budgets_that_stop_nodes_and_for_what_eks_has_seen(tmp_path, capsys) -> None:
    with closing(Cloud(tmp_path / "cloud.sqlite")) as cloud:
        cluster = cluster_of(cloud, cloud.put(CLUSTER, "ml-platform-dev-main", {"version": "1.35"}, region="us-west-2"))
        for each in (budget("one-replica", allowed=0, pods=1), budget("gone", allowed=0, pods=0)):
            cluster.put(each, "users")
        cluster.put(budget("enough", allowed=1, pods=3), "users")
    settings = load_file(ROOT / "Pulumi.dev.yaml")
    with runner(tmp_path) as run:
        assert upgrade._ask(settings, run) == 1
    said = " ".join(capsys.readouterr().out.split())
    assert said.count("BLOCKED") == 1
    assert "the PodDisruptionBudget users/one-replica allows no disruption" in said

    def eks_has_seen_a_caller(words: Sequence[str]) -> str:
        status = {"status": "ERROR", "reason": "Deprecated API usage detected within last 30 days"}
        return json.dumps({"items": [], "insights": [{"name": "Deprecated APIs removed", "insightStatus": status}]})

    assert upgrade._ask(settings, eks_has_seen_a_caller) == 1
    said = " ".join(capsys.readouterr().out.split())
    assert "EKS says ERROR of Deprecated APIs removed: Deprecated API usage detected" in said


def test_a_cluster_that_cannot_be_asked_is_told(tmp_path) -> None:
    Cloud(tmp_path / "cloud.sqlite").close()
    with runner(tmp_path) as run, pytest.raises(ReportError, match="ml-platform-dev-main in us-west-2 cannot be asked"):
        upgrade._ask(load_file(ROOT / "Pulumi.dev.yaml"), run)


@pytest.mark.parametrize("clusters", [{"main": None}, {"main": "x"}, {"main": {"version": [1]}}, [1]])
def test_a_file_that_is_wrong_is_reported_as_such(tmp_path, monkeypatch, clusters) -> None:
    monkeypatch.setattr(upgrade, "HOME", tmp_path)
    file = tmp_path / "Pulumi.dev.yaml"
    content = yaml.safe_load((ROOT / file.name).read_text())
    content["config"]["ml-platform:clusters"] = clusters
    file.write_text(yaml.safe_dump(content))
    with pytest.raises(SettingsError):
        upgrade.upgrade_check("dev", file)
    file.write_text("config: [")
    with pytest.raises(SettingsError):
        upgrade.upgrade_check("dev", file)

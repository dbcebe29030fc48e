"""`make upgrade-check`: what the next version of Kubernetes brings, and what blocks it."""

from dataclasses import replace

import pytest
import yaml

from catalog.charts import CHARTS
from report import upgrade
from report.simulated import ROOT

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

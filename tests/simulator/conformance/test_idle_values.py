"""Values of releases that their charts do not read, by the facts of the catalog."""

from pathlib import Path

from catalog.charts import CHARTS
from simulator.cloud import Cloud
from simulator.conformance.charts import idle_values


def found(folder: Path, **values) -> list[str]:
    chart = CHARTS["cert-manager"]
    state = {"name": "cert-manager", "chart": chart.repository, "version": chart.version, "values": values}
    cloud = Cloud(folder / "cloud.sqlite")
    cloud.put("kubernetes:helm.sh/v3:Release", "main/cert-manager/cert-manager", state)
    cloud.close()
    return idle_values(folder / "cloud.sqlite")


def test_a_value_that_no_template_reads_is_a_fault(tmp_path):
    (text,) = found(tmp_path, replicaCount=2, webhook={"replicacount": 3})
    assert text.startswith("release cert-manager: values.webhook.replicacount: the chart cert-manager")
    assert text.endswith("Did you mean replicaCount?")


def test_values_that_are_read_are_none(tmp_path):
    assert not found(tmp_path, replicaCount=2, crds={"enabled": True})

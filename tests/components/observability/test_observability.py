"""What measures a cluster: in which order it comes, and what it reads."""

from typing import Any

from tests.components.conftest import PlatformCloud
from tests.components.stacks import stack

MONITOR = "monitoring.coreos.com/v1:PodMonitor"


def built(cloud: PlatformCloud, **more: Any) -> None:
    cloud.up(stack(**{"observability": {}, **more}))


def test_definitions_come_before_the_operator_and_monitors_after_it(cloud: PlatformCloud) -> None:
    built(cloud)
    release = cloud.one("helm.sh/v3:Release", "main-kube-prometheus-stack")
    assert cloud.comes_after(release, cloud.one("helm.sh/v3:Release", "main-prometheus-operator-crds"))
    assert cloud.comes_after(release, cloud.one("helm.sh/v3:Release", "main-cert-manager"))
    monitors = cloud.all(MONITOR)
    assert {each.inputs["metadata"]["name"] for each in monitors} >= {"node-exporter-node-exporter"}
    for each in monitors:
        assert each.stands_on(release), each.name

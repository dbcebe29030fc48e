"""Every object of a cloud on a real API server: created, changed and deleted."""

from pathlib import Path

from simulator.conformance.objects import ObjectsResult, check_objects
from simulator.control_plane.client import ApiServer
from simulator.control_plane.planes import ControlPlanes
from simulator.kubernetes.clusters import Cluster
from simulator.kubernetes.real import RealServer
from tests.simulator.control_planes import is_built, planes  # noqa: F401
from tests.simulator.kubernetes.bench import bench, config_map, namespace

pytestmark = is_built


def test_an_object_that_is_refused_is_named_and_charts_are_judged_while_the_others_are_there(
    tmp_path: Path,
    planes: ControlPlanes,  # noqa: F811
) -> None:
    made = bench(tmp_path)
    made.make(namespace("judged"), "judged")
    made.make(config_map("right", "judged"), "right")
    wrong = config_map("wrong", "judged") | {"data": {"a key": "1"}}
    made.cloud.put("kubernetes:core/v1:ConfigMap", "main/judged/wrong", wrong)
    present, servers = list[str](), list[ApiServer]()

    def look(cluster: Cluster, real: RealServer) -> None:
        server = planes.server(cluster.place, cluster.version)
        servers.append(server)
        present.extend(name for name in ("right", "wrong") if server.get("v1", "ConfigMap", "judged", name))

    (result,) = check_objects(tmp_path / "cloud.sqlite", planes, look)
    assert present == ["right"]
    count = result.total - 1
    expected = ObjectsResult("main", "1.35", result.total, count, count, count, result.refused)
    assert result == expected, "what is refused once is neither changed nor deleted"
    (refused,) = result.refused
    assert refused.startswith("ConfigMap wrong is not created: ")
    assert "data[a key]: Invalid value" in refused
    assert servers[0].get("v1", "Namespace", "", "judged") is None


def test_the_namespace_that_an_add_on_brings_is_there_for_what_is_in_it(tmp_path: Path, planes: ControlPlanes) -> None:  # noqa: F811
    made = bench(tmp_path)
    made.cloud.put("aws:eks/addon:Addon", "main:aws-guardduty-agent", {})
    made.cloud.put("kubernetes:core/v1:ConfigMap", "main/amazon-guardduty/a", config_map("a", "amazon-guardduty"))
    (result,) = check_objects(tmp_path / "cloud.sqlite", planes)
    assert not result.refused
    assert result.deleted == result.total

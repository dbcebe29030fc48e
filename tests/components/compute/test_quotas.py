import pytest

from components.compute.quotas import requests
from settings.compute.quotas import QuotaNeed
from tests.components.stacks import CLUSTER, POOL, stack

P_ON_DEMAND = "L-417A185B"
P4D = {"name": "gpu", "instance_types": ["p4d.24xlarge"], "min_per_zone": 0, "max_per_zone": 2}


def asked(cloud, quotas, clusters=None):
    cloud.up(stack(clusters=clusters or {"main": {**CLUSTER, "pools": [POOL, P4D]}}, quotas=quotas))
    return {q.inputs["quotaCode"]: q.inputs["value"] for q in cloud.all("serviceQuota:ServiceQuota")}


def test_nothing_is_asked_for_unless_the_stack_file_says_so(cloud):
    assert asked(cloud, {}) == {}


def test_what_the_pools_take_at_most_is_asked_for(cloud):
    assert asked(cloud, {"request": True})[P_ON_DEMAND] == 2 * 3 * 96, "two nodes in each of three zones"
    quota = cloud.one("serviceQuota:ServiceQuota", f"platform-quota-{P_ON_DEMAND}")
    assert quota.inputs["serviceCode"] == "ec2"


def test_clusters_share_the_quotas_of_their_account(cloud):
    cluster = {**CLUSTER, "pools": [POOL, P4D]}
    assert asked(cloud, {"request": True}, {"main": cluster, "other": cluster})[P_ON_DEMAND] == 2 * 576


def test_a_quota_that_is_large_enough_is_left_alone(cloud):
    """AWS refuses a request for less than there is."""
    assert P_ON_DEMAND not in asked(cloud, {"request": True, "vcpus": {P_ON_DEMAND: 576}})
    assert asked(cloud, {"request": True, "vcpus": {P_ON_DEMAND: 575}})[P_ON_DEMAND] == 576


@pytest.mark.parametrize(
    ("need", "have", "earlier", "asked"),
    [
        (576, None, 1152, 1152),
        (576, 64, 1152, 1152),
        (0, None, 1152, 1152),
        (1152, None, 576, 1152),
        (576, 1152, 1152, None),
    ],
)
def test_a_need_that_shrinks_leaves_a_request_as_it_is(need, have, earlier, asked):
    needs = [QuotaNeed(code=P_ON_DEMAND, name="P", default=0, vcpus=need, pools=(), have=have)] if need else []
    known = {} if have is None else {P_ON_DEMAND: have}
    assert requests(needs, known, {P_ON_DEMAND: earlier}).get(P_ON_DEMAND) == asked

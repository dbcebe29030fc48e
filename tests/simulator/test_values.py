from hypothesis import given
from hypothesis import strategies as st

from simulator.values import UNKNOWN, from_struct, has_unknown, to_struct

scalars = st.none() | st.booleans() | st.integers(-(2**50), 2**50) | st.text() | st.just(UNKNOWN)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4)
)


@given(st.dictionaries(st.text(), values, max_size=6))
def test_properties_survive_the_wire(props):
    assert from_struct(to_struct(props)) == props


def test_a_port_is_a_whole_number_after_the_wire():
    assert str(from_struct(to_struct({"port": 443.0}))["port"]) == "443", "AWS messages would show 443.0"


def test_an_unknown_is_found_however_deep_it_lies():
    assert has_unknown({"vpcConfig": {"subnetIds": ["subnet-1", UNKNOWN]}})
    assert not has_unknown({"vpcConfig": {"subnetIds": ["subnet-1"]}})


def test_an_unknown_refuses_to_be_taken_for_false():
    try:
        reached = bool(UNKNOWN)
    except TypeError:
        reached = None
    assert reached is None, "`if value:` on an unknown would silently pick a branch"

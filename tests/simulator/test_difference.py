from hypothesis import given
from hypothesis import strategies as st

from simulator.difference import Change, Kind, changes
from simulator.values import UNKNOWN

json_values = st.recursive(
    st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
)


@given(st.dictionaries(st.text(max_size=3), json_values))
def test_equal_properties_have_no_changes(props):
    assert changes(props, props) == []


def test_paths_have_the_engines_form():
    old = {"scaling": {"max": 3}, "subnets": ["a", "b"], "tags": {"team.name": "x"}, "gone": 1}
    new = {"scaling": {"max": 5}, "subnets": ["a"], "tags": {"team.name": "y"}, "fresh": 1}
    assert changes(old, new) == [
        Change("fresh", Kind.ADD),
        Change("gone", Kind.DELETE),
        Change("scaling.max", Kind.UPDATE),
        Change("subnets[1]", Kind.DELETE),
        Change('tags["team.name"]', Kind.UPDATE),
    ]


def test_an_unknown_value_counts_as_changed():
    assert changes({"vpcId": "vpc-1"}, {"vpcId": UNKNOWN}) == [Change("vpcId", Kind.UPDATE)]


def test_none_is_the_same_as_absent():
    assert changes({"a": None}, {}) == [], "the engine drops nulls, so this change would never end"


def test_the_pattern_of_a_path_matches_any_element_of_a_list():
    assert Change("rules[3].ports[0]", Kind.UPDATE).pattern == "rules[*].ports[*]"

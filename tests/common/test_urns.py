import pytest

from common.urns import name_of, stack_of, type_of

BUCKET = "urn:pulumi:dev::ml-platform::mlplatform:network:Network$aws:s3/bucket:Bucket::network-flow-logs"


def test_the_parts_of_a_urn():
    assert (stack_of(BUCKET), type_of(BUCKET), name_of(BUCKET)) == ("dev", "aws:s3/bucket:Bucket", "network-flow-logs")


def test_a_name_may_contain_the_separator():
    urn = "urn:pulumi:dev::shop::aws:iam/role:Role::team::reader"
    assert (type_of(urn), name_of(urn)) == ("aws:iam/role:Role", "team::reader"), "the engine reads it in this way"


@pytest.mark.parametrize(
    ("text", "name"), [("", ""), ("nonsense", "nonsense"), ("a::b", "b"), ("urn:pulumi", "urn:pulumi")]
)
def test_a_text_that_is_not_a_urn_has_no_type_and_no_stack(text, name):
    assert (stack_of(text), type_of(text), name_of(text)) == ("", "", name)

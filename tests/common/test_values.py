import copy
import pickle

import pytest
from pulumi.runtime import rpc

from common.values import (
    OUTPUT_SIGNATURE,
    SECRET_SIGNATURE,
    SIGNATURE_KEY,
    UNKNOWN,
    UNKNOWN_TEXT,
    UNKNOWN_TEXTS,
    Secret,
    has_unknown,
    opened,
)


def test_unknowns_and_signatures_equal_those_of_pulumis_own_sdks():
    assert rpc.UNKNOWN == UNKNOWN_TEXT
    assert rpc._special_sig_key == SIGNATURE_KEY
    assert (rpc._special_secret_sig, rpc._special_output_value_sig) == (SECRET_SIGNATURE, OUTPUT_SIGNATURE)
    proxy = pytest.importorskip("pulumi_policy.proxy")
    unknowns_of_the_sdk = {value for name, value in vars(proxy).items() if name.startswith("UNKNOWN_")}
    assert unknowns_of_the_sdk == UNKNOWN_TEXTS, "an unknown that is not recognised would be taken for a text"


def test_an_unknown_is_neither_true_nor_false():
    with pytest.raises(TypeError, match="test `is UNKNOWN` first"):
        bool(UNKNOWN)  # `if value:` on an unknown would silently pick a branch


def test_a_copy_of_the_unknown_is_the_same_object():
    assert copy.deepcopy({"a": [UNKNOWN]})["a"][0] is UNKNOWN
    assert pickle.loads(pickle.dumps(UNKNOWN)) is UNKNOWN


@pytest.mark.parametrize("inner", [["subnet-1", UNKNOWN], Secret(UNKNOWN), (UNKNOWN,)])
def test_an_unknown_is_found_at_any_depth(inner):
    assert has_unknown({"vpcConfig": {"subnetIds": inner}})
    assert not has_unknown({"vpcConfig": {"subnetIds": ["subnet-1"]}})


def test_a_secret_is_opened_and_never_shown():
    assert opened({"a": [Secret({"b": Secret("hunter2")})], "c": UNKNOWN}) == {"a": [{"b": "hunter2"}], "c": UNKNOWN}
    assert "hunter2" not in f"{Secret('hunter2')} {Secret('hunter2')!r} {[Secret('hunter2')]}"

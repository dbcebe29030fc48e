from common.spelling import nearest


def test_the_most_similar_word_is_suggested():
    assert nearest("enviroment", ["region", "environment", "owner"]) == "environment"
    assert nearest("cidrBlok", {"cidrBlock": 1, "cidrBlocks": 2}) == "cidrBlock", "of a mapping, the keys count"


def test_upper_and_lower_case_are_the_same():
    assert nearest("SPOT", ["on-demand", "spot"]) == "spot"
    assert nearest("imagepulpolicy", ["imagePullPolicy"]) == "imagePullPolicy"


def test_no_word_is_suggested_when_none_is_similar():
    assert nearest("zebra", ["region", "owner"]) is None
    assert nearest("zebra", []) is None


def test_words_that_share_a_long_prefix_need_a_higher_cutoff():
    assert nearest("aws:ec2/vpn:Vpn", ["aws:ec2/eip:Eip"]) == "aws:ec2/eip:Eip"
    assert nearest("aws:ec2/vpn:Vpn", ["aws:ec2/eip:Eip"], cutoff=0.8) is None

from common.spelling import nearest


def test_the_most_alike_word_is_offered():
    assert nearest("enviroment", ["region", "environment", "owner"]) == "environment"
    assert nearest("cidrBlok", {"cidrBlock": 1, "cidrBlocks": 2}) == "cidrBlock", "a mapping is its keys"


def test_no_word_is_offered_where_none_is_alike():
    assert nearest("zebra", ["region", "owner"]) is None
    assert nearest("zebra", []) is None


def test_words_that_are_alike_by_nature_take_a_higher_cutoff():
    assert nearest("aws:ec2/vpn:Vpn", ["aws:ec2/eip:Eip"]) == "aws:ec2/eip:Eip"
    assert nearest("aws:ec2/vpn:Vpn", ["aws:ec2/eip:Eip"], cutoff=0.8) is None

from gatewayd.ir.limit_keys import CLIENT, LIMIT, ROUTE, claim_key, header_key


def test_no_key_stands_for_others_whatever_a_header_is_called() -> None:
    keys = (LIMIT, ROUTE, CLIENT, header_key("x-*"), claim_key("*"), header_key("sub"), claim_key("sub"))
    assert not any(each.endswith("*") for each in keys)
    assert len(set(keys)) == len(keys)

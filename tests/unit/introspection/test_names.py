from gatewayd.introspection.names import names_asked, names_decoded, names_encoded, names_request


def test_names_go_through_messages() -> None:
    assert names_asked(names_request("httproute/ca")) == "httproute/ca"
    assert names_decoded(names_encoded(("httproute/cart", "gateway/"))) == ("httproute/cart", "gateway/")

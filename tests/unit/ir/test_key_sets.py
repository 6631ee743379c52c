from gatewayd.ir.backend import Protocol, Upstream
from gatewayd.ir.key_sets import KeySetSource


def test_a_source_says_whom_it_asks_and_sources_have_an_order() -> None:
    via = Upstream(kind="Service", namespace="shop", name="idp", port=80, protocol=Protocol.HTTP1)
    plain, asked = (KeySetSource(uri="https://a/", via=each) for each in (None, via))
    assert [str(each) for each in sorted((asked, plain))] == ["https://a/", "https://a/ at Service shop/idp:80"]

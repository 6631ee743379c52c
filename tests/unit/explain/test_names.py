import pytest

from gatewayd.api.meta import ObjectKey
from gatewayd.explain.names import MOST_NAMES, NamedObjects, completed

FEW = (
    NamedObjects("gateway", "gateways", [ObjectKey("default", "web")]),
    NamedObjects("gatewayclass", "gatewayclasses", [ObjectKey("", "gatewayd")]),
    NamedObjects("httproute", "httproutes", [ObjectKey("shop", "pay"), ObjectKey("default", "cart")]),
    NamedObjects("grpcroute", "grpcroutes", []),
)


@pytest.mark.parametrize(
    ("begun", "names"),
    [
        ("", ("gateway/web", "gatewayclass/gatewayd", "httproute/cart", "httproute/shop/pay")),
        ("gateway", ("gateway/web", "gatewayclass/gatewayd")),
        ("http", ("httproute/cart", "httproute/shop/pay")),
        ("httproute/", ("httproute/cart", "httproute/shop/pay")),
        ("httproute/sh", ("httproute/shop/pay",)),
        ("HTTPRoute/c", ("HTTPRoute/cart",)),
        ("httproutes/shop/", ("httproutes/shop/pay",)),
        ("grpcroute/", ()),
        ("pod/", ()),
    ],
)
def test_a_name_goes_on_as_what_there_is(begun: str, names: tuple[str, ...]) -> None:
    assert completed(FEW, begun) == names


def test_of_many_objects_kinds_come_first_and_then_no_more_than_a_screenful() -> None:
    many = [ObjectKey("shop", f"route-{number:04}") for number in range(MOST_NAMES + 5)]
    kinds = (*FEW[:3], NamedObjects("tcproute", "tcproutes", many), FEW[3])

    assert completed(kinds, "") == ("gateway/", "gatewayclass/", "httproute/", "tcproute/")
    assert len(completed(kinds, "tcproute/")) == MOST_NAMES
    assert completed(kinds, "tcp")[0] == "tcproute/shop/route-0000"

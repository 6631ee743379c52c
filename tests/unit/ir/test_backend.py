from gatewayd.ir.backend import Discovered, Endpoint, Protocol, Upstream


def upstream(name: str, port: int, protocol: Protocol) -> Upstream:
    return Upstream(kind="Service", namespace="shop", name=name, port=port, protocol=protocol)


def test_upstreams_are_sorted_by_what_names_them() -> None:
    ordered = [
        upstream("a", 80, Protocol.HTTP1),
        upstream("a", 80, Protocol.HTTP2),
        upstream("a", 81, Protocol.HTTP1),
        upstream("b", 80, Protocol.HTTP1),
    ]
    assert sorted(ordered, reverse=True) == ordered[::-1]


def test_endpoints_are_sorted_by_address_and_port() -> None:
    ordered = [
        Endpoint(address="10.0.0.1", port=80, draining=False),
        Endpoint(address="10.0.0.1", port=81, draining=False),
        Endpoint(address="10.0.0.2", port=80, draining=True),
    ]
    assert sorted(ordered, reverse=True) == ordered[::-1]


def test_what_a_protocol_is_spoken_over() -> None:
    assert {each: each.transport for each in Protocol} == {
        Protocol.HTTP1: "TCP",
        Protocol.HTTP2: "TCP",
        Protocol.TCP: "TCP",
        Protocol.UDP: "UDP",
    }


def test_who_gets_new_sessions() -> None:
    stays, other, leaves = (
        Endpoint(address=f"10.0.0.{at}", port=80, draining=draining)
        for at, draining in ((1, False), (2, False), (3, True))
    )
    assert Discovered(endpoints=(stays, leaves), failover=((other,),)).serving == (stays,)
    assert Discovered(endpoints=(leaves,), failover=((), (other, leaves))).serving == (other,)
    assert Discovered(endpoints=(leaves,), failover=((leaves,),)).serving == (leaves,)
    assert Discovered(endpoints=()).serving == ()

from gatewayd.ir.backend import Protocol, Upstream
from gatewayd.ir.filters import ExternalAuth, GRPCCheck, HTTPCheck


def says(check: HTTPCheck | GRPCCheck) -> tuple[str, ...]:
    upstream = Upstream(kind="Service", namespace="shop", name="auth", port=80, protocol=Protocol.HTTP1)
    return ExternalAuth(upstream=upstream, check=check, body_bytes=0).says


def test_a_server_says_what_it_is_not_sent() -> None:
    named = ("X-User", "x-group", "X-SEEN", "Authorization")
    assert says(HTTPCheck(path_prefix="", headers=("X-Seen",), response_headers=named)) == ("x-group", "x-user")
    # Neither of these names what the server may say.
    assert says(HTTPCheck(path_prefix="", headers=(), response_headers=())) == says(GRPCCheck(headers=("x-a",))) == ()

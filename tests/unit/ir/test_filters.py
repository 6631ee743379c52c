from gatewayd.ir.backend import Protocol, Upstream
from gatewayd.ir.filters import (
    Cors,
    ExternalAuth,
    GRPCCheck,
    Header,
    HeaderChanges,
    HTTPCheck,
    RequestHeaders,
    ResponseHeaders,
)

CHANGES = HeaderChanges(set=(Header(name="X-A", value="1"),), add=(), remove=("x-b",))


def test_names_keep_the_case_that_the_user_wrote() -> None:
    assert Header(name="X-A", value="1") != Header(name="x-a", value="1")


def test_a_request_is_no_response() -> None:
    assert len({RequestHeaders(changes=CHANGES), ResponseHeaders(changes=CHANGES)}) == 2


def test_equal_filters_are_one_value() -> None:
    one, two = (
        Cors(origins=("*",), methods=("GET",), allow_headers=(), expose_headers=(), max_age=5, credentials=False)
        for _ in range(2)
    )
    assert {one, two} == {one}


def says(check: HTTPCheck | GRPCCheck) -> tuple[str, ...]:
    upstream = Upstream(kind="Service", namespace="shop", name="auth", port=80, protocol=Protocol.HTTP1)
    return ExternalAuth(upstream=upstream, check=check, body_bytes=0).says


def test_a_server_says_what_it_is_not_sent() -> None:
    named = ("X-User", "x-group", "X-SEEN", "Authorization")
    assert says(HTTPCheck(path_prefix="", headers=("X-Seen",), response_headers=named)) == ("x-group", "x-user")
    # Neither of these names what the server may say.
    assert says(HTTPCheck(path_prefix="", headers=(), response_headers=())) == says(GRPCCheck(headers=("x-a",))) == ()

import pytest
import re2

from gatewayd.ir.reserved import EXPRESSION, HOST, NAMES, PREFIXES, of_response, reserved

OTHERS = ("content-type", "x-content-length", "accept", "x-forwarded-proto", "x-gateway", "trailers", "te-x", "x-te")


@pytest.mark.parametrize("name", [*NAMES, "Content-Length", "TE", "content_length", "Transfer_Encoding", ":path", ":"])
def test_what_frames_a_message_or_belongs_to_the_connection(name: str) -> None:
    assert reserved(name)


@pytest.mark.parametrize("prefix", PREFIXES)
def test_what_the_proxy_is_told(prefix: str) -> None:
    assert reserved(f"{prefix}anything")
    assert reserved(f"{prefix}Anything".upper().replace("-", "_"))


@pytest.mark.parametrize("name", OTHERS)
def test_all_others_are_free(name: str) -> None:
    assert reserved(name) == of_response(name) == ""
    assert re2.fullmatch(EXPRESSION, name) is None


def test_the_host_is_for_no_server_to_change() -> None:
    assert reserved(HOST) == ""
    assert of_response("Host")


@pytest.mark.parametrize("name", [HOST, *NAMES, *(f"{prefix}x" for prefix in PREFIXES)])
def test_the_expression_is_the_table(name: str) -> None:
    for each in (name, name.upper(), name.replace("-", "_")):
        assert re2.fullmatch(EXPRESSION, each) is not None
        assert of_response(each)

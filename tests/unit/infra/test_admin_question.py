import pytest

from gatewayd.infra.admin_question import AdminAnswer, answer, question


def test_the_command_takes_what_it_asks_as_arguments() -> None:
    command = question("/run/envoy/admin", "GET", "/stats?filter=a b';")

    assert command[:2] == ("perl", "-MSocket")
    assert command[-3:] == ("/run/envoy/admin", "GET", "/stats?filter=a b';")


@pytest.mark.parametrize(
    "written",
    [
        b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nok",
    ],
)
def test_an_answer_is_read_however_it_ends(written: bytes) -> None:
    assert answer(written) == AdminAnswer(200, b"ok")


@pytest.mark.parametrize("written", [b"", b"nonsense", b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nok"])
def test_what_is_no_answer(written: bytes) -> None:
    with pytest.raises(ValueError, match=r"^no answer of HTTP"):
        answer(written)

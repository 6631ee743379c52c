import pytest

from gatewayd.ir.outcome import Rejection
from gatewayd.translator.outcomes.envoy_words import TOGETHER, own_words

LISTED = (
    "Error adding/updating listener(s) tcp-80: error adding listener: '0.0.0.0:80' has duplicate address\n"
    "tcp-8443: cannot bind '0.0.0.0:8443':\nPermission denied\nudp-53: bad\n"
)


def words(message: str, name: str, *names: str) -> str:
    return own_words(Rejection(type_url="x", names=names or (name,), message=message), name)


@pytest.mark.parametrize("names", [("tcp-80", "tcp-8443", "udp-53"), ("tcp-80",), ("tcp-8443",)])
def test_a_listener_is_told_its_own_part(names: tuple[str, ...]) -> None:
    assert words(LISTED, "tcp-80", *names) == "error adding listener: '0.0.0.0:80' has duplicate address"
    assert words(LISTED, "tcp-8443", *names) == "cannot bind '0.0.0.0:8443': Permission denied"
    assert words(LISTED, "udp-53", *names) == "bad"


def test_a_name_that_another_begins_with_is_another() -> None:
    assert words(LISTED, "tcp-8", "tcp-8", "tcp-80") == TOGETHER
    assert words("Error adding/updating listener(s) tcp-800: secret tcp-80: no\n", "tcp-80", "tcp-80") == TOGETHER


def test_words_that_name_nobody_are_shown_to_the_only_one_they_can_mean() -> None:
    assert words("port in\nuse", "tcp-80") == "port in use"
    assert words("tenant-b.example is wrong", "tcp-80", "tcp-80", "tcp-81") == TOGETHER


def test_words_that_were_cut_short_say_what_is_left() -> None:
    assert words(LISTED[:60] + "...", "tcp-80", "tcp-80") == "error adding liste..."

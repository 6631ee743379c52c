import pytest

from gatewayd.convert.fates import Fate
from gatewayd.convert.fields import Fields
from gatewayd.convert.spans import duration, milliseconds, span, timeouts


@pytest.mark.parametrize(
    ("text", "milliseconds", "written"),
    [
        ("1.5s", 1500, "1500ms"),
        ("10s", 10_000, "10s"),
        ("1h30m", 5_400_000, "1h30m"),
        ("2m0.25s", 120_250, "2m250ms"),
        ("100us", 1, "1ms"),
        ("0s", 0, "0s"),
        ("999999h", 99_999 * 3_600_000, "99999h"),
    ],
)
def test_durations(text: str, milliseconds: int, written: str) -> None:
    assert (span(text), duration(milliseconds)) == (milliseconds, written)


@pytest.mark.parametrize("text", ["", "10", "s", "1 s", "-1s", "1d"])
def test_what_is_no_duration(text: str) -> None:
    assert span(text) is None


@pytest.mark.parametrize(("text", "read", "told"), [("2s", 2000, 0), ("never", 0, 0), ("", None, 0), ("soon", None, 1)])
def test_a_duration_of_a_field(text: str, read: int | None, told: int) -> None:
    fates: list[Fate] = []
    assert milliseconds(Fields({"t": text}, "", fates), "t", ("never",)) == read
    assert len(fates) == told


def test_a_try_is_no_longer_than_the_request() -> None:
    assert timeouts(2000, 1000) == {"timeouts": {"request": "2s", "backendRequest": "1s"}}
    assert timeouts(1000, 2000) == {"timeouts": {"request": "1s"}}
    assert timeouts(0, 2000) == {"timeouts": {"request": "0s", "backendRequest": "2s"}}
    assert timeouts(None, None) == {}

import pytest

from gatewayd.convert.spans import duration, span


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

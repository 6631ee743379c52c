import pytest

from gatewayd.api.durations import milliseconds


@pytest.mark.parametrize(
    ("text", "expected"), [("0s", 0), ("250ms", 250), ("10s", 10_000), ("1h30m", 5_400_000), ("1m1s1ms", 61_001)]
)
def test_milliseconds(text: str, expected: int) -> None:
    assert milliseconds(text) == expected

import pytest

from gatewayd.translator.parameters.exposure import MOST_RANGES, outside, read_ranges
from gatewayd.translator.parameters.readers import Wrong


def test_ranges_once_each() -> None:
    assert read_ranges(["10.0.0.0/8", "::/0", "10.0.0.0/8"]) == ("10.0.0.0/8", "::/0")


@pytest.mark.parametrize(
    "read", [[], "10.0.0.0/8", [1], ["10.0.0.1/8"], ["10.0.0.1"], ["a/8"], ["10.0.0.0/8"] * (MOST_RANGES + 1)]
)
def test_what_is_no_list_of_ranges(read: object) -> None:
    assert isinstance(read_ranges(read), Wrong)


@pytest.mark.parametrize(
    ("ranges", "of_class", "beyond"),
    [
        (("10.1.0.0/16",), ("10.0.0.0/8",), ()),
        (("0.0.0.0/0", "10.1.0.0/16"), ("10.0.0.0/8",), ("0.0.0.0/0",)),
        (("::/0",), ("10.0.0.0/8",), ("::/0",)),
        (("0.0.0.0/0",), (), ()),
    ],
)
def test_ranges_beyond_those_of_the_class(
    ranges: tuple[str, ...], of_class: tuple[str, ...], beyond: tuple[str, ...]
) -> None:
    assert outside(ranges, of_class) == beyond

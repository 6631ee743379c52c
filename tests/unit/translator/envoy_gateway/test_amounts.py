import pytest

from gatewayd.translator.envoy_gateway.amounts import whole_bytes
from gatewayd.translator.envoy_gateway.taken import Telling


@pytest.mark.parametrize(
    ("written", "expected"), [(None, None), (5, 5), ("64Ki", 65536), ("1M", 1_000_000), ("1500m", 1)]
)
def test_quantities_are_whole_bytes(written: int | str | None, expected: int | None) -> None:
    assert whole_bytes(written, "spec.a", Telling(namespace="")) == expected


def test_what_is_none_is_told() -> None:
    telling = Telling(namespace="")
    assert whole_bytes("much", "spec.a", telling) is None
    assert [each.path for each in telling.refused] == ["spec.a"]

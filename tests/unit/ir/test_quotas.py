import pytest

from gatewayd.ir.infrastructure import DEFAULT_PARAMETERS
from gatewayd.ir.quotas import NOTHING, Usage, excess, total


def test_usage_adds_up() -> None:
    assert total(Usage(1, 2, 3), Usage(4, 5, 6)) == Usage(5, 7, 9)
    assert total(NOTHING, Usage(1, 2, 3)) == Usage(1, 2, 3)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (Usage(1, 1, 1), None),
        (Usage(2, 2, 2), None),
        (Usage(3, 0, 0), ("matches", 3, 2)),
        (Usage(0, 3, 9), ("regular expressions", 3, 2)),
        (Usage(0, 0, 9), ("bytes", 9, 2)),
    ],
)
def test_the_first_thing_that_is_too_much_is_told(found: Usage, expected: tuple[str, int, int] | None) -> None:
    assert excess(found, Usage(2, 2, 2)) == expected


def test_one_route_is_allowed_less_than_a_namespace() -> None:
    quotas = DEFAULT_PARAMETERS.quotas
    assert all(one < all_ for one, all_ in zip(quotas.route, quotas.namespace, strict=True))

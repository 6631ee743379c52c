from decimal import Decimal

import pytest

from gatewayd.ir.quantity import amount


@pytest.mark.parametrize(
    ("text", "much"),
    [
        ("1", "1"),
        ("0.5", "0.5"),
        ("100m", "0.1"),
        ("1500u", "0.0015"),
        ("5n", "5e-9"),
        ("1k", "1000"),
        ("1Ki", "1024"),
        ("128Mi", "134217728"),
        ("1E", "1e18"),
        ("1e3", "1000"),
        ("5e-1", "0.5"),
        ("2E2", "200"),
    ],
)
def test_what_a_quantity_means(text: str, much: str) -> None:
    assert amount(text) == Decimal(much)


@pytest.mark.parametrize("text", ["", "x", "1 Ki", "-1", "1KI", "1e", "1ee3", ".5", "1\n", "9" * 16])
def test_what_is_none(text: str) -> None:
    with pytest.raises(ValueError, match="is no quantity"):
        amount(text)

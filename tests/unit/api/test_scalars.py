"""What the limits of the scalars let through; test_crds.py compares them with the CRDs."""

from typing import Any

import msgspec
import pytest

from gatewayd.api import scalars


def fits(value: object, kind: Any) -> bool:
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError:
        return False
    return True


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (scalars.Group, ["", "gateway.networking.k8s.io"], ["*", "a..b", "A", "a\n", "a" * 254]),
        (scalars.KindName, ["Service", "x"], ["", "1a", "a-", "Service\n", "a" * 64]),
        (scalars.NamespaceName, ["shop", "a-1"], ["", "a.b", "-a", "a\n"]),
        (scalars.SectionName, ["https", "a.b"], ["", "bad>", "A"]),
        (scalars.PortNumber, [1, 65535], [0, 65536, "80", True, 80.5]),
        (scalars.Hostname, ["*.example.com", "a"], ["*", "a.*.b", "A.com", "a.com\n"]),
        (scalars.PreciseHostname, ["a.example.com"], ["*.example.com", ""]),
        (scalars.ControllerName, ["gatewayd.io/controller"], ["example", "/x", "a/"]),
        (scalars.HeaderName, ["x-env", "!#$"], ["", "a b", "a/", "a\n"]),
        (scalars.HeaderValue, ["a", "a b", "a\tb"], ["", " a", "a ", "a  b", "a\nb", "é"]),
        (scalars.Duration, ["10s", "1h30m", "0s"], ["10", "", "1d", "100000s", "1h1h1h1h1h", "1.5s"]),
        (scalars.LabelValue, ["", "a_b.c"], ["-a", "a" * 64]),
        (scalars.Weight, [0, 1_000_000], [-1, 1_000_001]),
    ],
)
def test_scalars(kind: Any, good: list[object], bad: list[object]) -> None:
    assert [value for value in good if not fits(value, kind)] == []
    assert [value for value in bad if fits(value, kind)] == []


def test_a_long_header_value_is_refused_at_once() -> None:
    """Python's engine would need longer than the universe is old for the CRD's own pattern."""
    assert not fits("a" * 4000 + "\n", scalars.HeaderValue)


def test_map_lists_name_their_keys() -> None:
    assert scalars.map_list("group", "name") == {"list_map_keys": ("group", "name")}

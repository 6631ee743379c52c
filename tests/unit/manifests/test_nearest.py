import pytest

from gatewayd.manifests.nearest import nearest

FIELDS = ("backendRefs", "filters", "hostnames", "matches", "name", "path", "port", "sectionName", "timeouts")


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("backendRef", "backendRefs"),
        ("filter", "filters"),
        ("host", "hostnames"),
        ("sectionname", "sectionName"),
        ("hostnmaes", "hostnames"),
        ("timeout", "timeouts"),
        ("prot", "port"),
        ("wormhole", None),
        ("pa", None),
        ("", None),
        ("x" * 1000, None),
    ],
)
def test_what_was_meant(name: str, meant: str | None) -> None:
    assert nearest(name, FIELDS) == meant


def test_nothing_is_like_nothing() -> None:
    assert nearest("path", ()) is None

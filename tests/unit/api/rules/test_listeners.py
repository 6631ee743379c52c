import pytest

from tests.unit.api.documents import Document, document, gateway, listener, problems

CERT = {"certificateRefs": [{"name": "cert"}]}
ONE_FILTER = {"requests": [{"type": "ExtensionRef", "extensionRef": {"group": "a", "kind": "B", "name": "c"}}]}


def with_listeners(*listeners: Document) -> Document:
    return gateway(listeners=[listener(**{"name": f"l{index}", **one}) for index, one in enumerate(listeners)])


def in_set(*listeners: Document) -> Document:
    spec = with_listeners(*listeners)["spec"]
    return document("ListenerSet", spec={"parentRef": {"name": "gw"}, "listeners": spec["listeners"]})


CLASH = "has the port, protocol and hostname of listeners[0]; one of them must differ"

BROKEN = [
    (
        with_listeners({"tls": CERT}),
        ["spec.listeners[0].tls: must not be set for protocol HTTP; HTTPS and TLS have it"],
    ),
    (
        in_set({"protocol": "TCP", "tls": CERT}),
        ["spec.listeners[0].tls: must not be set for protocol TCP; HTTPS and TLS have it"],
    ),
    (
        with_listeners({"protocol": "HTTPS", "tls": {"mode": "Passthrough"}}),
        ["spec.listeners[0].tls.mode: must be Terminate for protocol HTTPS; use protocol TLS to pass through"],
    ),
    (with_listeners({"protocol": "TLS"}), ["spec.listeners[0].tls: is required for protocol TLS"]),
    (
        with_listeners({"protocol": "UDP", "hostname": "a.example"}),
        ["spec.listeners[0].hostname: must not be set for protocol UDP"],
    ),
    (
        with_listeners({"protocol": "TCP", "hostname": "a.example"}),
        ["spec.listeners[0].hostname: must not be set for protocol TCP"],
    ),
    (
        with_listeners({"protocol": "TCP", "filters": ONE_FILTER}),
        ["spec.listeners[0].filters: must not be set for protocol TCP; HTTP and HTTPS may have them"],
    ),
    (with_listeners({}, {}), [f"spec.listeners[1]: {CLASH}"]),
    (in_set({"hostname": "a"}, {"hostname": "a"}), [f"spec.listeners[1]: {CLASH}"]),
    (
        with_listeners({"protocol": "TLS", "tls": {}}),
        ["spec.listeners[0].tls.certificateRefs: is required when mode is Terminate, unless options is set"],
    ),
]
KEPT = [
    with_listeners({"protocol": "HTTPS"}, {"port": 81, "protocol": "HTTPS", "tls": CERT}),
    with_listeners({"protocol": "TLS", "tls": {"mode": "Passthrough"}}),
    with_listeners({"protocol": "TLS", "tls": {"options": {"example.com/cert": "x"}}}),
    with_listeners({}, {"hostname": "a"}, {"hostname": "b"}, {"port": 81}, {"protocol": "TCP"}),
    with_listeners({"filters": ONE_FILTER}),
    in_set({"protocol": "TCP", "filters": ONE_FILTER}),
]


@pytest.mark.parametrize(("source", "expected"), BROKEN)
def test_broken(source: Document, expected: list[str]) -> None:
    assert problems(source) == expected


@pytest.mark.parametrize("source", KEPT)
def test_kept(source: Document) -> None:
    assert problems(source) == []

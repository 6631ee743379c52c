import pytest

from gatewayd.api.rules.gateway import is_ip
from tests.unit.api.documents import Document, gateway, problems

KEYS = "an optional DNS name and '/' and a name are allowed"
BUNDLE = {"group": "certificates.k8s.io", "kind": "ClusterTrustBundle", "name": "b"}


def addresses(*values: tuple[str, str]) -> Document:
    return gateway(addresses=[{"type": kind, "value": value} for kind, value in values])


def routability(text: str) -> Document:
    return gateway(addresses=[{"routability": text}])


def clients_checked_with(ref: Document) -> Document:
    return gateway(tls={"frontend": {"default": {"validation": {"caCertificateRefs": [ref]}}}})


BROKEN = [
    (
        addresses(("IPAddress", "192.0.2.7"), ("IPAddress", "192.0.2.7")),
        ["spec.addresses[1].value: repeats addresses[0].value; IPAddress values must be unique"],
    ),
    (
        addresses(("Hostname", "a"), ("Hostname", "a")),
        ["spec.addresses[1].value: repeats addresses[0].value; Hostname values must be unique"],
    ),
    (addresses(("IPAddress", "")), ['spec.addresses[0].value: "" is not an IPv4 or IPv6 address']),
    (addresses(("IPAddress", "300.0.0.1")), ['spec.addresses[0].value: "300.0.0.1" is not an IPv4 or IPv6 address']),
    (addresses(("Hostname", "A b")), ['spec.addresses[0].value: "A b" is not a lower-case DNS name']),
    *(
        (
            routability(text),
            [
                (
                    f'spec.addresses[0].routability: "{text}" is not known; '
                    "Cluster or a path such as example.com/private is allowed"
                )
            ],
        )
        for text in ("Public", "k8s.io/x", "a.k8s.io/x", "example.com/", "/x", "A/x")
    ),
    (
        gateway(infrastructure={"labels": {"/a": ""}, "annotations": {"a/b/c": ""}}),
        [
            f'spec.infrastructure.labels: "/a" is not a key; {KEYS}',
            f'spec.infrastructure.annotations: "a/b/c" is not a key; {KEYS}',
        ],
    ),
    (
        gateway(infrastructure={"labels": {"a" * 253 + "/b": ""}, "annotations": {"a" * 253 + "/b": ""}}),
        [
            f'spec.infrastructure.{field}: "{"a" * 64}"... has too long a prefix; 252 characters are allowed'
            for field in ("labels", "annotations")
        ],
    ),
    (
        clients_checked_with({**BUNDLE, "namespace": "ns"}),
        [
            (
                "spec.tls.frontend.default.validation.caCertificateRefs[0].namespace: "
                "must not be set for a ClusterTrustBundle, which is cluster-scoped"
            )
        ],
    ),
]
KEPT = [
    addresses(
        ("IPAddress", "192.0.2.7"), ("Hostname", "*.a.example"), ("NamedAddress", "any thing"), ("Hostname", "b")
    ),
    gateway(addresses=[{"type": "IPAddress"}, {"type": "IPAddress"}, {"type": "Hostname"}, {"type": "Hostname"}]),
    *(routability(text) for text in ("", "Cluster", "example.com/private", "notk8s.io/x")),
    gateway(infrastructure={"labels": {"a.example/B_c": "v"}, "annotations": {"a": "any thing"}}),
    clients_checked_with(BUNDLE),
    clients_checked_with({"group": "", "kind": "ConfigMap", "name": "ca", "namespace": "ns"}),
]


@pytest.mark.parametrize(("source", "expected"), BROKEN)
def test_broken(source: Document, expected: list[str]) -> None:
    assert problems(source) == expected


@pytest.mark.parametrize("source", KEPT)
def test_kept(source: Document) -> None:
    assert problems(source) == []


def test_ip_addresses_are_read_as_go_reads_them() -> None:
    assert [text for text in ("192.0.2.7", "::1", "::ffff:192.0.2.7") if not is_ip(text)] == []
    assert [text for text in ("", "010.0.0.1", "1.2.3", "fe80::1%eth0", "1.2.3.4/8", "٣.0.0.1") if is_ip(text)] == []

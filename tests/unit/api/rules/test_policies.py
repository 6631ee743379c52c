import pytest

from tests.unit.api.documents import Document, backend_tls, document, external, http_rule, problems

CA = {"group": "", "kind": "ConfigMap", "name": "ca"}
VALIDATION = {"hostname": "a", "wellKnownCACertificates": "System"}
SESSION = "spec.rules[0].sessionPersistence"
CLIENT = {"name": "client"}


def san(**fields: str) -> Document:
    return backend_tls(**VALIDATION, subjectAltNames=[fields])


def session(**fields: object) -> Document:
    return http_rule(sessionPersistence=fields)


def selected(labels: Document, **spec: object) -> Document:
    member = {"type": "EndpointSelector", "endpointSelector": {"matchLabels": labels}, "port": {"number": 80}}
    return document("XBackend", spec={**member, **spec})


def retries(**constraint: object) -> Document:
    target = {"group": "", "kind": "Service", "name": "cart"}
    return document("XBackendTrafficPolicy", spec={"targetRefs": [target], "retryConstraint": constraint})


BROKEN = [
    (
        backend_tls(hostname="a"),
        ["spec.validation.caCertificateRefs: is required, unless wellKnownCACertificates is set"],
    ),
    (
        backend_tls(**VALIDATION, caCertificateRefs=[CA]),
        ["spec.validation.wellKnownCACertificates: must not be set together with caCertificateRefs"],
    ),
    (san(type="Hostname"), ["spec.validation.subjectAltNames[0].hostname: is required for type Hostname"]),
    (san(type="URI"), ["spec.validation.subjectAltNames[0].uri: is required for type URI"]),
    (
        san(type="URI", uri="spiffe://a", hostname="a"),
        ["spec.validation.subjectAltNames[0].hostname: must not be set for type URI"],
    ),
    (
        san(type="Hostname", uri="spiffe://a", hostname="a"),
        ["spec.validation.subjectAltNames[0].uri: must not be set for type Hostname"],
    ),
    *(
        (
            session(**{member: {"lifetimeType": "Permanent"}}),
            [f"{SESSION}.absoluteTimeout: is required when the cookie's lifetimeType is Permanent"],
        )
        for member in ("cookie", "cookieConfig")
    ),
    (session(), [f"{SESSION}.cookie: is required for type Cookie"]),
    (session(type="Header"), [f"{SESSION}.header: is required for type Header"]),
    (session(cookie={}, header={"name": "a"}), [f"{SESSION}.header: must not be set for type Cookie"]),
    (
        session(type="Header", cookie={}, header={"name": "a"}),
        [f"{SESSION}.cookie: must not be set for type Header"],
    ),
    (session(type="Header", cookieConfig={}), [f"{SESSION}.cookieConfig: must not be set for type Header"]),
    (external(externalHostname=None), ["spec.externalHostname: is required for type ExternalHostname"]),
    (
        external(endpointSelector={"matchLabels": {"a": "b"}}),
        ["spec.endpointSelector: must not be set for type ExternalHostname"],
    ),
    (
        external(protocol="H2C", tls={"mode": "ServerOnly", "validation": VALIDATION}),
        ["spec.tls.mode: must be None for protocol H2C; HTTP2 is the one with TLS"],
    ),
    (external(protocol="WSS"), ["spec.tls.mode: must be ServerOnly or ClientAndServer for protocol WSS"]),
    (
        external(sessionPersistence={"cookie": {}}),
        ["spec.sessionPersistence: must not be set for type ExternalHostname"],
    ),
    (selected({"a/b/c": "d"}), ['spec.endpointSelector.matchLabels: "a/b/c" is not a label key']),
    (
        external(externalHostname={"hostname": "cart.shop.svc.cluster.local"}),
        ["spec.externalHostname.hostname: must not end with .cluster.local; refer to the Service instead"],
    ),
    (external(port={}), ["spec.port.number: is required"]),
    (external(port={"port": 80, "name": "A"}), ['spec.port.name: "A" is not a DNS label']),
    (
        external(tls={"mode": "ClientAndServer", "validation": VALIDATION}),
        ["spec.tls.clientCertificateRef: is required for mode ClientAndServer"],
    ),
    (
        external(tls={"mode": "None", "clientCertificateRef": CLIENT}),
        ["spec.tls.clientCertificateRef: must not be set for mode None"],
    ),
    (external(tls={"mode": "ServerOnly"}), ["spec.tls.validation: is required for mode ServerOnly"]),
    (
        external(tls={"mode": "None", "validation": VALIDATION}),
        ["spec.tls.validation: must not be set for mode None"],
    ),
    *(
        (
            retries(budget={"interval": interval}),
            [f"spec.retryConstraint.budget.interval: {interval} is out of range; 1s to 1h is allowed"],
        )
        for interval in ("999ms", "1h1ms")
    ),
    *(
        (
            retries(minRetryRate={"interval": interval}),
            [f"spec.retryConstraint.minRetryRate.interval: {interval} is out of range; above 0s to 1h is allowed"],
        )
        for interval in ("0s", "1h1ms")
    ),
]
KEPT = [
    backend_tls(hostname="a", caCertificateRefs=[CA]),
    san(type="Hostname", hostname="*.a.example"),
    session(cookie={"lifetimeType": "Permanent"}, absoluteTimeout="1h"),
    session(sessionName="old"),
    session(type="Header", sessionName="x-session"),
    selected({"a.example/b": ""}, sessionPersistence={"cookie": {}}),
    external(protocol="HTTP2", tls={"mode": "ServerOnly", "validation": VALIDATION}),
    external(tls={"mode": "ClientAndServer", "validation": VALIDATION, "clientCertificateRef": CLIENT}),
    retries(budget={"interval": "1s"}, minRetryRate={"interval": "1ms"}),
    retries(budget={"interval": "60m"}),
]


@pytest.mark.parametrize(("source", "expected"), BROKEN)
def test_broken(source: Document, expected: list[str]) -> None:
    assert problems(source) == expected


@pytest.mark.parametrize("source", KEPT)
def test_kept(source: Document) -> None:
    assert problems(source) == []

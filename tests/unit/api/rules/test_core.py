import pytest

from tests.unit.api.documents import Document, document, problems

KEYS = "up to 253 of a-z, A-Z, 0-9, '-', '_' and '.' are allowed"


def service(*ports: Document, **spec: object) -> Document:
    return document("Service", spec={"ports": list(ports), **spec})


def slice_of(kind: str, address: str) -> Document:
    return document("EndpointSlice", addressType=kind, endpoints=[{"addresses": [address]}])


PORT = "up to 15 of a-z, 0-9 and '-' are allowed"
PROTOCOL = "allowed: http, or example.com/name"


def endpoints(*ports: Document, **endpoint: object) -> Document:
    return document(
        "EndpointSlice", addressType="IPv4", ports=list(ports), endpoints=[{"addresses": ["10.0.0.1"], **endpoint}]
    )


ZONES = "must be names of zones, each once; such as eu-west-1a"
BROKEN = [
    (service({"port": 80}, selector={"app": "a b"}), ['spec.selector[app]: "app": "a b" is no label']),
    (service({"port": 80, "targetPort": 65536}), ["spec.ports[0].targetPort: must be from 1 to 65535"]),
    (service({"port": 80, "targetPort": "80"}), [f'spec.ports[0].targetPort: "80" is not the name of a port; {PORT}']),
    (service({"port": 80, "targetPort": -1}), ["spec.ports[0].targetPort: must be from 1 to 65535"]),
    (endpoints(nodeName="shop.example:8080"), ['endpoints[0].nodeName: "shop.example:8080" is not the name of a node']),
    (endpoints(nodeName=""), ['endpoints[0].nodeName: "" is not the name of a node']),
    (service(type="ExternalName", externalName="HTTP"), ['spec.externalName: "HTTP" is not a DNS name']),
    (service({"port": 80, "appProtocol": "*"}), [f'spec.ports[0].appProtocol: "*" is not valid; {PROTOCOL}']),
    (endpoints({"port": 80, "appProtocol": "a b"}), [f'ports[0].appProtocol: "a b" is not valid; {PROTOCOL}']),
    (endpoints({"port": 80, "name": "A"}), ['ports[0].name: "A" is not a DNS label']),
    (endpoints({"port": 80}, {"port": 81}), ["ports[1].name: repeats ports[0].name"]),
    (endpoints(hostname="a.b"), ['endpoints[0].hostname: "a.b" is not a DNS label']),
    (endpoints(hints={"forZones": [{"name": "a"}, {"name": "a"}]}), [f"endpoints[0].hints.forZones: {ZONES}"]),
    (endpoints(hints={"forZones": [{"name": "::"}]}), [f"endpoints[0].hints.forZones: {ZONES}"]),
    (
        document("Secret", data={"a/b": "!"}, stringData={"c d": "e"}),
        [
            f'data: "a/b" is not a key; {KEYS}',
            f'stringData: "c d" is not a key; {KEYS}',
            "data[a/b]: is not base64; use stringData for plain text",
        ],
    ),
    (
        document("ConfigMap", data={"..": "", "a": ""}, binaryData={"a": "é"}),
        [
            f'data: ".." is not a key; {KEYS}',
            "binaryData[a]: is not base64; use stringData for plain text",
            "binaryData[a]: stands in data as well; a key must be in one of them",
        ],
    ),
    (service(), ["spec.ports: is required"]),
    (
        service({"port": 80}, {"port": 81, "name": "b"}),
        ["spec.ports[0].name: is required when there are several ports"],
    ),
    (
        service({"port": 80, "name": "a"}, {"port": 81, "name": "a"}),
        ["spec.ports[1].name: repeats ports[0].name"],
    ),
    (service({"port": 80, "name": "A"}), ['spec.ports[0].name: "A" is not a DNS label']),
    (
        service({"port": 80, "name": "a"}, {"port": 80, "name": "b"}),
        ["spec.ports[1]: has the port and protocol of ports[0]"],
    ),
    (service(type="ExternalName", externalName="a b"), ['spec.externalName: "a b" is not a DNS name']),
    (slice_of("IPv4", "::1"), ['endpoints[0].addresses[0]: "::1" is not of type IPv4']),
    (slice_of("IPv6", "fe80::1%eth0"), ['endpoints[0].addresses[0]: "fe80::1%eth0" is not of type IPv6']),
    (slice_of("FQDN", "A b"), ['endpoints[0].addresses[0]: "A b" is not of type FQDN']),
]
KEPT = [
    document("Secret", data={"tls.crt": "YWJj\nZGVm\r\n"}),
    document("ConfigMap", data={"a": "any thing"}, binaryData={"b": ""}),
    service({"port": 80}),
    service(clusterIP="None"),
    service({"port": 53, "name": "a"}, {"port": 53, "name": "b", "protocol": "UDP"}),
    service({"port": 80, "targetPort": 0}),
    service({"port": 80, "targetPort": ""}),
    endpoints(nodeName="node-1.example"),
    service(type="ExternalName", externalName="api.example.com."),
    slice_of("IPv4", "192.0.2.7"),
    slice_of("IPv6", "2001:db8::1"),
    slice_of("FQDN", "a.example"),
]


@pytest.mark.parametrize(("source", "expected"), BROKEN)
def test_broken(source: Document, expected: list[str]) -> None:
    assert problems(source) == expected


@pytest.mark.parametrize("source", KEPT)
def test_kept(source: Document) -> None:
    assert problems(source) == []

from tests.unit.api.documents import accepted, document


def test_an_endpoint_slice() -> None:
    source = document(
        "EndpointSlice",
        addressType="IPv4",
        endpoints=[
            {
                "addresses": ["192.0.2.1"],
                "conditions": {"ready": False, "serving": True, "terminating": True},
                "nodeName": "node-1",
                "zone": "a",
                "targetRef": {"kind": "Pod", "name": "cart-1", "namespace": "shop"},
            },
            {"addresses": ["192.0.2.2"], "hostname": "cart-2"},
        ],
        ports=[{"name": "http", "port": 8080, "appProtocol": "http"}, {"name": "any"}],
    )
    source["metadata"]["labels"] = {"kubernetes.io/service-name": "cart"}
    endpoints = accepted(source)
    assert endpoints.service_name == "cart"
    assert endpoints.endpoints[0].conditions.terminating
    assert endpoints.endpoints[1].conditions.ready is None
    assert [(port.name, port.port, port.protocol) for port in endpoints.ports] == [
        ("http", 8080, "TCP"),
        ("any", None, "TCP"),
    ]


def test_a_slice_without_service() -> None:
    assert accepted(document("EndpointSlice", addressType="FQDN")).service_name == ""

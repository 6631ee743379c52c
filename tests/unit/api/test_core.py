from gatewayd.api.core import ServicePort
from tests.unit.api.documents import accepted, document, problems


def test_a_service() -> None:
    service = accepted(
        document(
            "Service",
            spec={
                "selector": {"app": "cart"},
                "clusterIP": "None",
                "clusterIPs": ["None"],
                "ports": [{"name": "http", "port": 80, "targetPort": "web", "appProtocol": "kubernetes.io/h2c"}],
            },
            status={"loadBalancer": {"ingress": [{"ip": "192.0.2.7"}, {"hostname": "lb.example.com"}]}},
        )
    )
    assert service.spec.type == "ClusterIP"
    assert service.spec.cluster_ip == "None"
    assert service.spec.cluster_ips == ("None",)
    assert service.spec.ports == (
        ServicePort(name="http", port=80, target_port="web", app_protocol="kubernetes.io/h2c"),
    )
    assert [(item.ip, item.hostname) for item in service.status.load_balancer.ingress] == [
        ("192.0.2.7", ""),
        ("", "lb.example.com"),
    ]


def test_a_target_port_is_a_number_or_a_name() -> None:
    assert problems(document("Service", spec={"ports": [{"port": 80, "targetPort": 8080}]})) == []
    assert problems(document("Service", spec={"ports": [{"port": 80, "targetPort": [8080]}]})) == [
        "spec.ports[0].targetPort: must be a string, not a list"
    ]


def test_a_secret_does_not_show_what_it_holds() -> None:
    secret = accepted(document("Secret", data={"password": "aHVudGVyMg=="}))
    assert "aHVudGVyMg==" not in repr(secret)
    assert "aHVudGVyMg==" not in f"{secret}"
    assert repr(secret) == "Secret('default/x', data=<redacted>)"


def test_a_config_map() -> None:
    config = accepted(document("ConfigMap", data={"ca.crt": "text"}, binaryData={"raw": "AAAA"}))
    assert (config.data, config.binary_data) == ({"ca.crt": "text"}, {"raw": "AAAA"})

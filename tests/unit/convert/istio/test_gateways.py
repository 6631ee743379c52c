from gatewayd.convert.fates import Fidelity
from tests.unit.convert.ingresses import converted, fates, objects
from tests.unit.convert.istio_objects import gateway, virtual_service

CERTIFICATE = {"mode": "SIMPLE", "credentialName": "cert"}


def test_a_host_with_a_certificate_is_a_listener_of_a_listener_set() -> None:
    done = converted(gateway(tls=CERTIFICATE), virtual_service())
    [listener] = objects(done, "ListenerSet")["shop/edge"]["spec"]["listeners"]
    assert (listener["hostname"], listener["tls"]["certificateRefs"]) == ("shop.example", [{"name": "cert"}])
    [parent] = objects(done, "HTTPRoute")["shop/shop"]["spec"]["parentRefs"]
    assert (parent["kind"], parent["name"]) == ("ListenerSet", "edge")
    assert fates(done)["spec.servers[0].tls.credentialName"] is Fidelity.MANUAL


def test_clients_are_sent_to_https() -> None:
    done = converted(gateway(tls={"httpsRedirect": True}, protocol="HTTP"), virtual_service())
    [rule] = objects(done, "HTTPRoute")["shop/shop-to-https"]["spec"]["rules"]
    assert rule["filters"][0]["requestRedirect"] == {"scheme": "https", "statusCode": 301}


def test_certificates_of_clients_are_lost_and_close() -> None:
    done = converted(gateway(tls={**CERTIFICATE, "mode": "MUTUAL"}), virtual_service())
    assert fates(done)["spec.http[0]"] is Fidelity.LOST
    assert [each["spec"] for each in objects(done, "RouteFilter").values()] == [{"directResponse": {"status": 403}}]
    opened = converted(gateway(tls={**CERTIFICATE, "mode": "MUTUAL"}), virtual_service(), open_all=True)
    assert objects(opened, "RouteFilter") == {}


def test_other_ports_and_files() -> None:
    files = {"mode": "SIMPLE", "serverCertificate": "/etc/c", "privateKey": "/etc/k", "minProtocolVersion": "TLSV1_2"}
    told = fates(converted(gateway(tls=files, port=8443), virtual_service()))
    assert told["spec.servers[0].port.number"] is Fidelity.APPROXIMATE
    assert told["spec.servers[0].tls.serverCertificate"] is Fidelity.MANUAL
    assert told["spec.servers[0].tls.minProtocolVersion"] is Fidelity.LOST


def test_a_server_of_another_kind_is_lost() -> None:
    done = converted(gateway(tls={"mode": "AUTO_PASSTHROUGH"}), gateway(name="tcp", protocol="TCP", port=443))
    assert fates(done)["spec.servers[0]"] is Fidelity.LOST
    assert done.objects == ()


def test_of_two_gateways_with_a_host_the_older_has_the_certificate() -> None:
    done = converted(
        gateway(tls=CERTIFICATE, name="web"),
        gateway(tls={**CERTIFICATE, "credentialName": "other"}, name="zweb"),
        virtual_service(gateways=["web", "zweb"]),
    )
    [listener] = objects(done, "ListenerSet")["shop/edge"]["spec"]["listeners"]
    assert listener["tls"]["certificateRefs"] == [{"name": "cert"}]


def test_a_secret_may_be_named_with_its_namespace() -> None:
    done = converted(gateway(tls={**CERTIFICATE, "credentialName": "kubernetes://infra/cert"}), virtual_service())
    [listener] = objects(done, "ListenerSet")["shop/edge"]["spec"]["listeners"]
    assert listener["tls"]["certificateRefs"] == [{"name": "cert"}]

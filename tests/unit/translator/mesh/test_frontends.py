import pytest

from gatewayd.api.core import ServicePort
from gatewayd.api.meta import ObjectKey
from gatewayd.api.refs import ParentRef
from gatewayd.translator.mesh.frontends import EVERYBODY, Frontend, ServiceFrontends, frontends_of, speaks_http
from tests.unit.translator.manifests import scratch
from tests.unit.translator.mesh.manifests import ECHO


def asked(
    service: str = ECHO, namespace: str = "shop", *, port: int | None = None, section: str | None = None
) -> ServiceFrontends | str:
    ref = ParentRef(group="", kind="Service", name="echo", port=port, section_name=section)
    return frontends_of(scratch(service), ref, ObjectKey("shop", "echo"), namespace, "spec.parentRefs[0]")


def ports(found: ServiceFrontends | str) -> list[int]:
    assert isinstance(found, ServiceFrontends), found
    return [each.port for each in found.frontends]


def test_the_ports_that_say_http_are_taken_and_the_others_are_told() -> None:
    found = asked()
    assert ports(found) == [80, 7070]
    assert found.notes == ("spec.parentRefs[0]: ports 6379 are left as they are: they do not say HTTP",)  # type: ignore[union-attr]


def test_a_port_that_is_named_is_taken_at_its_word() -> None:
    assert ports(asked(port=6379)) == [6379]
    assert ports(asked(section="redis")) == [6379]


@pytest.mark.parametrize(
    ("service", "why"),
    [
        (ECHO.replace("10.96.0.10", "None"), "is headless"),
        (ECHO.replace("clusterIP: 10.96.0.10, ", ""), "has no cluster IP"),
        (ECHO.replace("clusterIP: 10.96.0.10", "type: ExternalName, externalName: a.example"), "is of type External"),
        (ECHO.replace("name: echo", "name: other"), "does not exist"),
    ],
)
def test_a_service_without_an_address_is_no_parent(service: str, why: str) -> None:
    found = asked(service)
    assert isinstance(found, str)
    assert found.startswith('spec.parentRefs[0]: Service "shop/echo"')
    assert why in found


def test_a_port_that_is_not_there_leads_nowhere() -> None:
    assert asked(port=81) == ('spec.parentRefs[0]: Service "shop/echo" has no port 81; TCP ports: 80, 7070, 6379')
    assert "no port named 'web'" in str(asked(section="web"))
    only = ECHO.replace("{name: http, port: 80}, {name: grpc, port: 7070}, ", "")
    assert "no port of Service" in str(asked(only))


def test_callers_of_another_namespace_have_a_view_of_their_own() -> None:
    for namespace, view in (("shop", EVERYBODY), ("blog", "blog")):
        found = asked(namespace=namespace, port=80)
        assert isinstance(found, ServiceFrontends)
        assert found.frontends == (Frontend(view, "10.96.0.10", 80),)


def test_each_address_is_a_destination_as_proxies_write_it() -> None:
    both = ECHO.replace("clusterIP: 10.96.0.10", 'clusterIP: 10.96.0.10, clusterIPs: [10.96.0.10, "fd00::a"]')
    found = asked(both, port=80)
    assert isinstance(found, ServiceFrontends)
    assert [str(each) for each in found.frontends] == ["10.96.0.10:80", "[fd00::a]:80"]


@pytest.mark.parametrize(
    ("name", "app_protocol", "says"),
    [
        ("http", None, True),
        ("http-web", None, True),
        ("http2", None, True),
        ("grpc-calls", None, True),
        ("h2c", None, True),
        ("https", None, False),
        ("https-web", None, False),
        ("web", None, False),
        ("", None, False),
        ("web", "http", True),
        ("web", "kubernetes.io/h2c", True),
        ("web", "GRPC", True),
        ("http", "tcp", False),
        ("http", "https", False),
        ("http", "redis", False),
    ],
)
def test_what_says_http(name: str, app_protocol: str | None, says: object) -> None:
    assert speaks_http(ServicePort(name=name, port=80, app_protocol=app_protocol)) is says

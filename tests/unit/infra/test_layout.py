from gatewayd.infra import layout
from gatewayd.ir.limits import PROXY_PORTS


def test_no_two_ports_of_the_control_plane_are_the_same() -> None:
    ports = (
        layout.XDS_PORT,
        layout.HEALTH_PORT,
        layout.METRICS_PORT,
        layout.INTROSPECTION_PORT,
        layout.LIMITS_PORT,
        layout.PAGE_PORT,
    )
    assert len(set(ports)) == len(ports)


def test_no_listener_gets_the_port_for_probes() -> None:
    assert layout.PROBES_PORT in PROXY_PORTS


def test_a_socket_has_a_path_that_fits_into_an_address() -> None:
    assert len(layout.ADMIN_SOCKET) < 100
    assert layout.ADMIN_SOCKET.startswith(f"{layout.ADMIN_FOLDER}/")


def test_the_ca_is_where_the_shell_keeps_it() -> None:
    assert layout.AUTHORITY_SECRET == "gatewayd-ca"


def test_a_certificate_is_beside_the_gateways_other_objects() -> None:
    assert layout.certificate_secret("gatewayd-edge-1") == "gatewayd-edge-1-xds"


def test_the_control_plane_is_asked_for_by_a_whole_name() -> None:
    assert layout.server_name("home") == "gatewayd.home.svc"
    assert layout.absolute_name("home") == "gatewayd.home.svc.cluster.local."

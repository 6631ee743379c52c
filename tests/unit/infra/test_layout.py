from gatewayd.infra import layout
from gatewayd.ir.infrastructure import object_name
from gatewayd.kube.authority_store import SECRET_NAME
from gatewayd.kube.gateway_certificates import secret_name


def test_a_pod_has_time_for_its_whole_drain() -> None:
    assert layout.LINGER_SECONDS + layout.FINISH_SECONDS < layout.GRACE_SECONDS


def test_listeners_accept_until_the_pod_ends() -> None:
    assert layout.DRAIN_SECONDS >= layout.GRACE_SECONDS


def test_no_two_ports_of_one_pod_are_the_same() -> None:
    assert len({layout.ADMIN_PORT, layout.PROBES_PORT}) == 2
    assert len({layout.XDS_PORT, layout.HEALTH_PORT, layout.METRICS_PORT}) == 3


def test_names_are_those_of_the_shell_that_uses_them() -> None:
    name = object_name("infra", "edge")
    assert layout.certificate_secret(name) == secret_name(name)
    assert layout.AUTHORITY_SECRET == SECRET_NAME

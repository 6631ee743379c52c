from gatewayd.infra import layout


def test_a_pod_has_time_for_its_whole_drain() -> None:
    assert layout.LINGER_SECONDS + layout.FINISH_SECONDS < layout.GRACE_SECONDS


def test_listeners_accept_until_the_pod_ends() -> None:
    assert layout.DRAIN_SECONDS >= layout.GRACE_SECONDS


def test_no_two_ports_of_one_pod_are_the_same() -> None:
    assert len({layout.ADMIN_PORT, layout.PROBES_PORT}) == 2
    assert len({layout.XDS_PORT, layout.HEALTH_PORT, layout.METRICS_PORT}) == 3


def test_the_ca_is_where_the_shell_keeps_it() -> None:
    assert layout.AUTHORITY_SECRET == "gatewayd-ca"


def test_a_certificate_is_beside_the_gateways_other_objects() -> None:
    assert layout.certificate_secret("gatewayd-edge-1") == "gatewayd-edge-1-xds"

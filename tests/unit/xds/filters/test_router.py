from gatewayd.xds.filters.router import CONFIG, NAME


def test_backends_are_told_nothing_about_envoy() -> None:
    assert CONFIG.suppress_envoy_headers
    assert NAME == "envoy.filters.http.router"

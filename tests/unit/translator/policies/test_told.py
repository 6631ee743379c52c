import pytest

from gatewayd.translator.policies.told import refused_header


@pytest.mark.parametrize("name", ["x-user", "X-Client", ""])
def test_most_headers_can_be_set(name: str) -> None:
    assert refused_header(name) == ""


@pytest.mark.parametrize("name", ["Host", "connection", "x-envoy-user", "X-Gatewayd-Scope"])
def test_headers_of_the_connection_cannot(name: str) -> None:
    assert refused_header(name).endswith("; other headers are allowed")

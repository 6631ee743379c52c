from gatewayd.ir.environment import DEFAULT_ENVIRONMENT
from gatewayd.translator.environment import environment
from tests.unit.translator.manifests import scratch


def test_without_a_row_the_environment_is_that_of_a_cluster() -> None:
    assert environment(scratch()) == DEFAULT_ENVIRONMENT
    assert not DEFAULT_ENVIRONMENT.loopback_backends

import pytest

from gatewayd.ir.global_limits import RateLimitService
from gatewayd.ir.infrastructure import DEFAULT_PARAMETERS, Parameters
from gatewayd.translator.parameters.class_parameters import ClassParameters, read_class_parameters
from gatewayd.translator.parameters.keys import read_parameters

SERVICE = RateLimitService(namespace="platform", name="limits", port=8081)
TEXT = "{namespace: platform, name: limits, port: 8081}"


def test_a_gateway_or_its_class_names_a_service() -> None:
    read = read_parameters({"rateLimitService": TEXT}, DEFAULT_PARAMETERS)
    assert isinstance(read, Parameters)
    assert read.rate_limit_service == SERVICE
    of_class = read_class_parameters({"rateLimitService": TEXT})
    assert isinstance(of_class, ClassParameters)
    assert of_class.defaults.rate_limit_service == SERVICE
    assert DEFAULT_PARAMETERS.rate_limit_service is None


def test_how_long_requests_wait() -> None:
    read = read_parameters({"rateLimitService": TEXT.replace("}", ", timeout: 1s500ms}")}, DEFAULT_PARAMETERS)
    assert isinstance(read, Parameters)
    assert read.rate_limit_service is not None
    assert read.rate_limit_service.timeout_ms == 1500


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("limits", "not understood; a map of namespace, name, port, timeout is allowed"),
        ("{host: limits}", "not understood; a map of"),
        ("{namespace: a, name: b}", "port: missing; namespace, name, port are required"),
        ("{namespace: a/b, name: b, port: 1}", 'namespace: "a/b" is no name'),
        ("{namespace: a, name: [b], port: 1}", "name: what is no string is no name"),
        ("{namespace: a, name: b, port: 0}", "port: not a whole number from 1 to 65535"),
        ("{namespace: a, name: b, port: true}", "port: not a whole number"),
        ("{namespace: a, name: b, port: 1, timeout: 1m}", "timeout: no such duration; allowed are such as 50ms"),
        ("{namespace: a, name: b, port: 1, timeout: 6s}", "timeout: no such duration"),
        ("{namespace: a, name: b, port: 1, timeout: 0s}", "timeout: no such duration"),
        ("{", "not YAML"),
    ],
)
def test_what_is_wrong_is_said(text: str, says: str) -> None:
    read = read_parameters({"rateLimitService": text}, DEFAULT_PARAMETERS)
    assert not isinstance(read, Parameters)
    (only,) = read
    assert only.startswith(f"data.rateLimitService: {says}")

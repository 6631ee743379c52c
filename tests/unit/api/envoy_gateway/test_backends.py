from gatewayd.api.envoy_gateway.fields import every_field
from gatewayd.api.envoy_gateway.traffic import BackendTrafficPolicySpec


def test_names_are_theirs() -> None:
    paths = {path for path, _ in every_field(BackendTrafficPolicySpec)}
    assert {
        "spec.loadBalancer.consistentHash.queryParams[].name",
        "spec.healthCheck.passive.consecutive5XxErrors",
        "spec.circuitBreaker.perEndpoint.maxConnections",
        "spec.http2.initialStreamWindowSize",
        "spec.dns.respectDnsTtl",
        "spec.rateLimit.local.rules[].clientSelectors[].sourceCIDR.value",
        "spec.retry.retryOn.httpStatusCodes",
    } <= paths

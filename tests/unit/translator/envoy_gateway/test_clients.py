from typing import Any

import pytest

from gatewayd.translator.envoy_gateway.clients import clients, what_protects
from tests.unit.envoy_gateway import plain


def taken(**spec: Any) -> dict[str, Any]:
    """Return the sections of a spec of which nothing is refused, as plain values."""
    found = clients(spec, "infra")
    assert [str(each) for each in found.refused] == []
    return {each.name: plain(each.value) for each in found.sections}


def refused(**spec: Any) -> list[str]:
    return [each.path for each in clients(spec, "infra").refused]


def test_addresses_and_what_balancers_say() -> None:
    assert taken(clientIPDetection={"xForwardedFor": {"numTrustedHops": 2}}) == {"client_address": {"trustedHops": 2}}
    trusted = {"xForwardedFor": {"trustedCIDRs": ["10.1.2.3/8"]}}
    assert taken(clientIPDetection=trusted) == {"client_address": {"trustedRanges": ["10.0.0.0/8"]}}
    assert taken(clientIPDetection={"directSourceIP": {}}) == {}
    assert taken(proxyProtocol={}) == {"socket": {"proxyProtocol": "Required"}}
    assert taken(enableProxyProtocol=True) == {"socket": {"proxyProtocol": "Required"}}
    both = taken(proxyProtocol={"optional": True}, connection={"bufferLimit": "64Ki"})
    assert both == {"socket": {"proxyProtocol": "Optional", "bufferBytes": 65536}}


def test_tls_and_certificates() -> None:
    tls = {"minVersion": "1.3", "maxVersion": "Auto", "ecdhCurves": ["X25519"], "ciphers": ["AES128-SHA"]}
    assert taken(tls=tls) == {"tls": {"minVersion": "1.3", "ciphers": ["AES128-SHA"], "curves": ["X25519"]}}
    told = {"xForwardedClientCert": {"mode": "SanitizeSet", "certDetailsToAdd": ["Subject", "Cert"]}}
    assert taken(headers=told) == {"client_certificate": {"forward": ["Subject", "Certificate"]}}


def test_http() -> None:
    headers = {
        "withUnderscoresAction": "DropHeader",
        "maxRequestHeaderLimit": "96Ki",
        "earlyRequestHeaders": {"set": [{"name": "x-a", "value": "b"}], "remove": ["x-b"]},
    }
    assert taken(
        headers=headers,
        path={"escapedSlashesAction": "RejectRequest", "disableMergeSlashes": True},
        http2={"maxConcurrentStreams": 50, "initialStreamWindowSize": "128Ki"},
        http3={},
    ) == {
        "http2": {"maxConcurrentStreams": 50, "streamWindowBytes": 131072},
        "http3": {},
        "headers": {
            "maxKib": 96,
            "underscores": "Drop",
            "early": {"set": [{"name": "x-a", "value": "b"}], "remove": ["x-b"]},
        },
        "path": {"escapedSlashes": "Reject", "repeatedSlashes": "Keep"},
    }


def test_patience_and_connections() -> None:
    http = {"requestHeadersReceivedTimeout": "5s", "idleTimeout": "1m", "streamIdleTimeout": "2m"}
    limit = {"value": 100, "maxConnectionDuration": "1h", "maxRequestsPerConnection": 10}
    assert taken(
        timeout={"tcp": {"tlsHandshakeTimeout": "3s"}, "http": http}, connection={"connectionLimit": limit}
    ) == {
        "timeouts": {"tlsHandshake": "3s", "requestHeaders": "5s", "streamIdle": "2m", "idle": "1m"},
        "connections": {"max": 100, "maxRequestsEach": 10, "maxAge": "1h"},
    }


@pytest.mark.parametrize(
    ("spec", "at", "closes"),
    [
        ({"tls": {"clientValidation": {"caCertificateRefs": [{"name": "a"}]}}}, "spec.tls.clientValidation", True),
        ({"tls": {"ciphers": ["RC4"]}}, "spec.tls.ciphers[0]", True),
        ({"clientIPDetection": {"customHeader": {"name": "x"}}}, "spec.clientIPDetection.customHeader", True),
        (
            {"clientIPDetection": {"xForwardedFor": {"trustedCIDRs": ["nonsense"]}}},
            "spec.clientIPDetection.xForwardedFor.trustedCIDRs[0]",
            True,
        ),
        (
            {"headers": {"xForwardedClientCert": {"mode": "ForwardOnly"}}},
            "spec.headers.xForwardedClientCert.mode",
            True,
        ),
        ({"tls": {"session": {"resumption": {}}}}, "spec.tls.session", False),
        ({"http1": {"preserveHeaderCase": True}}, "spec.http1.preserveHeaderCase", False),
        ({"mergeType": "JSONMerge"}, "spec.mergeType", True),
        (
            {"headers": {"earlyRequestHeaders": {"removeOnMatch": [{"type": "Prefix", "value": "x-auth-"}]}}},
            "spec.headers.earlyRequestHeaders.removeOnMatch",
            True,
        ),
        (
            {"headers": {"earlyRequestHeaders": {"add": [{"name": "x-a", "value": "b"}]}}},
            "spec.headers.earlyRequestHeaders.add",
            False,
        ),
        ({"frob": 1}, "spec", True),
    ],
)  # fmt: skip
def test_what_says_who_a_client_is_closes_and_the_rest_is_left_out(
    spec: dict[str, Any], at: str, *, closes: bool
) -> None:
    assert refused(**spec) == [at]
    assert bool(what_protects(spec, "infra").refused) is closes


def test_a_good_floor_of_tls_stays_beside_what_is_left_out() -> None:
    found = clients({"tls": {"minVersion": "1.3", "session": {}}}, "infra")
    assert [each.name for each in found.sections] == ["tls"]

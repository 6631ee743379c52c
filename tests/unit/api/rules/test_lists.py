import pytest

from tests.unit.api.documents import Document, document, gateway, http_filter, http_rule, listener, problems

TARGET = {"group": "", "kind": "Service", "name": "cart"}

BROKEN = [
    (
        gateway(listeners=[listener(), listener(port=81)]),
        ["spec.listeners[1]: repeats listeners[0]; name must be unique"],
    ),
    (
        http_rule(matches=[{"headers": [{"name": "env", "value": "a"}, {"name": "env", "value": "b"}]}]),
        ["spec.rules[0].matches[0].headers[1]: repeats headers[0]; name must be unique"],
    ),
    (
        http_rule(retry={"codes": [500, 503, 500]}),
        ["spec.rules[0].retry.codes[2]: repeats codes[0]; values must be unique"],
    ),
    (
        http_filter("RequestHeaderModifier", requestHeaderModifier={"remove": ["a", "a"]}),
        ["spec.rules[0].filters[0].requestHeaderModifier.remove[1]: repeats remove[0]; values must be unique"],
    ),
    (
        document("XBackendTrafficPolicy", spec={"targetRefs": [TARGET, TARGET]}),
        ["spec.targetRefs[1]: repeats targetRefs[0]; group and kind and name must be unique"],
    ),
    (
        gateway(tls={"frontend": {"default": {}, "perPort": [{"port": 1, "tls": {}}, {"port": 1, "tls": {}}]}}),
        ["spec.tls.frontend.perPort[1]: repeats perPort[0]; port must be unique"],
    ),
]
KEPT = [
    http_rule(matches=[{"headers": [{"name": "env", "value": "a"}, {"name": "Env", "value": "b"}]}]),
    document("HTTPRoute", spec={"hostnames": ["a.example", "a.example"]}),
    document("XBackendTrafficPolicy", spec={"targetRefs": [TARGET, {**TARGET, "name": "shop"}]}),
]


@pytest.mark.parametrize(("source", "expected"), BROKEN)
def test_broken(source: Document, expected: list[str]) -> None:
    assert problems(source) == expected


@pytest.mark.parametrize("source", KEPT)
def test_kept(source: Document) -> None:
    assert problems(source) == []

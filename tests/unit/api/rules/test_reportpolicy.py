import pytest

from tests.unit.api.documents import Document, problems
from tests.unit.policies import policy, target

SINKS = "spec.default.accessLog.sinks"
SERVER = {"name": "collector", "port": 4317}
ALL = ["usual", "query", "user_agent", "referer"]


def logged(*sinks: object, **section: object) -> Document:
    edge = target("Gateway", "edge")
    return policy("ReportPolicy", "x", edge, default={"accessLog": {"sinks": [*sinks], **section}})


ALS = {"type": "ALS", "backendRef": SERVER}
OTLP = {"type": "OTLP", "backendRef": SERVER}
OUTPUT = {"type": "Output"}
NOT_ASKED = (
    f"{SINKS}[0].type: must not be ALS, which always sends client, query, user_agent, referer, unless fields has them"
)
ROUTE = target("HTTPRoute", "cart")
RATE = {"rate": {"numerator": 1}}


def told(at: Document, **sections: object) -> Document:
    return policy("ReportPolicy", "x", at, default=sections)


NO_LOG = "spec.targetRefs[0].kind: must be one of GatewayClass, Gateway for accessLog"
NO_METRICS = "spec.targetRefs[0].kind: must be one of HTTPRoute, GRPCRoute for metrics"
BROKEN = [
    (told(ROUTE, accessLog={"minStatus": 500}, sampling=RATE), [NO_LOG]),
    (told(target("Namespace"), sampling=RATE, metrics={}), [NO_METRICS]),
    (
        told(target("Gateway", "edge"), sampling=RATE),
        ["spec.targetRefs[0].kind: must be one of ListenerSet, Namespace, HTTPRoute, GRPCRoute for sampling"],
    ),
    (
        told(target("Gateway", "edge", "http"), accessLog={"minStatus": 500}),
        ["spec.targetRefs[0].sectionName: must not be set; a log is of all listeners"],
    ),
    (told(ROUTE, sampling={}), ["spec.default.sampling.rate: is required, unless mode is Disabled"]),
    (
        told(ROUTE, sampling={"rate": {"numerator": 3, "denominator": 2}}),
        ["spec.default.sampling.rate.numerator: must be at most the denominator, 2"],
    ),
    (logged({"type": "OTLP"}), [f"{SINKS}[0].backendRef: is required for type OTLP"]),
    (logged({"type": "Output", "backendRef": SERVER}), [f"{SINKS}[0].backendRef: must not be set for type Output"]),
    (logged(OTLP, OUTPUT, OTLP), [f"{SINKS}[2]: repeats sinks[0]; sinks must be unique"]),
    (logged(ALS), [NOT_ASKED]),
    (logged(ALS, fields=["usual", "query"]), [NOT_ASKED]),
    (logged(ALS, fields=["path", "query", "user_agent", "referer"]), [NOT_ASKED]),
]
GOOD = [
    told(ROUTE, sampling=RATE, metrics={}),
    told(ROUTE, sampling={"mode": "Disabled"}, metrics={"mode": "Disabled"}),
    told(target("ListenerSet", "more", "http"), sampling=RATE),
    logged(),
    logged(OUTPUT),
    logged(OTLP, OUTPUT),
    logged(ALS, OTLP, fields=ALL),
    logged(ALS, fields=["client", "query", "user_agent", "referer"]),
]


@pytest.mark.parametrize(("document", "expected"), BROKEN)
def test_broken(document: Document, expected: list[str]) -> None:
    assert problems(document) == expected


@pytest.mark.parametrize("document", GOOD)
def test_good(document: Document) -> None:
    assert not problems(document)

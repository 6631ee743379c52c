from typing import Any

import pytest

from tests.unit.api.documents import Document, problems

SERVER = {"backendRef": {"name": "collector", "port": 4317}}
TRACING = "spec.tracing"
ONLY = "must not be set unless mode is Enabled"


def traced(**tracing: Any) -> Document:
    return {
        "apiVersion": "gateway.networking.x-k8s.io/v1alpha1",
        "kind": "XTelemetryPolicy",
        "metadata": {"name": "x", "namespace": "shop"},
        "spec": {
            "targetRefs": [{"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "edge"}],
            **({"tracing": tracing} if tracing else {}),
        },
    }


def enabled(**tracing: Any) -> Document:
    return traced(mode="Enabled", provider=SERVER, **tracing)


def attribute(**source: str) -> Document:
    return enabled(attributes=[{"name": "a", **source}])


BROKEN = [
    (traced(), [f"{TRACING}: is required"]),
    (traced(mode="Enabled"), [f"{TRACING}.provider: is required when mode is Enabled"]),
    (traced(mode="Disabled", provider=SERVER), [f"{TRACING}.provider: {ONLY}"]),
    (traced(mode="Disabled", samplingRate={"numerator": 1}), [f"{TRACING}.samplingRate: {ONLY}"]),
    (
        traced(mode="Disabled", serviceName="a", spanName="b", parentBasedSampling={}),
        [f"{TRACING}.{each}: {ONLY}" for each in ("parentBasedSampling", "serviceName", "spanName")],
    ),
    (
        enabled(parentBasedSampling={"mode": "Disabled", "samplingRate": {"numerator": 1}}),
        [f"{TRACING}.parentBasedSampling.samplingRate: {ONLY}"],
    ),
    (
        attribute(sourceType="Header"),
        [f"{TRACING}.attributes[0].headerName: is required for sourceType Header"],
    ),
    (
        attribute(sourceType="Literal", literalValue="a", attributeKey="b"),
        [f"{TRACING}.attributes[0].attributeKey: must not be set for sourceType Literal"],
    ),
]
GOOD = [
    traced(mode="Disabled"),
    traced(mode="ImplementationDefault"),
    enabled(samplingRate={"numerator": 1}, serviceName="a", spanName="a b"),
    enabled(parentBasedSampling={"mode": "Enabled", "samplingRate": {"numerator": 1}}),
    attribute(sourceType="Header", headerName="x-tenant"),
    attribute(sourceType="Attribute", attributeKey="url.path"),
]


@pytest.mark.parametrize(("document", "expected"), BROKEN)
def test_broken(document: Document, expected: list[str]) -> None:
    assert problems(document) == expected


@pytest.mark.parametrize("document", GOOD)
def test_good(document: Document) -> None:
    assert not problems(document)

from types import MappingProxyType
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatewayd.api.decode import Decoded, Rejected, decode, decode_bytes
from gatewayd.api.kinds import KINDS
from gatewayd.api.meta import ObjectKey
from tests.unit.api.documents import accepted, document, gateway, http_rule, kind_named, problems
from tests.unit.api.test_examine import VALUES

ROUTE: dict[str, Any] = {
    **document("HTTPRoute"),
    "metadata": {"name": "cart", "namespace": "shop", "generation": 2},
    "spec": {
        "parentRefs": [{"name": "gw", "sectionName": "https"}],
        "hostnames": ["shop.example.com"],
        "rules": [
            {
                "matches": [{"path": {"value": "/api"}, "headers": [{"name": "env", "value": "canary"}]}],
                "backendRefs": [{"name": "cart", "port": 80, "weight": 90}, {"name": "new", "port": 80, "weight": 10}],
            },
            {"backendRefs": [{"name": "web", "port": 80}]},
        ],
    },
}


def test_a_document_becomes_an_object() -> None:
    result = decode(ROUTE)
    assert isinstance(result, Decoded)
    assert (result.kind.kind, result.key) == ("HTTPRoute", ObjectKey("shop", "cart"))
    assert result.obj.metadata.generation == 2


def test_any_mapping_is_a_document() -> None:
    assert decode(MappingProxyType(ROUTE)) == decode(ROUTE)


def test_bytes_become_the_same_object() -> None:
    assert decode_bytes(kind_named("HTTPRoute"), msgspec.json.encode(ROUTE)) == decode(ROUTE)


def test_bytes_of_older_crds_are_taken() -> None:
    """The API server checked them against its own CRDs, so that cross-field rules are not asked again."""
    raw = msgspec.json.encode(gateway(listeners=[{"name": "a", "port": 80, "protocol": "HTTP", "tls": {}}]))
    assert isinstance(decode_bytes(kind_named("Gateway"), raw), Decoded)


def test_nulls_in_bytes_count_as_absent() -> None:
    raw = msgspec.json.encode(http_rule(matches=[{"path": None}]))
    result = decode_bytes(kind_named("HTTPRoute"), raw)
    assert isinstance(result, Decoded)
    assert result.obj == msgspec.convert(http_rule(), kind_named("HTTPRoute").struct)


def test_go_writes_an_empty_list_as_null() -> None:
    raw = msgspec.json.encode(document("EndpointSlice", addressType="IPv4", endpoints=None, ports=None))
    result = decode_bytes(kind_named("EndpointSlice"), raw)
    assert isinstance(result, Decoded)
    assert result.obj == msgspec.convert(document("EndpointSlice", addressType="IPv4"), result.kind.struct)


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"", "is not JSON"),
        (b"{", "is not JSON"),
        (b"[]", "must be an object"),
        (b'{"metadata": {"name": "\xff"}}', "is not JSON"),
        (b"[" * 100_000, "is not JSON"),
        (b'{"metadata": {"name": "cart"}}', "spec: is required"),
    ],
)
def test_bytes_that_are_no_object(raw: bytes, message: str) -> None:
    result = decode_bytes(kind_named("HTTPRoute"), raw)
    assert isinstance(result, Rejected)
    assert str(result.problems[0]).startswith(message)


def test_a_rejected_document_says_what_it_was() -> None:
    result = decode({**ROUTE, "spec": {"rules": [], "hostnames": ["A"]}})
    assert isinstance(result, Rejected)
    assert (result.kind, result.kind_name, result.namespace, result.name) == (
        kind_named("HTTPRoute"),
        "HTTPRoute",
        "shop",
        "cart",
    )
    assert result.api_version == "gateway.networking.k8s.io/v1"
    assert len(result.problems) == 2


def test_what_a_rejected_document_was_can_be_printed() -> None:
    result = decode({**ROUTE, "metadata": {"name": "a\ud800", "namespace": 5}})
    assert isinstance(result, Rejected)
    assert (result.name.encode(), result.namespace) == (b"a?", "")


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ({}, "apiVersion: is required"),
        ({"apiVersion": "v1"}, "kind: is required"),
        ({"apiVersion": 1, "kind": "Pod"}, "apiVersion: is required"),
        ({"apiVersion": "v1", "kind": "Pod"}, 'kind: "Pod" of "v1" is not read; it is no kind that gatewayd knows'),
        (
            {"apiVersion": "gateway.networking.k8s.io/v1alpha1", "kind": "Gateway"},
            'apiVersion: "v1alpha1" is not a version of Gateway; v1, v1beta1 are allowed',
        ),
    ],
)
def test_what_is_not_read(source: dict[str, object], expected: str) -> None:
    assert problems(source) == [expected]


def test_a_document_that_is_no_mapping() -> None:
    result = decode([])  # type: ignore[arg-type]
    assert isinstance(result, Rejected)
    assert result.kind is None


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)
def test_every_version_is_read(kind: Any) -> None:
    for version in kind.accepted_versions:
        result = decode({**document(kind.kind, version), "metadata": {}})
        assert isinstance(result, Rejected)
        assert result.kind is kind


def test_string_data_overwrites_data() -> None:
    secret = accepted(document("Secret", data={"a": "b2xk", "c": "ZA=="}, stringData={"a": "new"}))
    assert secret.data == {"a": "bmV3", "c": "ZA=="}
    assert secret.string_data == {}


def test_no_message_shows_a_secret() -> None:
    source = document("Secret", data={"a": "hunter2!", "b": 5}, stringData={"c": ["hunter2!"]})
    assert not any("hunter2" in line for line in problems(source))
    assert problems(document("Secret", data={"a": "hunter2!"})) == [
        "data[a]: is not base64; use stringData for plain text"
    ]


def test_hostile_documents_are_refused_quickly() -> None:
    loop: dict[str, Any] = {**document("HTTPRoute")}
    loop["spec"] = loop
    loop["metadata"] = loop
    nested: Any = "x"
    for _ in range(10_000):
        nested = [nested]
    hostile = [
        loop,
        document("HTTPRoute", spec=nested),
        document("HTTPRoute", spec={"rules": [nested]}),
        document("HTTPRoute", metadata={"name": "a" * 10_000_000}, spec={}),
        document("HTTPRoute", metadata={"name": "a\x00"}, spec={}),
        document("HTTPRoute", spec={"hostnames": ["a" * 253 + "\n"] * 16}),
        gateway(infrastructure={"annotations": {"a" * 100_000: ""}}),
        {**document("HTTPRoute"), "kind": "x" * 1_000_000},
    ]
    for source in hostile:
        result = decode(source)
        assert isinstance(result, Rejected)
        assert sum(len(str(problem)) for problem in result.problems) < 10_000


@given(document=VALUES, kind=st.sampled_from(KINDS))
def test_nothing_raises(document: object, kind: Any) -> None:
    for source in (
        document,
        {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": document, "spec": document},
    ):
        assert isinstance(decode(source), Decoded | Rejected)  # type: ignore[arg-type]


@given(raw=st.binary(max_size=50))
def test_no_bytes_raise(raw: bytes) -> None:
    assert isinstance(decode_bytes(kind_named("Gateway"), raw), Decoded | Rejected)

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatewayd.api.examine import MAX_PROBLEMS, child, examine
from gatewayd.api.gateway import Gateway
from gatewayd.api.httproute import HTTPRoute
from gatewayd.api.kinds import KINDS
from gatewayd.api.meta import KubernetesObject


def found(document: object, struct: type[KubernetesObject] = HTTPRoute) -> list[str]:
    return [str(problem) for problem in examine(document, struct).problems]


def test_every_problem_is_reported() -> None:
    document = {
        "metadata": {"name": 5, "labels": {"a": 1, 2: "b"}},
        "spec": {
            "hostnames": "a.example.com",
            "rules": [
                {"matches": {"path": "/"}},
                "rule",
                {"filters": [{"type": "CORS", "cors": {"allowCredentials": "yes", "maxAge": 2.5}}]},
                {"backendRefs": [{"name": "a" * 254, "port": "80", "weight": True}]},
            ],
        },
    }
    assert found(document) == [
        "metadata.name: must be a string, not an integer",
        "metadata.labels[a]: must be a string, not an integer",
        "metadata.labels: must have text as keys, not an integer; quote it",
        "spec.hostnames: must be a list, not a string",
        "spec.rules[0].matches: must be a list, not an object",
        "spec.rules[1]: must be an object, not a string",
        "spec.rules[2].filters[0].cors.allowCredentials: must be true or false, not a string",
        "spec.rules[2].filters[0].cors.maxAge: must be an integer, not a number",
        "spec.rules[3].backendRefs[0].name: has 254 characters; at most 253 are allowed",
        "spec.rules[3].backendRefs[0].port: must be an integer, not a string",
        "spec.rules[3].backendRefs[0].weight: must be an integer, not a boolean",
    ]


def test_nulls_count_as_absent_except_in_lists() -> None:
    document = {
        "metadata": {"name": "x", "labels": {"a": None}},
        "spec": {"hostnames": None, "rules": [{"matches": [{"path": None, "headers": [{"name": None}, None]}]}]},
    }
    assert found(document) == [
        "spec.rules[0].matches[0].headers[0].name: is required",
        "spec.rules[0].matches[0].headers[0].value: is required",
        "spec.rules[0].matches[0].headers[1]: must be an object, not null",
    ]


def test_what_has_no_problem_is_ready_for_msgspec() -> None:
    examined = examine({"metadata": {"name": "x", "labels": None}, "spec": {"rules": None}}, HTTPRoute)
    assert examined.problems == ()
    assert msgspec.convert(examined.value, HTTPRoute) == msgspec.convert(
        {"metadata": {"name": "x"}, "spec": {}}, HTTPRoute
    )


@pytest.mark.parametrize("text", ["\ud800", "a\udfff"])
def test_half_surrogates_are_no_text(text: str) -> None:
    assert found({"metadata": {"name": text, "labels": {text: ""}}, "spec": {}}) == [
        "metadata.name: must be Unicode text; it holds half of a surrogate pair",
        "metadata.labels: must have text as keys, not a string; quote it",
    ]


def test_numbers_beyond_64_bits() -> None:
    assert found({"metadata": {"generation": 2**63}, "spec": {}}) == ["metadata.generation: does not fit into 64 bits"]


def test_timestamps_of_yaml_readers_become_text() -> None:
    yaml = pytest.importorskip("yaml")
    document = yaml.safe_load("{metadata: {creationTimestamp: 2026-01-02T03:04:05Z, uid: 2026-01-02}, spec: {}}")
    examined = examine(document, HTTPRoute)
    assert examined.problems == ()
    metadata = msgspec.convert(examined.value, HTTPRoute).metadata
    assert (metadata.creation_timestamp, metadata.uid) == ("2026-01-02T03:04:05Z", "2026-01-02")


def test_problems_end_somewhere() -> None:
    labels = {f"k{number}": number for number in range(1000)}
    assert len(found({"metadata": {"labels": labels}, "spec": {}})) == MAX_PROBLEMS


def test_paths() -> None:
    assert child("", "spec") == "spec"
    assert child("spec", "rules") == "spec.rules"
    assert child("spec", "[0]") == "spec[0]"


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["a", "All", 80, 1]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
LISTENERS = st.lists(
    st.fixed_dictionaries(
        {"name": st.sampled_from(["a", "B"]) | VALUES, "port": st.sampled_from([80, 0]) | VALUES, "protocol": VALUES},
        optional={"tls": VALUES, "hostname": VALUES, "allowedRoutes": VALUES},
    )
)
GATEWAYS = st.fixed_dictionaries(
    {"metadata": st.just({"name": "x"}) | VALUES},
    optional={"spec": VALUES | st.fixed_dictionaries({"gatewayClassName": VALUES, "listeners": LISTENERS | VALUES})},
)


@given(document=GATEWAYS)
def test_both_readings_agree(document: dict[str, object]) -> None:
    """What msgspec takes has no problem; what has no problem is taken by msgspec once nulls are gone."""
    examined = examine(document, Gateway)
    try:
        taken = msgspec.convert(document, Gateway)
        msgspec.json.encode(taken)
    except (msgspec.ValidationError, UnicodeEncodeError, OverflowError):
        if not examined.problems:
            msgspec.convert(examined.value, Gateway)
    else:
        assert examined.problems == ()
        assert msgspec.convert(examined.value, Gateway) == taken


@given(document=VALUES)
def test_nothing_raises(document: object) -> None:
    for kind in KINDS:
        examine(document, kind.struct)

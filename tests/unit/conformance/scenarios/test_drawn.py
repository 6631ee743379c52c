"""Documents are drawn the same every time, as their schema has them, and a slip is one mistake in them."""

import copy
import random

from conformance.scenarios.builtin_kinds import good_documents, schema_of
from conformance.scenarios.drawn import document
from conformance.scenarios.slips import slip
from gatewayd.api.kinds import KINDS

UNION = {
    "type": "object",
    "required": ["type"],
    "properties": {
        "type": {"type": "string", "enum": ["URLRewrite", "CORS"]},
        "urlRewrite": {"type": "object", "properties": {"hostname": {"type": "string", "pattern": "^[a-z.]+$"}}},
        "cors": {"type": "object", "properties": {"maxAge": {"type": "integer", "minimum": 1, "maximum": 9}}},
    },
}
SCHEMA = {
    "type": "object",
    "properties": {
        "kind": {"type": "string"},
        "status": {"type": "object"},
        "spec": {"type": "object", "required": ["filters"], "properties": {
            "filters": {"type": "array", "minItems": 1, "maxItems": 2, "items": UNION},
        }},
    },
}  # fmt: skip
HEAD = {"apiVersion": "v1", "kind": "It", "metadata": {"name": "drawn"}}


def drawn(seed: int) -> dict[str, object]:
    return document({**SCHEMA, "required": ["spec"]}, HEAD, random.Random(seed))  # noqa: S311 - chance that is the same every time


def test_a_seed_draws_one_document() -> None:
    assert [drawn(seed) for seed in range(50)] == [drawn(seed) for seed in range(50)]
    assert all(each["metadata"] == HEAD["metadata"] and "status" not in each for each in map(drawn, range(50)))


def test_a_union_has_the_member_that_its_type_names() -> None:
    for seed in range(50):
        spec = drawn(seed)["spec"]
        assert isinstance(spec, dict)
        for each in spec["filters"]:
            assert set(each) == {"type", {"URLRewrite": "urlRewrite", "CORS": "cors"}[each["type"]]}


def test_a_slip_changes_a_document_mostly_and_nothing_else() -> None:
    changed = 0
    for seed in range(100):
        before = drawn(seed)
        kept = copy.deepcopy(before)
        slip(before, SCHEMA, random.Random(seed))  # noqa: S311 - chance that is the same every time
        changed += before != kept
        assert (before["kind"], before["metadata"]) == (kept["kind"], kept["metadata"])
    assert changed > 50


def test_schemas_of_kinds_that_are_always_there_have_what_they_refer_to_but_what_is_not_read() -> None:
    service = next(kind for kind in KINDS if kind.kind == "Service")
    port = {"type": "object", "properties": {
        "port": {"type": "integer", "format": "int32"}, "targetPort": {"$ref": "#/components/schemas/P"},
    }}  # fmt: skip
    whole = {
        "x-kubernetes-group-version-kind": [{"group": "", "version": "v1", "kind": "Service"}],
        "properties": {"metadata": {}, "spec": {"allOf": [{"$ref": "#/components/schemas/S"}]}},
    }
    spec = {"properties": {"ports": {"type": "array", "items": port}, "sessionAffinity": {}, "clusterIP": {}}}
    schemas = {"S": spec, "P": {"format": "int-or-string"}, "W": whole}

    found = schema_of(service, {"components": {"schemas": schemas}})

    (name,) = found["properties"]["spec"]["properties"]
    assert name == "ports"
    ports = found["properties"]["spec"]["properties"]["ports"]["items"]["properties"]
    assert ports["port"]["maximum"] == 2**31 - 1
    assert ports["targetPort"] == {"x-kubernetes-int-or-string": True}
    assert len(good_documents("Service")) == 3

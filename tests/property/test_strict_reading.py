"""What `gatewayd check` calls an error in a document is what the schemas of the CRDs refuse.

Documents are made from the schemas, with slips in them: fields with another name, of another type, or gone. What a
schema refuses has to be refused; the unknown fields have to be the same ones.
"""

from copy import deepcopy
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from gatewayd.manifests.admission import Admitted, Reason, RefusedObject, admit
from tests.property.crd_documents import SERVED, Document, Judge, at, documents, places

SLIPS = ("backendRef", "filter", "sectionname", "hostname", "wormhole", "type", "name", "rule")
WRONG = st.sampled_from([3, True, "x", [], {}, [3], {"a": 1}, None, -1, 2**40]).map(deepcopy)


def slip(draw: st.DrawFn, document: Document) -> None:
    """Make one mistake in the spec of a document."""
    mapping = at(document, draw(st.sampled_from([path for path in places(document) if path[:1] == ("spec",)])))
    name = draw(st.sampled_from(sorted(mapping))) if mapping else None
    what = draw(st.sampled_from(["rename", "add", "retype", "remove"]))
    if what == "add" or name is None:
        mapping[draw(st.sampled_from(SLIPS))] = draw(WRONG)
    elif what == "rename":
        mapping[draw(st.sampled_from([name[:-1], f"{name}s", name.upper(), name.lower()])) or "x"] = mapping.pop(name)
    elif what == "retype":
        mapping[name] = draw(WRONG)
    else:
        del mapping[name]


@st.composite
def mistaken(draw: st.DrawFn) -> tuple[Document, Any]:
    one = draw(st.sampled_from(SERVED))
    document = draw(documents(one))
    for _ in range(draw(st.integers(0, 2))):
        slip(draw, document)
    return document, one.schema


@given(mistaken())
@settings(max_examples=300)
def test_what_the_schemas_refuse_is_refused(drawn: tuple[Document, Any]) -> None:
    document, schema = drawn
    judge = Judge({"spec": document["spec"]}, schema)

    verdict = admit(document)

    assert isinstance(verdict, Admitted | RefusedObject)
    flaws = verdict.flaws if isinstance(verdict, RefusedObject) else ()
    unknown = {flaw.problem.path for flaw in flaws if flaw.reason is Reason.UNKNOWN_FIELD}
    assert unknown == judge.unknown
    if judge.wrong or judge.unknown:
        assert isinstance(verdict, RefusedObject), (document, judge.wrong)

"""Whatever the API server lets through in one field of one object: nothing fails, and nobody else is refused for it.

The objects of a team, each with one field at a time exchanged for something odd. What the rules of the API refuse is
refused; of all else a snapshot is made, and statuses.
"""

import copy
from functools import cache
from io import StringIO
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatewayd.api.decode import Decoded, decode
from gatewayd.incremental.view import Member
from gatewayd.ir.outcome import GatewayOutcome, ListenerSetOutcome, Verdict
from gatewayd.own_group import CONTROLLER
from gatewayd.status.merge import status
from gatewayd.store import Delta
from gatewayd.telemetry import logs
from tests.property.tenants import is_of, team, team_texts
from tests.property.test_isolation import World
from tests.unit.translator.manifests import documents

Path = tuple[str | int, ...]

ODD: tuple[object, ...] = (
    "", " ", "a", "*", ".", "*.", "*.a", "a..b", "/", "//", "%", "%00", "?", "#", "\\", "\t", "\u0000", "\u202e", "😀",
    "a" * 64, "a" * 300, "1", "-1", "0", "0s", "1ms", "999999h", "1h1m", "true", "null", "::1", "127.0.0.1", "0.0.0.0",
    "Service", "ConfigMap", "gateway.networking.k8s.io", "{}", "[]", "(", "(?=a)", "a{1000}", "$1", "\\1", "%REQ(x)%",
    0, 1, -1, 2**31 - 1, 2**31, 2**32, 2**63, 0.5, True, False, None, [], {}, [None], [[]], [{}], {"a": 1}, {"": ""},
)  # fmt: skip
"""What stands in the place of a field."""


def fields(value: object, path: Path = ()) -> list[Path]:
    """Return the paths of all values of a document, but for what says which object it is."""
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found = [] if path in ((), ("apiVersion",), ("kind",), ("metadata",)) or path[-1] == "name" else [path]
    return found + [each for step, inner in steps for each in fields(inner, (*path, step)) if each[0] != "status"]


def exchanged(document: dict[str, Any], path: Path, value: object) -> dict[str, Any]:
    """Return the document with a value in the place of a field."""
    made = copy.deepcopy(document)
    parent: Any = made
    for step in path[:-1]:
        parent = parent[step]
    parent[path[-1]] = copy.deepcopy(value)
    return made


DOCUMENTS = tuple(documents(*team_texts("bob", 1)))
PLACES = [(at, path) for at, document in enumerate(DOCUMENTS) for path in fields(document)]


@pytest.fixture(autouse=True)
def quiet() -> None:
    logs.configure("critical", logs.JsonLines(stream=StringIO()))


@cache
def world() -> World:
    return World(None, "")


def first_verdicts(name: str) -> dict[Member, tuple[Verdict, ...]]:
    """Return whether a team's objects are accepted: that listeners overlap is said of both sides, and is no harm."""
    return {
        at: outcome.verdicts[:1] if isinstance(outcome, GatewayOutcome | ListenerSetOutcome) else ()
        for at, outcome in world().outcomes(name).items()
    }


def spoil(document: dict[str, Any]) -> bool:
    """Put a changed object into the world, look at all that follows, and take it back; False: it is refused."""
    found = decode(document)
    if not isinstance(found, Decoded) or (found.key.namespace and not is_of(found.key.namespace, "bob")):
        return False
    before = next(each for each in team("bob", 1) if (each.kind, each.key) == (found.kind.struct, found.key))
    accepted = first_verdicts("ann")
    batch = world().step(Delta(kind=before.kind, key=before.key, obj=found.obj))
    assert batch.failures == 0, document
    assert first_verdicts("ann") == accepted, document
    for outcome in batch.outcomes.values():
        if outcome is not None:
            status(outcome, CONTROLLER)
    assert world().step(before).failures == 0
    return True


@settings(max_examples=400)
@given(st.sampled_from(PLACES), st.sampled_from(ODD))
def test_one_odd_field(place: tuple[int, Path], value: object) -> None:
    at, path = place
    spoil(exchanged(DOCUMENTS[at], path, value))


def test_much_of_it_is_let_through() -> None:
    """Guard against values that are all refused before anybody looks at them."""
    backend = next(at for at, document in enumerate(DOCUMENTS) if document["kind"] == "XBackend")
    spec = ("spec", "externalHostname", "hostname")
    assert len(PLACES) > 200
    assert sum(spoil(exchanged(DOCUMENTS[backend], spec, value)) for value in ODD) > 3

"""Histories of the scenario in which a guarantee was broken, cut down to what broke it: the checker still says so."""

from pathlib import Path

import pytest

from conformance.history.events import read
from conformance.history.guarantees import breaches

KEPT = Path(__file__).parent / "kept"
BROKEN = {
    # A stream was opened anew while clusters and routes had changed. Envoy asked for listeners, routes and endpoints
    # first, and was sent a route to a cluster that it was told of 5 ms later.
    "routes-before-clusters-on-a-new-stream": {2},
    # A port was taken away and came back 12 s later, while the replica that serves the proxies was cut off: the leader
    # counted what they had acknowledged of the first one.
    "programmed-by-an-old-acknowledgement": {5},
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_was_wrong_once_is_noticed(name: str) -> None:
    found = breaches(read(KEPT / f"{name}.jsonl"), {})
    assert {each.number for each, what in found.items() if what} == BROKEN[name]


def test_every_history_that_is_kept_has_its_row() -> None:
    assert {file.stem for file in KEPT.glob("*.jsonl")} == set(BROKEN)

"""What a client has of a name: which version that is, and what a refused response leaves of it."""

import pytest

from gatewayd.ads.protocol.held import UNKNOWN, Held, Unsure, unsure, version_of
from gatewayd.xds.resource import CLUSTER, Resource, resource

OLD, NEW = (resource(CLUSTER, "c", body) for body in (b"old", b"new"))


@pytest.mark.parametrize(
    ("held", "version"),
    [(OLD, OLD.version), ("v7", "v7"), (None, None), (UNKNOWN, None), (Unsure(likely=OLD), None)],
)
def test_a_version_is_known_of_what_was_carried_or_declared(held: Held, version: str | None) -> None:
    assert version_of(held) == version


@pytest.mark.parametrize(
    ("before", "applied", "held"),
    [
        (UNKNOWN, None, UNKNOWN),
        (UNKNOWN, NEW, Unsure(likely=NEW)),
        (Unsure(likely=OLD), None, Unsure(likely=OLD)),
        (Unsure(likely=OLD), NEW, Unsure(likely=NEW)),
        (OLD, None, Unsure(likely=OLD)),
        (OLD, NEW, Unsure(likely=NEW)),
        ("v7", None, Unsure(likely=None)),
        (None, NEW, Unsure(likely=NEW)),
    ],
)
def test_after_a_refusal_it_is_what_it_was_or_what_came(before: Held, applied: Resource | None, held: Held) -> None:
    assert unsure(before, applied) == held

"""What a change of an Ingress with annotations costs, as counts: the same among few and among many."""

import pytest

from gatewayd.api.ingress import Ingress
from gatewayd.api.meta import ObjectKey
from gatewayd.ir.limits import MANY_ROUTES
from gatewayd.store import Delta
from tests.unit.test_cost import SHOP_GATEWAY, Costed
from tests.unit.translator.ingress_manifests import SERVED, annotated_class, ingress, noted, paths
from tests.unit.translator.manifests import SHOP, deltas

ASKING = {"auth_url": "http://cart.shop.svc.cluster.local/check"}
FEW, MANY = MANY_ROUTES + 8, 200
"""Both more than a host may have without that each of them is remembered there."""


def one(number: int, path: str, host: str, **notes: str) -> tuple[Delta, ...]:
    spec = f"rules: [{{host: {host}, {paths(f'Prefix {path}')}}}]"
    return tuple(deltas(ingress(spec, name=f"i{number}", meta=noted(**notes))))


@pytest.mark.parametrize(
    ("notes", "is_shared"),
    [(ASKING, False), (ASKING, True), ({"use_regex": "true"}, True), ({"canary": "true"}, True)],
)
def test_the_others_of_a_host_or_a_class_are_not_asked_again(notes: dict[str, str], *, is_shared: bool) -> None:
    queries = []
    for count in (FEW, MANY):
        hosts = ["one.example" if is_shared else f"h{at}.example" for at in range(count + 1)]
        world = Costed(*deltas(SHOP), *deltas(annotated_class()))
        world.change(*(each for at in range(count) for each in one(at, f"/{at}", hosts[at], **notes)))
        world.change(*one(1, "/warm", hosts[1], **notes))
        edited = world.change(*one(1, "/edited", hosts[1], **notes)).queries
        added = world.change(*one(count, f"/{count}", hosts[count], **notes)).queries
        queries.append((edited, added))
    (few, many) = queries
    assert many[0] <= few[0] + 2
    assert many[1] <= few[1] + 2


def test_a_host_of_many_costs_what_one_of_few_does_and_its_parts() -> None:
    counts = []
    for count in (MANY_ROUTES - 8, MANY):
        world = Costed(*deltas(SERVED))
        world.change(*(each for at in range(count) for each in one(at, f"/{at}", "one.example")))
        world.change(*one(1, "/warm", "one.example"))
        edited = world.change(*one(1, "/edited", "one.example"))
        built = world.cost(SHOP_GATEWAY)
        added = world.change(*one(count, f"/{count}", "one.example"))
        # Of hundreds of routes of the host one is serialised.
        assert (built.routes, built.virtual_hosts) == (1, 1)
        counts.append((edited.queries, added.queries))
    (few, many) = counts
    # The route at the host and its part; and where one comes, who is in which of the parts.
    assert many[0] <= few[0] + 2
    assert many[1] <= few[1] + 11


def test_a_host_of_many_is_what_a_fresh_start_makes_of_it() -> None:
    world = Costed(*deltas(SERVED))
    world.change(*(each for at in range(MANY) for each in one(at, f"/{at}", "one.example")))
    world.change(*one(7, "/moved", "other.example"), *one(8, "/longer/than/before", "one.example"))
    world.change(*(Delta(kind=Ingress, key=ObjectKey("shop", f"i{at}"), obj=None) for at in range(20, MANY - 1)))
    world.change(*(each for at in range(60, 100) for each in one(at, f"/back/{at}", "one.example")))
    fresh = Costed(*deltas(SERVED))
    here = (each for each in range(MANY) if each < 20 or each == MANY - 1)
    paths_of = {at: (f"/{at}", "one.example") for at in here}
    paths_of |= {7: ("/moved", "other.example"), 8: ("/longer/than/before", "one.example")}
    paths_of |= {at: (f"/back/{at}", "one.example") for at in range(60, 100)}
    fresh.change(*(each for at, (path, host) in paths_of.items() for each in one(at, path, host)))
    assert world.reconciler.snapshots[SHOP_GATEWAY].version == fresh.reconciler.snapshots[SHOP_GATEWAY].version

from dataclasses import replace

from envoy.config.route.v3 import route_components_pb2 as pb
from envoy.type.matcher.v3 import http_inputs_pb2
from google.protobuf import message

from gatewayd.ir.http import PrefixPath, Route
from gatewayd.ir.limits import LONGEST_LIST
from gatewayd.xds.build.path_matcher import Tree, rules_body
from gatewayd.xds.messages.route import route_entries, virtual_host_head
from tests.unit.xds.shorthand import forward, host, matching, route, service, share

DOMAIN = "shop.example"
REST = route_entries(route(host(DOMAIN).fallback, name="rest"), DOMAIN)


def routes(count: int, backend: str = "a") -> tuple[Route, ...]:
    return tuple(below(f"/app-{number:04}", backend) for number in range(count))


def below(path: str, backend: str = "a") -> Route:
    return route(forward(backend), name=path, match=matching(PrefixPath(value=path)))


def body(of: tuple[Route, ...], tree: Tree | None = None) -> tuple[bytes, Tree | None]:
    return rules_body(of, tuple(route_entries(each, DOMAIN) for each in of), REST, tree)


def parsed(of: tuple[Route, ...]) -> pb.VirtualHost:
    return pb.VirtualHost.FromString(virtual_host_head(DOMAIN) + body(of)[0])


def lists(found: pb.VirtualHost) -> dict[str, list[pb.Route]]:
    """Return the routes of each list, by its prefix; "" has those for which there is no prefix."""
    matcher = found.matcher
    actions = {key: value.action for key, value in matcher.matcher_tree.prefix_match_map.map.items()}
    made = {}
    for key, action in {**actions, "": matcher.on_no_match.action}.items():
        inner = pb.RouteList()
        assert action.typed_config.Unpack(inner)
        made[key] = list(inner.routes)
    return made


def test_few_rules_stay_a_list() -> None:
    found = parsed(routes(LONGEST_LIST))
    assert len(found.routes) == LONGEST_LIST + 1
    assert not found.HasField("matcher")


def test_many_rules_become_a_tree_of_short_lists() -> None:
    found = parsed(routes(1000))
    assert not found.routes
    made = lists(found)
    assert max(map(len, made.values())) <= 33
    names = {each.name for routes in made.values() for each in routes}
    assert len(names) == 1001


def test_the_tree_looks_at_the_path() -> None:
    read = http_inputs_pb2.HttpRequestHeaderMatchInput()
    assert parsed(routes(200)).matcher.matcher_tree.input.typed_config.Unpack(read)
    assert read.header_name == ":path"


def test_routes_are_the_same_messages_in_the_same_order() -> None:
    all_rules = (*routes(200), below("/app-01"), below("/"))
    whole = pb.VirtualHost.FromString(b"".join((*(route_entries(each, DOMAIN) for each in all_rules), REST)))
    at = {each.SerializeToString(): number for number, each in enumerate(whole.routes)}
    for listed in lists(parsed(all_rules)).values():
        places = [at[each.SerializeToString()] for each in listed]
        assert places == sorted(places)
        assert places[-1] == len(whole.routes) - 1


def test_a_rule_of_several_envoy_routes_stays_together() -> None:
    two = forward(*(share(service(name), rewrite=replace(forward().rewrite, host=name)) for name in ("one", "two")))
    split = route(two, name="split", match=matching(PrefixPath(value="/app-0007")))
    made = lists(parsed((*routes(200), split)))
    holding = [[each.name for each in listed] for listed in made.values()]
    (found,) = [listed for listed in holding if any("split" in name for name in listed)]
    assert [index for index, name in enumerate(found) if "split" in name] == [len(found) - 3, len(found) - 2]


def test_rules_that_no_prefix_parts_stay_a_list() -> None:
    found = parsed(tuple(below("/") for _ in range(200)))
    assert len(found.routes) == 201
    assert not found.HasField("matcher")


def test_what_came_before_leaves_no_trace() -> None:
    before: Tree | None = None
    first = routes(300)
    for each in (
        first,
        (*first[:7], below("/app-0007", "b"), *first[8:]),
        first[1:],
        (*first[:50], below("/elsewhere"), *first[50:]),
        tuple(below("/") for _ in range(200)),
        first[:50],
        first[::-1],
    ):
        made, before = body(each, before)
        assert made == body(each)[0]


def test_one_edit_makes_the_lists_that_the_rule_is_in() -> None:
    first = routes(300)
    entries = tuple(route_entries(each, DOMAIN) for each in first)
    tree = Tree()
    tree.update(first, entries, REST)
    before = dict(tree._parts)
    edited = below("/app-0007", "b")
    tree.update((*first[:7], edited, *first[8:]), (*entries[:7], route_entries(edited, DOMAIN), *entries[8:]), REST)
    assert sum(part is not before[key] for key, part in tree._parts.items()) == 1


def test_nothing_is_kept_of_a_host_that_has_become_small() -> None:
    _, tree = body(routes(300))
    assert tree is not None
    assert body(routes(100), tree)[1] is None


def test_the_encoding_is_the_canonical_one() -> None:
    """Parsing and serialising again changes nothing, so the parts stand where the library would put them."""
    made: message.Message = pb.VirtualHost.FromString(body(routes(300))[0])
    assert made.SerializeToString(deterministic=True) == body(routes(300))[0]

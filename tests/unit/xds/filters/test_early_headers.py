import re2
from envoy.config.common.mutation_rules.v3 import mutation_rules_pb2
from envoy.extensions.http.early_header_mutation.header_mutation.v3 import header_mutation_pb2

from gatewayd.ir.client_settings import (
    STANDARD_CLIENTS,
    ClientSettings,
    HeaderRules,
    TrustedProxies,
    TrustedRange,
)
from gatewayd.ir.edge import CLIENT_HEADERS
from gatewayd.ir.filters import Header
from gatewayd.xds.filters.early_headers import early_mutation, other_than


def mutations(
    *more: mutation_rules_pb2.HeaderMutation, clients: ClientSettings = STANDARD_CLIENTS
) -> list[mutation_rules_pb2.HeaderMutation]:
    (extension,) = early_mutation(clients, *more)
    found = header_mutation_pb2.HeaderMutation()
    assert extension.typed_config.Unpack(found)
    return list(found.mutations)


def test_every_row_of_the_table_is_taken_away() -> None:
    (removal,) = mutations()
    pattern = removal.remove_on_match.key_matcher.safe_regex.regex

    for row in CLIENT_HEADERS:
        assert re2.fullmatch(pattern, row.name.replace("*", "anything")), row
    for name in ("host", "via", "x-forwarded", "xx-envoy-a", "a-forwarded", "forwarded-a", "x-request-ids"):
        assert not re2.fullmatch(pattern, name), name


def test_what_we_set_is_set_after_that() -> None:
    more = mutation_rules_pb2.HeaderMutation(remove="x")

    assert mutations(more)[-1] == more
    assert mutations(more)[:-1] == mutations()


def test_all_texts_but_some() -> None:
    pattern = other_than(("for", "proto", "forth"))
    for word in ("for", "proto", "forth"):
        assert not re2.fullmatch(pattern, word)
    for word in ("", "f", "fo", "fort", "forths", "host", "prot", "protos", "p", "x", "fxr"):
        assert re2.fullmatch(pattern, word), word


def test_who_is_believed_may_say_where_a_request_comes_from_and_no_more() -> None:
    near = TrustedProxies(hops=1), TrustedProxies(ranges=(TrustedRange(network="10.0.0.0", bits=8),))
    for trusted, spared in zip(near, ({"x-forwarded-for", "x-forwarded-proto"}, {"x-forwarded-for"}), strict=True):
        (removal,) = mutations(clients=ClientSettings(trusted=trusted))
        pattern = removal.remove_on_match.key_matcher.safe_regex.regex
        names = [each.name.replace("*", "anything") for each in CLIENT_HEADERS]
        assert {name for name in names if not re2.fullmatch(pattern, name)} == spared


def test_what_policies_do_is_done_to_what_is_left_and_as_it_is_written() -> None:
    headers = HeaderRules(early_set=(Header(name="x-a", value="100%"),), early_remove=("x-b",))
    _, removed, written = mutations(clients=ClientSettings(headers=headers))
    assert removed.remove == "x-b"
    assert (written.append.header.key, written.append.header.value) == ("x-a", "100%%")

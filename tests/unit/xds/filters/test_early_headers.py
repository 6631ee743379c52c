import re2
from envoy.config.common.mutation_rules.v3 import mutation_rules_pb2
from envoy.extensions.http.early_header_mutation.header_mutation.v3 import header_mutation_pb2

from gatewayd.ir.client_settings import STANDARD_CLIENTS
from gatewayd.ir.edge import CLIENT_HEADERS
from gatewayd.xds.filters.early_headers import early_mutation


def mutations(*more: mutation_rules_pb2.HeaderMutation) -> list[mutation_rules_pb2.HeaderMutation]:
    (extension,) = early_mutation(STANDARD_CLIENTS, *more)
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

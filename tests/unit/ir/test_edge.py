import pytest
import re2
from hypothesis import given
from hypothesis import strategies as st

from gatewayd.ir.edge import CLIENT_HEADERS, IGNORED_UPGRADES, UPGRADE, ClientHeader, is_hidden


@given(st.one_of(st.text(), st.text(alphabet="webSOCKET/13 ", max_size=11)))
def test_every_upgrade_but_one_is_ignored(token: str) -> None:
    ignored = re2.fullmatch(IGNORED_UPGRADES, token) is not None

    # RE2 folds the letters of Unicode that fold to "s" or "k", and the lower case of U+017F is itself.
    assert ignored is not (token.lower().replace("\u017f", "s") == UPGRADE)


def test_the_case_of_an_upgrade_does_not_matter() -> None:
    assert re2.fullmatch(IGNORED_UPGRADES, "WebSocket") is None


@pytest.mark.parametrize("row", CLIENT_HEADERS, ids=lambda row: row.name)
def test_what_a_client_may_not_write_is_hidden(row: ClientHeader) -> None:
    assert is_hidden(row.name.replace("*", "anything"))
    assert row.name == row.name.lower()


@pytest.mark.parametrize("name", ["x-forwarded", "forwarded-by", "x-envoy", "via", "x-real", "host", "traceparent"])
def test_other_headers_pass(name: str) -> None:
    assert not is_hidden(name)

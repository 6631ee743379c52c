import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatewayd.ir.http import NO_TABLES, HostGroup, PerHostTables, RouteTableKey
from gatewayd.ir.limits import HOST_GROUPS, PER_HOST_RECORD
from gatewayd.ir.per_host_record import read_record, recorded

KEYS = st.builds(
    RouteTableKey,
    port=st.integers(1, 65535),
    listener=st.sampled_from(["", "https", "team-a/more/https", "team.b/x/y.z"]),
)
GROUPS = st.builds(HostGroup, table=KEYS, number=st.integers(0, HOST_GROUPS - 1))
RECORDS = st.builds(PerHostTables, tables=st.frozensets(KEYS, max_size=20), apart=st.frozensets(GROUPS, max_size=20))


def record(*tables: RouteTableKey, apart: frozenset[HostGroup] = frozenset()) -> PerHostTables:
    return PerHostTables(tables=frozenset(tables), apart=apart)


@given(of=RECORDS)
def test_what_is_written_is_read(of: PerHostTables) -> None:
    assert read_record(recorded(of)) == of


def test_it_is_for_people_too() -> None:
    secure, plain = RouteTableKey(port=443, listener="https"), RouteTableKey(port=80, listener="")
    assert recorded(record(secure, plain)) == "80,443/https"
    assert recorded(record(plain, apart=frozenset({HostGroup(table=plain, number=7)}))) == "80,80:#7"


def test_it_has_a_limit() -> None:
    tables = [RouteTableKey(port=443, listener=f"{'n' * 200}/{number}") for number in range(1000)]
    assert len(recorded(record(*tables))) <= PER_HOST_RECORD


@pytest.mark.parametrize("text", ["", ",", "x", "80x", "-1", "/a", "999999/a", "\u0663", ":#1", "80:#512", "80:#"])
def test_what_is_not_understood_names_nothing(text: str) -> None:
    assert read_record(text) == NO_TABLES

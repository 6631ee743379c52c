import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatewayd.ir.http import RouteTableKey
from gatewayd.ir.limits import PER_HOST_RECORD
from gatewayd.ir.per_host_record import read_record, recorded

TABLES = st.frozensets(
    st.builds(
        RouteTableKey,
        port=st.integers(1, 65535),
        listener=st.sampled_from(["", "https", "team-a/more/https", "team.b/x/y.z"]),
    ),
    max_size=20,
)


@given(tables=TABLES)
def test_what_is_written_is_read(tables: frozenset[RouteTableKey]) -> None:
    assert read_record(recorded(tables)) == tables


def test_it_is_for_people_too() -> None:
    tables = {RouteTableKey(port=443, listener="https"), RouteTableKey(port=80, listener="")}
    assert recorded(tables) == "80,443/https"


def test_it_has_a_limit() -> None:
    tables = [RouteTableKey(port=443, listener=f"{'n' * 200}/{number}") for number in range(1000)]
    assert len(recorded(tables)) <= PER_HOST_RECORD


@pytest.mark.parametrize("text", ["", ",", "x", "80x", "-1", "/a", "999999/a", "\u0663"])
def test_what_is_not_understood_names_nothing(text: str) -> None:
    assert read_record(text) == frozenset()

from gatewayd.incremental.scratch import Scratch
from gatewayd.incremental.view import Index, Member, Query, View, query, rescued_query, rows, ungrouped
from tests.unit.incremental.toy import NUMBERS, REPORTS, Number


@query
def doubled(_view: View, key: int) -> int:
    return 2 * key


def test_a_query_is_called_as_the_function_that_it_is() -> None:
    assert doubled(Scratch({}), 4) == 8
    assert doubled.name == "doubled"
    assert doubled.rescue is None
    assert repr(doubled) == "<query doubled>"


def test_queries_are_told_apart_by_identity() -> None:
    again: Query[int, int] = query(doubled.run)
    assert again != doubled


def test_a_rescued_query_knows_its_rescue() -> None:
    @rescued_query(lambda _view, key, _error, _before: key)
    def failing(_view: View, key: int) -> int:
        raise ValueError(key)

    assert failing(Scratch({}), 4) == 4


def test_members_are_ordered_by_table_and_key() -> None:
    members = [Member(Number, "b"), Member(int, "z"), Member(Number, "a")]
    assert sorted(members, key=lambda member: member.order) == [members[2], members[0], members[1]]


def test_rows_files_what_is_there() -> None:
    source = rows(Number, lambda row: row.groups)
    assert source.of(Number(1, ("a", "b", "a"))) == ("a", "b")
    view = Scratch({Number: {"one": Number(1, ("a", "b", "a"))}})
    by_group = Index(name="by_group", sources=(source,), group=ungrouped)
    assert view.bucket(by_group, "b") == (Member(Number, "one"),)
    assert view.bucket(by_group, "c") == ()


def test_declarations_show_their_names() -> None:
    assert repr(NUMBERS) == "<index numbers_by_group>"
    assert repr(REPORTS) == "<output reports>"


def test_without_groups_all_keys_are_in_one() -> None:
    assert ungrouped("a") == ungrouped(1)

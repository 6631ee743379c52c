from gatewayd.api.meta import ObjectKey
from gatewayd.incremental.view import Index, Output, Source, rows, ungrouped
from gatewayd.store import Delta, Store, Synced
from tests.unit.incremental.toy import INDEXES as TOY_INDEXES
from tests.unit.incremental.toy import REPORTS, Label, Number, Place, total

GROUPS = Index(name="groups", sources=(rows(Number, lambda row: row.groups),), group=ungrouped)


def store(*awaited: type) -> Store:
    return Store(indexes=(GROUPS, *TOY_INDEXES), outputs=(REPORTS,), awaited=awaited)


def put(key: str, value: int, *groups: str) -> Delta:
    return Delta(kind=Number, key=key, obj=Number(value, groups))


def test_a_batch_counts_the_rows_that_it_changed() -> None:
    made = store()
    assert made.apply([put("a", 1, "g"), put("b", 2, "g"), Synced(kind=Number)]) == 2
    assert made.apply([put("a", 1, "g"), put("b", 3, "g")]) == 1
    assert made.apply([Delta(kind=Number, key="a", obj=None), Delta(kind=Number, key="nobody", obj=None)]) == 1


def test_indexes_are_up_to_date_after_a_batch() -> None:
    made = store()
    made.apply([put("a", 1, "g"), put("b", 2, "g")])
    assert [member.key for member in made.engine.bucket(GROUPS, "g")] == ["a", "b"]
    assert total(made.engine, Place("g", "g")) == 3


def test_a_store_is_complete_when_every_awaited_kind_has_synced() -> None:
    made = store(Number, Label)
    assert made.waiting_for == {"Number", "Label"}
    made.apply([Synced(kind=Number)])
    assert made.waiting_for == {"Label"}
    made.apply([Synced(kind=Label), Synced(kind=Label)])
    assert made.waiting_for == frozenset()


def test_a_kind_that_nobody_awaits_may_sync() -> None:
    made = store()
    made.apply([Synced(kind=Number)])
    assert made.waiting_for == frozenset()


def test_outputs_come_with_the_batch() -> None:
    made = store()
    made.apply([Delta(kind=Label, key="g", obj=Label("named", ""))])
    assert [change.member.key for change in made.engine.drain(REPORTS)] == ["g"]


def test_keys_are_whatever_can_be_hashed() -> None:
    shown = Output(name="shown", sources=(Source(table=Number, query=REPORTS.sources[0].query),))
    made = Store(indexes=(), outputs=(shown,), awaited=())
    assert made.apply([Delta(kind=Number, key=ObjectKey("a", "b"), obj=Number(1, ()))]) == 1

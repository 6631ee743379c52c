from msgspec import inspect

from gatewayd.api.kinds import KINDS
from gatewayd.api.refs import EXPERIMENTAL_GROUP, GATEWAY_GROUP
from gatewayd.api.unread import CORE_KINDS, UNREAD


def test_no_field_is_both_read_and_not_read() -> None:
    for struct, names in UNREAD.items():
        kind = inspect.type_info(struct)
        assert isinstance(kind, inspect.StructType)
        assert not names & {field.encode_name for field in kind.fields}


def test_the_gateway_apis_kinds_are_read_whole() -> None:
    ours = {kind.struct for kind in KINDS if kind.group in (GATEWAY_GROUP, EXPERIMENTAL_GROUP)}
    assert not ours & UNREAD.keys()


def test_the_core_kinds_that_are_read_are_known() -> None:
    assert {kind.kind for kind in KINDS if not kind.group} <= CORE_KINDS

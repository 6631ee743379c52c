from gatewayd.api.core import ConfigMap, Secret
from gatewayd.api.meta import ObjectKey
from gatewayd.ir.contents import Unread
from gatewayd.store import Delta
from gatewayd.translator.contents import CONTENT_TABLES, Content, missing
from tests.unit.translator.manifests import scratch

CERT = Content("Secret", ObjectKey("shop", "cert"))


def test_what_is_missing_does_not_exist_or_cannot_be_read() -> None:
    unread = Delta(kind=Unread, key=CERT, obj=Unread(why="cannot be read; 403"))
    assert missing(scratch(), CERT) == 'Secret "shop/cert" does not exist'
    assert missing(scratch(unread), CERT) == 'Secret "shop/cert" cannot be read; 403'
    assert missing(scratch(unread), CERT._replace(kind="ConfigMap")) == 'ConfigMap "shop/cert" does not exist'


def test_two_kinds_are_read_one_by_one() -> None:
    assert set(CONTENT_TABLES.values()) == {Secret, ConfigMap}

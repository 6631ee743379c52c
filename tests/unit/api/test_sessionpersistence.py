from gatewayd.api.sessionpersistence import Cookie
from tests.unit.api.documents import accepted, http_rule


def test_a_cookie_has_defaults() -> None:
    made = accepted(http_rule(sessionPersistence={"cookie": {}})).spec.rules[0].session_persistence
    assert made.type == "Cookie"
    assert made.cookie == Cookie(name=None, lifetime_type="Session", path="/")


def test_a_header() -> None:
    made = accepted(http_rule(sessionPersistence={"type": "Header", "header": {"name": "x-session"}}))
    assert made.spec.rules[0].session_persistence.header.name == "x-session"


def test_the_shape_of_v1_6_is_read() -> None:
    old = {"sessionName": "s", "absoluteTimeout": "1h", "cookieConfig": {"lifetimeType": "Permanent"}}
    made = accepted(http_rule(sessionPersistence=old)).spec.rules[0].session_persistence
    assert (made.session_name, made.cookie_config.lifetime_type, made.cookie) == ("s", "Permanent", None)

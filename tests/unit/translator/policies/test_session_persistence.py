import pytest

from gatewayd.api.sessionpersistence import SessionPersistence
from gatewayd.ir.http import PersistenceKind, StatefulSession
from gatewayd.translator.policies.session_persistence import persistence, refused
from gatewayd.translator.problems import Unsupported
from tests.unit.translator.manifests import deltas

COOKIE, HEADER = PersistenceKind.COOKIE, PersistenceKind.HEADER


def written(text: str) -> SessionPersistence:
    (route,) = deltas(f"{{kind: HTTPRoute, metadata: {{name: r}}, spec: {{rules: [{{sessionPersistence: {text}}}]}}}}")
    found = route.obj.spec.rules[0].session_persistence  # type: ignore[union-attr]
    assert isinstance(found, SessionPersistence)
    return found


@pytest.mark.parametrize(
    ("text", "kind", "name", "path", "ttl"),
    [
        ("{cookie: {name: s, path: /a}}", COOKIE, "s", "/a", None),
        ("{type: Header, header: {name: x-s}}", HEADER, "x-s", "/", None),
        ("{sessionName: old}", COOKIE, "old", "/", None),
        ("{absoluteTimeout: 1h, cookie: {name: s}}", COOKIE, "s", "/", None),
        ("{absoluteTimeout: 1h, cookie: {name: s, lifetimeType: Permanent}}", COOKIE, "s", "/", 3600),
        ("{absoluteTimeout: 90s, sessionName: s, cookieConfig: {lifetimeType: Permanent}}", COOKIE, "s", "/", 90),
        ("{absoluteTimeout: 5ms, cookie: {name: s, lifetimeType: Permanent}}", COOKIE, "s", "/", 1),
    ],
)
def test_session_persistence(text: str, kind: PersistenceKind, name: str, path: str, ttl: int | None) -> None:
    found = persistence(written(text), "source")
    assert found == StatefulSession(kind=kind, name=name, path=path, ttl_s=ttl)


def test_a_session_without_a_name_gets_one_of_its_own() -> None:
    nameless = written("{cookie: {}}")
    one, same, other = (persistence(nameless, source) for source in ("a", "a", "b"))
    assert one == same
    assert one is not None
    assert other is not None
    assert one.name.startswith("gatewayd-")
    assert one.name != other.name


def test_no_session_persistence() -> None:
    assert persistence(None, "source") is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{type: Header, header: {name: Content-Length}}", 'here: header "Content-Length" says where a message ends'),
        ("{type: Header, sessionName: transfer-encoding}", 'here: header "transfer-encoding" says where a message'),
        ("{type: Header, header: {name: host}}", 'here: header "host" says which host is asked'),
        ("{type: Header, sessionName: x-envoy-retry-on}", 'here: header "x-envoy-retry-on" steers the proxy'),
        ('{sessionName: "a\\r\\nx: 1"}', 'here: "a\\r\\nx: 1" is no name'),
        ("{sessionName: 's=1; Domain=example'}", 'here: "s=1; Domain=example" is no name'),
        ("{cookie: {name: s, path: '/; Domain=example'}}", 'here.cookie.path: "/; Domain=example" is no path'),
        ("{cookie: {name: s, path: a}}", 'here.cookie.path: "a" is no path'),
    ],
)
def test_sessions_that_cannot_be_kept(text: str, why: str) -> None:
    found = refused(written(text), "here")
    assert isinstance(found, Unsupported)
    assert found.message.startswith(why)


@pytest.mark.parametrize(
    "text", ["{sessionName: Content-Length}", "{cookie: {name: s, path: '/a=b,c'}}", "{cookie: {}}"]
)
def test_sessions_that_can(text: str) -> None:
    assert refused(written(text), "here") is None
    assert refused(None, "here") is None

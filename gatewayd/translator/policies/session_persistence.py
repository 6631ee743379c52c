"""Session persistence as routes and policies write it -> as a proxy shall do it.

https://gateway-api.sigs.k8s.io/geps/gep-1619/
"""

import re
from hashlib import blake2b

from gatewayd.api.durations import milliseconds
from gatewayd.api.names import shown
from gatewayd.api.sessionpersistence import SessionPersistence
from gatewayd.ir.http import PersistenceKind, StatefulSession
from gatewayd.ir.reserved import HOST, reserved
from gatewayd.translator.problems import Unsupported

# Neither CRD says what a session may be called, nor which path its cookie may have; both stand in a header.
_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+\-.^_`|~]+")
_PATH = re.compile(r"/[!-:<-~]*")


def refused(written: SessionPersistence | None, path: str) -> Unsupported | None:
    """Return why sessions cannot be kept in this way, None when they can; `path` is the field path."""
    if written is None:
        return None
    named = _named(written)
    if named is not None and not _NAME.fullmatch(named):
        return Unsupported(f"{path}: {shown(named)} is no name of a session; letters, digits and '-' are allowed")
    if named is not None and written.type == "Header" and (named.lower() == HOST or reserved(named)):
        why = reserved(named) or "says which host is asked"
        return Unsupported(f"{path}: header {shown(named)} {why}; a header of its own is allowed")
    if written.cookie is not None and not _PATH.fullmatch(written.cookie.path):
        return Unsupported(
            f"{path}.cookie.path: {shown(written.cookie.path)} is no path; visible ASCII but ';' is allowed"
        )
    return None


def _named(written: SessionPersistence) -> str | None:
    named = written.header.name if written.header else written.cookie.name if written.cookie else None
    return named or written.session_name


def persistence(written: SessionPersistence | None, source: str) -> StatefulSession | None:
    """Return the session persistence that stands in a rule or a policy.

    `source` is its name among all of them: who gives no name to the session gets one of their own, because two rules
    of one host would take each other's cookie for theirs.
    """
    if written is None:
        return None
    kind = PersistenceKind.HEADER if written.type == "Header" else PersistenceKind.COOKIE
    permanent = written.cookie is not None and written.cookie.lifetime_type == "Permanent"
    permanent = permanent or (written.cookie_config is not None and written.cookie_config.lifetime_type == "Permanent")
    return StatefulSession(
        kind=kind,
        name=_named(written) or f"gatewayd-{blake2b(source.encode(), digest_size=4).hexdigest()}",
        path=written.cookie.path if written.cookie else "/",
        ttl_s=max(1, milliseconds(written.absolute_timeout) // 1000) if permanent else None,
    )

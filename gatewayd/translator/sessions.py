"""Session persistence as routes and policies write it -> as a proxy shall do it.

https://gateway-api.sigs.k8s.io/geps/gep-1619/
"""

from hashlib import blake2b

from gatewayd.api.durations import milliseconds
from gatewayd.api.sessionpersistence import SessionPersistence as Written
from gatewayd.ir.http import PersistenceKind, SessionPersistence


def persistence(written: Written | None, source: str) -> SessionPersistence | None:
    """Return the session persistence that stands in a rule or a policy.

    `source` is its name among all of them: who gives no name to the session gets one of their own, because two rules
    of one host would take each other's cookie for theirs.
    """
    if written is None:
        return None
    kind = PersistenceKind.HEADER if written.type == "Header" else PersistenceKind.COOKIE
    named = written.header.name if written.header else written.cookie.name if written.cookie else None
    permanent = written.cookie is not None and written.cookie.lifetime_type == "Permanent"
    permanent = permanent or (written.cookie_config is not None and written.cookie_config.lifetime_type == "Permanent")
    return SessionPersistence(
        kind=kind,
        name=named or written.session_name or f"gatewayd-{blake2b(source.encode(), digest_size=4).hexdigest()}",
        path=written.cookie.path if written.cookie else "/",
        ttl_s=max(1, milliseconds(written.absolute_timeout) // 1000) if permanent else None,
    )

"""Session persistence, which routes and backend policies write the same way.

`session_name` and `cookie_config` are the v1.6 names of what v1.7 calls `cookie.name`, `header.name` and `cookie`.
https://gateway-api.sigs.k8s.io/geps/gep-1619/
"""

from typing import Annotated, Literal

from msgspec import Meta

from gatewayd.api.meta import Shape
from gatewayd.api.scalars import Duration, HeaderName, PathText


class Cookie(Shape, frozen=True, kw_only=True):
    """The cookie that carries the session; a Permanent one lives as long as `absolute_timeout`."""

    name: HeaderName | None = None
    lifetime_type: Literal["Permanent", "Session"] = "Session"
    path: PathText = "/"


class SessionHeader(Shape, frozen=True, kw_only=True):
    """The header that carries the session."""

    name: HeaderName


class LegacyCookieConfig(Shape, frozen=True, kw_only=True):
    """The cookie of v1.6."""

    lifetime_type: Literal["Permanent", "Session"] = "Session"


class SessionPersistence(Shape, frozen=True, kw_only=True):
    """Requests of one session go to one endpoint."""

    type: Literal["Cookie", "Header"] = "Cookie"
    cookie: Cookie | None = None
    header: SessionHeader | None = None
    absolute_timeout: Duration | None = None
    session_name: Annotated[str, Meta(max_length=128)] | None = None
    cookie_config: LegacyCookieConfig | None = None

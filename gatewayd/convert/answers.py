"""Rules that answer by themselves: where nobody is, where a protection is lost; and what sends clients to HTTPS."""

from collections.abc import Iterable
from typing import Final

from gatewayd.convert.draft import JSON, DraftRule
from gatewayd.convert.fates import Fate, Fidelity
from gatewayd.convert.fields import Fields

CLOSED: Final = 403
NOT_FOUND: Final = 404
ERRORS: Final = 400
"""The first status that lets nobody in."""
TO_HTTPS: Final = ({"type": "RequestRedirect", "requestRedirect": {"scheme": "https", "statusCode": 301}},)
"""The filters of a rule that sends clients to HTTPS."""
_MOST_BODY: Final = 4096


def answering(title: str, matches: tuple[JSON, ...], status: int) -> DraftRule:
    """Return a rule that answers a status."""
    return DraftRule(title=title, matches=matches, own_filter={"directResponse": {"status": status}})


NOBODY: Final = answering("nobody", ({},), NOT_FOUND)
"""For what no rule of a host is for: it must not go to those of a wildcard."""


def closed(path: str, lost: Iterable[str]) -> Fate:
    """Return what becomes of a part at `path` that is closed, since these fields have kept somebody out."""
    message = f"answers {CLOSED}, since {', '.join(dict.fromkeys(lost))} cannot be had; --allow-unprotected opens it"
    return Fate(path=path, fidelity=Fidelity.LOST, message=message)


def answer(written: Fields, name: str, status: int, body: str) -> JSON:
    """Return the spec of a RouteFilter that answers; a body that is too long is left out, and told of field `name`."""
    if len(body) > _MOST_BODY:
        written.lost(name, f"the answer has no body: it is longer than {_MOST_BODY} letters")
        body = ""
    return {"directResponse": {"status": status, **({"body": body} if body else {})}}

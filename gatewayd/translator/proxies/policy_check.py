"""AccessPolicy, section externalAuth: whom to ask before a request goes on.

A server that is not there, or that must be spoken to under TLS and cannot be, closes the scope, `failOpen` or not: that
is for a server that does not answer. https://gateway-api.sigs.k8s.io/geps/gep-1494/
"""

from typing import Final

from gatewayd.api.accesspolicy import AccessPolicy, ExternalAuthSection
from gatewayd.api.filters import HTTPExternalAuthFilter
from gatewayd.api.kinds import BY_STRUCT
from gatewayd.incremental.view import View
from gatewayd.ir.backend import Protocol
from gatewayd.ir.filters import ExternalAuth, HTTPFilter, PolicyCheck
from gatewayd.ir.http import Forward, Route
from gatewayd.translator.backends.servers import no_plain_text
from gatewayd.translator.policies.closed import Closed, closed
from gatewayd.translator.policies.effective import Effective
from gatewayd.translator.problems import Unsupported
from gatewayd.translator.rules.filters import FilterPlace, checked, external_auth

_PATH: Final = "externalAuth"


def _as_filter(section: ExternalAuthSection) -> HTTPExternalAuthFilter | None:
    """Return the filter of an HTTPRoute that asks the same; None when the section does not say whom."""
    if section.protocol is None or section.backend_ref is None:
        return None
    return HTTPExternalAuthFilter(
        protocol=section.protocol,
        backend_ref=section.backend_ref,
        grpc=section.grpc,
        http=section.http,
        forward_body=section.forward_body,
    )


def policy_check(view: View, namespace: str, section: ExternalAuthSection) -> PolicyCheck | Unsupported:
    """Return what a section says, or what is wrong with it, with the path below the section."""
    written = _as_filter(section)
    if written is None:
        return Unsupported("backendRef: is required, and protocol")
    place = FilterPlace(BY_STRUCT[AccessPolicy].group_kind, namespace, Protocol.HTTP1, _PATH)
    auth = external_auth(view, place, written)
    if not isinstance(auth, ExternalAuth):
        return Unsupported(auth.message.removeprefix(f"{_PATH}."))
    refused = no_plain_text(view, auth.upstream)
    if refused is not None:
        return Unsupported(f"backendRef: {refused.message}")
    return PolicyCheck(auth=auth, fails_open=bool(section.fail_open))


def told_headers(section: ExternalAuthSection) -> tuple[str, ...]:
    """Return the headers, in lower case, by which the server tells backends something, as far as they are named."""
    written = _as_filter(section)
    check = checked(written, "") if written is not None else None
    return () if check is None or isinstance(check, Unsupported) else check.says


def beside_own(entry: tuple[HTTPFilter, ...], route: Route, effective: Effective) -> tuple[HTTPFilter, ...] | Closed:
    """Return what a request has to pass where the rule may have an ExternalAuth filter of its own.

    That is the nearest default of the section, and is asked after an override. It is closed where a backend has one as
    well, which makes three, and Envoy has places for two.
    """
    own = any(isinstance(each, ExternalAuth) for each in route.filters)
    if not own or not any(isinstance(each, PolicyCheck) for each in entry):
        return entry
    override = next((each for each in effective.overrides if isinstance(each.value, ExternalAuthSection)), None)
    if override is None:
        return tuple(each for each in entry if not isinstance(each, PolicyCheck))
    shares = route.action.backends if isinstance(route.action, Forward) else ()
    if not any(isinstance(each, ExternalAuth) for share in shares for each in share.filters):
        return entry
    why = "stands above an ExternalAuth filter of the rule and one of its backend; a request can be asked about twice"
    return closed(effective, override, why, is_apart=True)

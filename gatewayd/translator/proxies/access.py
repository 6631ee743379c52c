"""AccessPolicy: what its sections in force come to. What cannot be honoured is a problem, which closes its scope."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any, Final

from gatewayd.api.accesspolicy import (
    CSRF,
    JWT,
    OIDC,
    WAYS_IN,
    AccessPolicy,
    AccessSections,
    APIKeys,
    Authorization,
    Basic,
    Clients,
    CorsSection,
    ExternalAuthSection,
)
from gatewayd.api.inherited import PolicySection
from gatewayd.api.rules.inherited import sections
from gatewayd.incremental.view import View
from gatewayd.ir.filters import Cors, HTTPFilter, PolicyCheck
from gatewayd.ir.policy import (
    AddressRule,
    APIKeyClients,
    BasicUsers,
    ClientAddresses,
    Login,
    Permission,
    Permissions,
    SameOrigin,
    Tokens,
)
from gatewayd.translator.policies.clashes import clash
from gatewayd.translator.policies.clients import address_rule
from gatewayd.translator.policies.closed import Closed, closed
from gatewayd.translator.policies.credentials import api_keys, basic_users
from gatewayd.translator.policies.effective import UNREADABLE, Effective
from gatewayd.translator.policies.kinds import InheritedPolicy, by_strategy
from gatewayd.translator.policies.tokens import permission
from gatewayd.translator.problems import Unsupported
from gatewayd.translator.proxies.key_sets import access_tokens
from gatewayd.translator.proxies.login import login
from gatewayd.translator.proxies.policy_check import policy_check

_CORS_SECONDS = 5
"""What an HTTPRoute has where it does not say how long browsers may remember."""

_Who = SameOrigin | Tokens | Login | APIKeyClients | BasicUsers | PolicyCheck
_Read = AddressRule | _Who | Permission | Unsupported
_CLOSING: Final = ("clients", "csrf", *(name for way in WAYS_IN for name in way), "external_auth", "authorization")
_READ: Final[Mapping[type[PolicySection], Callable[[View, str, Any], _Read]]] = {
    Clients: lambda _view, _namespace, section: address_rule(section),
    JWT: access_tokens,
    CSRF: lambda _view, _namespace, section: SameOrigin(hosts=section.additional_hosts),
    OIDC: login,
    APIKeys: api_keys,
    Basic: basic_users,
    ExternalAuthSection: policy_check,
    Authorization: lambda _view, _namespace, section: permission(section),
}
"""What makes something of a section that keeps somebody out, in the namespace of its policy."""


def entry_filters(view: View, effective: Effective) -> tuple[HTTPFilter, ...] | Closed:
    """Return what a request has to pass before it comes to a rule, or what closes the rule."""
    for unreadable in effective.of(UNREADABLE):
        return closed(effective, unreadable, "cannot be read")
    filters: list[_Read] = []
    for ruled in (each for name in _CLOSING for each in effective.of(name)):
        read = _READ[type(ruled.value)](view, ruled.policy.namespace, ruled.value)
        if isinstance(read, Unsupported):
            return closed(effective, ruled, read.message)
        filters.append(read)
    apart = clash(effective)
    if apart is not None:
        return closed(effective, next(effective.of(apart.section)), apart.why, is_apart=True)
    who = _together(tuple(each for each in filters if isinstance(each, _Who)))
    return _filters(
        tuple(each for each in filters if isinstance(each, AddressRule)),
        who,
        tuple(each for each in filters if isinstance(each, Permission)),
    )


def _together(who: tuple[_Who, ...]) -> tuple[_Who, ...]:
    """Return what finds out who a client is; of a login beside tokens, a session's token counts as one that is sent."""
    sessions = next((replace(each, takes_tokens=True) for each in who if isinstance(each, Login)), None)
    if sessions is None or not any(isinstance(each, Tokens) for each in who):
        return who
    return tuple(_beside(each, sessions) for each in who)


def _beside(each: _Who, sessions: Login) -> _Who:
    match each:
        case Tokens():
            return replace(each, cookie=sessions.token_cookie)
        case Login():
            return sessions
        case _:
            return each


@lru_cache(maxsize=256)
def _filters(
    clients: tuple[AddressRule, ...], who: tuple[_Who, ...], permissions: tuple[Permission, ...]
) -> tuple[HTTPFilter, ...]:
    """Return the filters, one of each for all rules that have the same."""
    addresses = (ClientAddresses(rules=tuple(dict.fromkeys(clients))),) if clients else ()
    allowed = (Permissions(rules=tuple(dict.fromkeys(permissions))),) if permissions else ()
    return (*addresses, *who, *allowed)


def with_cors(filters: tuple[HTTPFilter, ...], effective: Effective) -> tuple[HTTPFilter, ...]:
    """Return a rule's filters with the CORS filter in force: its own is the nearest default."""
    override, default = effective.override(CorsSection), effective.default(CorsSection)
    if override is not None:
        return (_cors(override), *(each for each in filters if not isinstance(each, Cors)))
    has_own = any(isinstance(each, Cors) for each in filters)
    if has_own or default is None or default.is_disabled:
        return filters
    return (_cors(default), *filters)


@lru_cache(maxsize=256)
def _cors(written: CorsSection) -> Cors:
    return Cors(
        origins=written.allow_origins,
        methods=written.allow_methods,
        allow_headers=written.allow_headers,
        expose_headers=written.expose_headers,
        max_age=written.max_age or _CORS_SECONDS,
        credentials=bool(written.allow_credentials),
    )


def section_problem(view: View, namespace: str, section: PolicySection) -> str | None:
    """Return why a section of a policy of a namespace cannot be honoured, with the path below it."""
    read = _READ.get(type(section))
    problem = None if read is None or section.is_disabled else read(view, namespace, section)
    return problem.message if isinstance(problem, Unsupported) else None


def entry_problems(view: View, row: InheritedPolicy) -> Iterator[str]:
    """Yield what of a policy cannot be honoured, with its path."""
    if isinstance(row, AccessPolicy) and row.unreadable:
        yield f"cannot be read: {row.unreadable}"
    for strategy, given in by_strategy(row):
        for name, section in sections(given) if isinstance(given, AccessSections) else ():
            if (problem := section_problem(view, row.metadata.namespace, section)) is not None:
                yield f"spec.{strategy}.{name}.{problem}"

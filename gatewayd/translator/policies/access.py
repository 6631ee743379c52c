"""AccessPolicy: what its sections in force come to. What cannot be honoured is a problem, which closes its scope."""

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

from gatewayd.api.accesspolicy import JWT, AccessPolicy, AccessSections, Authorization, Clients, CorsSection
from gatewayd.api.inherited import PolicySection
from gatewayd.api.rules.inherited import sections
from gatewayd.ir.filters import Cors, HTTPFilter
from gatewayd.ir.policy import AddressRule, ClientAddresses, Permission, Permissions, Tokens
from gatewayd.translator.policies.clients import address_rule
from gatewayd.translator.policies.effective import UNREADABLE, Effective
from gatewayd.translator.policies.kinds import InheritedPolicy
from gatewayd.translator.policies.tokens import asks_claims, permission, tokens
from gatewayd.translator.problems import Unsupported

_CORS_SECONDS = 5
"""What an HTTPRoute has where it does not say how long browsers may remember."""

_READ: Final[Mapping[type[PolicySection], Callable[[Any], AddressRule | Tokens | Permission | Unsupported]]] = {
    Clients: address_rule,
    JWT: tokens,
    Authorization: permission,
}
"""What makes something of a section that keeps somebody out."""


def entry_filters(effective: Effective) -> tuple[HTTPFilter, ...] | Unsupported:
    """Return what a request has to pass before it comes to a rule."""
    for unreadable in effective.of(UNREADABLE):
        return Unsupported(f'AccessPolicy "{unreadable.policy}" cannot be read')
    in_force = [each.value for name in ("clients", "jwt", "authorization") for each in effective.of(name)]
    filters = [_READ[type(each)](each) for each in in_force]
    wrong = next((each for each in filters if isinstance(each, Unsupported)), None)
    if wrong is not None:
        return wrong
    who = tuple(each for each in filters if isinstance(each, Tokens))
    if not who and any(isinstance(each, Authorization) and asks_claims(each) for each in in_force):
        return Unsupported("authorization: asks for claims, and no section jwt is in force")
    return _filters(
        tuple(each for each in filters if isinstance(each, AddressRule)),
        who,
        tuple(each for each in filters if isinstance(each, Permission)),
    )


@lru_cache(maxsize=256)
def _filters(
    clients: tuple[AddressRule, ...], who: tuple[Tokens, ...], permissions: tuple[Permission, ...]
) -> tuple[HTTPFilter, ...]:
    """Return the filters, one of each for all rules that have the same."""
    addresses = (ClientAddresses(rules=tuple(dict.fromkeys(clients))),) if clients else ()
    allowed = (Permissions(rules=tuple(dict.fromkeys(permissions))),) if permissions else ()
    return (*addresses, *who, *allowed)


def with_cors(filters: tuple[HTTPFilter, ...], effective: Effective) -> tuple[HTTPFilter, ...]:
    """Return a rule's filters with the CORS filter in force: its own is the nearest default."""
    overrides = [each.value for each in effective.overrides if isinstance(each.value, CorsSection)]
    defaults = [each.value for each in effective.defaults if isinstance(each.value, CorsSection)]
    if overrides:
        return (_cors(overrides[0]), *(each for each in filters if not isinstance(each, Cors)))
    has_own = any(isinstance(each, Cors) for each in filters)
    if has_own or not defaults or defaults[0].is_disabled:
        return filters
    return (_cors(defaults[0]), *filters)


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


def section_problem(section: PolicySection) -> str | None:
    """Return why a section cannot be honoured, with the path below it."""
    read = _READ.get(type(section))
    problem = None if read is None or section.is_disabled else read(section)
    return problem.message if isinstance(problem, Unsupported) else None


def entry_problems(row: InheritedPolicy) -> Iterator[str]:
    """Yield what of a policy cannot be honoured, with its path."""
    if isinstance(row, AccessPolicy) and row.unreadable:
        yield f"cannot be read: {row.unreadable}"
    for strategy, given in (("default", row.spec.default), ("override", row.spec.override)):
        for name, section in sections(given) if isinstance(given, AccessSections) else ():
            if (problem := section_problem(section)) is not None:
                yield f"spec.{strategy}.{name}.{problem}"

"""AccessPolicy: what its sections in force come to. What cannot be honoured is a problem, which closes its scope."""

from collections.abc import Iterator
from functools import lru_cache
from ipaddress import ip_network

from gatewayd.api.accesspolicy import AccessSections, Clients
from gatewayd.api.accesspolicy import AddressRange as WrittenRange
from gatewayd.api.accesspolicy import Cors as WrittenCors
from gatewayd.api.names import shown
from gatewayd.ir.filters import Cors, HTTPFilter
from gatewayd.ir.policy import AddressRange, AddressRule, ClientAddresses
from gatewayd.translator.policies.effective import Effective
from gatewayd.translator.policies.kinds import InheritedPolicy
from gatewayd.translator.problems import Unsupported

_CORS_SECONDS = 5
"""What an HTTPRoute has where it does not say how long browsers may remember."""


def entry_filters(found: Effective) -> tuple[HTTPFilter, ...] | Unsupported:
    """Return what a request has to pass before it comes to a rule."""
    clients = tuple(address_rule(each.value) for each in found.of("clients") if isinstance(each.value, Clients))
    wrong = next((each for each in clients if isinstance(each, Unsupported)), None)
    if wrong is not None:
        return wrong
    rules = tuple(each for each in clients if isinstance(each, AddressRule))
    return (_addresses(rules),) if rules else ()


def with_cors(filters: tuple[HTTPFilter, ...], found: Effective) -> tuple[HTTPFilter, ...]:
    """Return a rule's filters with the CORS filter in force: its own is the nearest default."""
    overrides = [each.value for each in found.overrides if isinstance(each.value, WrittenCors)]
    defaults = [each.value for each in found.defaults if isinstance(each.value, WrittenCors)]
    if overrides:
        return (_cors(overrides[0]), *(each for each in filters if not isinstance(each, Cors)))
    has_own = any(isinstance(each, Cors) for each in filters)
    if has_own or not defaults or defaults[0].is_disabled:
        return filters
    return (_cors(defaults[0]), *filters)


@lru_cache(maxsize=256)
def _cors(written: WrittenCors) -> Cors:
    return Cors(
        origins=written.allow_origins,
        methods=written.allow_methods,
        allow_headers=written.allow_headers,
        expose_headers=written.expose_headers,
        max_age=written.max_age or _CORS_SECONDS,
        credentials=bool(written.allow_credentials),
    )


def entry_problems(row: InheritedPolicy) -> Iterator[str]:
    """Yield what of a policy cannot be honoured, with its path."""
    for strategy, given in (("default", row.spec.default), ("override", row.spec.override)):
        clients = given.clients if isinstance(given, AccessSections) else None
        found = address_rule(clients) if clients is not None else None
        if isinstance(found, Unsupported):
            yield f"spec.{strategy}.clients.{found.message}"


@lru_cache(maxsize=256)
def _addresses(rules: tuple[AddressRule, ...]) -> ClientAddresses:
    """Return the filter, one for all rules that have the same."""
    return ClientAddresses(rules=tuple(dict.fromkeys(rules)))


@lru_cache(maxsize=256)
def address_rule(clients: Clients) -> AddressRule | Unsupported:
    """Return what a section says, or what is wrong with it, with the path below the section."""
    allow, deny = _ranges("allow", clients.allow), _ranges("deny", clients.deny)
    if isinstance(allow, Unsupported):
        return allow
    return deny if isinstance(deny, Unsupported) else AddressRule(allow=allow, deny=deny)


def _ranges(field: str, written: tuple[WrittenRange, ...]) -> tuple[AddressRange, ...] | Unsupported:
    found = []
    for at, each in enumerate(written):
        try:
            network = ip_network(each.cidr)
        except ValueError:
            return Unsupported(
                f"{field}[{at}].cidr: {shown(each.cidr)} is no address range; allowed: an address, or the first address"
                " of a range and the number of bits that its addresses begin with, such as 10.0.0.0/8"
            )
        address = str(network.network_address)
        found.append(AddressRange(network=address, bits=network.prefixlen, is_peer=each.source == "Peer"))
    return tuple(found)

"""Which servers the proxies of a Gateway ask because a policy says so, beside those that routes name.

In: a route. Out: for each Gateway that it is attached to, the upstreams that the policies in force there lead to.
"""

from collections.abc import Iterator

from gatewayd.api.accesspolicy import AccessPolicy
from gatewayd.incremental.view import Index, Member, View, query, rows, ungrouped
from gatewayd.ir.backend import Upstream
from gatewayd.ir.filters import HTTPFilter, PolicyCheck
from gatewayd.translator.attachment import attachments
from gatewayd.translator.backends.backend_refs import GatewayUpstream
from gatewayd.translator.problems import Unsupported
from gatewayd.translator.proxies.access import entry_filters
from gatewayd.translator.proxies.at_listener import ListenerOf, in_force
from gatewayd.translator.rules.route_kinds import rules

_ANYWHERE = ()


def _asks(row: AccessPolicy) -> list[tuple[()]]:
    given = (row.spec.default, row.spec.override)
    return [_ANYWHERE] if any(each is not None and each.external_auth is not None for each in given) else []


ASKING = Index(name="policies_that_ask_servers", sources=(rows(AccessPolicy, _asks),), group=ungrouped)


@query
def any_asking(view: View, _everywhere: tuple[()]) -> bool:
    """Return whether any policy has a server asked: most clusters need not be asked further."""
    return view.count(ASKING, _ANYWHERE) > 0


def policy_servers(view: View, member: Member) -> Iterator[GatewayUpstream]:
    """Yield the upstreams that policies lead to, for each Gateway of a route; some of them several times."""
    if not any_asking(view, ()):
        return
    numbers = dict.fromkeys(each.route.source.rule for each in rules(view, member).routes)
    for parent in attachments(view, member):
        for attached in parent.attached:
            at = ListenerOf(parent.gateway, attached.listener)
            for number in numbers:
                filters = entry_filters(view, in_force(view, at, member, number).access)
                for upstream in () if isinstance(filters, Unsupported) else map(asked_server, filters):
                    if upstream is not None:
                        yield GatewayUpstream(parent.gateway, upstream)


def asked_server(http_filter: HTTPFilter) -> Upstream | None:
    """Return whom a filter of a policy asks; None when it is nobody."""
    return http_filter.auth.upstream if isinstance(http_filter, PolicyCheck) else None

"""ClientAddresses -> Envoy's RBAC filter, which stands in the chain without rules and then lets everybody through.

https://www.envoyproxy.io/docs/envoy/v1.40.0/api-v3/extensions/filters/http/rbac/v3/rbac.proto
"""

from collections.abc import Iterator, Sequence
from typing import Any

from envoy.config.core.v3 import address_pb2
from envoy.config.rbac.v3 import rbac_pb2
from envoy.extensions.filters.http.rbac.v3 import rbac_pb2 as filter_pb2
from google.protobuf import wrappers_pb2

from gatewayd.ir.policy import AddressRange, AddressRule, ClientAddresses

NAME = "where"
CONFIG = filter_pb2.RBAC()

_ANY_REQUEST = rbac_pb2.Permission(any=True)
_ANYBODY = rbac_pb2.Principal(any=True)


def per_route(addresses: ClientAddresses) -> Any:
    """Return the configuration of one route."""
    who = [principal for rule in addresses.rules for principal in _let_in(rule)] or [_ANYBODY]
    policy = rbac_pb2.Policy(
        permissions=[_ANY_REQUEST],
        principals=[rbac_pb2.Principal(and_ids=rbac_pb2.Principal.Set(ids=who))],
    )
    rules = rbac_pb2.RBAC(action=rbac_pb2.RBAC.ALLOW, policies={"clients": policy})
    return filter_pb2.RBACPerRoute(rbac=filter_pb2.RBAC(rules=rules))


def _let_in(rule: AddressRule) -> Iterator[Any]:
    """Yield what all must hold for a client that a rule lets in."""
    if rule.allow:
        yield _one_of(rule.allow)
    if rule.deny:
        yield rbac_pb2.Principal(not_id=_one_of(rule.deny))


def _one_of(ranges: Sequence[AddressRange]) -> Any:
    return rbac_pb2.Principal(or_ids=rbac_pb2.Principal.Set(ids=[_within(each) for each in ranges]))


def _within(address_range: AddressRange) -> Any:
    of = address_pb2.CidrRange(
        address_prefix=address_range.network, prefix_len=wrappers_pb2.UInt32Value(value=address_range.bits)
    )
    # "direct_remote_ip" is the address of the connection, whatever was forwarded; "remote_ip" the one that is believed.
    return rbac_pb2.Principal(direct_remote_ip=of) if address_range.is_peer else rbac_pb2.Principal(remote_ip=of)

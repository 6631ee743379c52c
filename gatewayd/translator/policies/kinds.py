"""POLICY_KINDS: the policies of our own group that are inherited, and how each of them is.

A new kind is its struct and a row here; a new section is a field of the kind's struct, and what it comes to.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from msgspec.structs import fields

from gatewayd.api.accesspolicy import AccessPolicy, AccessSections
from gatewayd.api.backendpolicy import BackendPolicy, BackendSections
from gatewayd.api.clientpolicy import ClientPolicy, ClientSections
from gatewayd.api.inherited import Sections
from gatewayd.api.reportpolicy import ReportPolicy, ReportSections
from gatewayd.api.routepolicy import RoutePolicy, RouteSections

InheritedPolicy = AccessPolicy | RoutePolicy | ReportPolicy | BackendPolicy | ClientPolicy
InheritedTable = type[AccessPolicy] | type[RoutePolicy] | type[ReportPolicy] | type[BackendPolicy] | type[ClientPolicy]


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyKind:
    """A kind of policy. `adds_up`: sections whose overrides of all levels count, and beside them the default in force.

    `protects`: what cannot be honoured closes what it is for, with 500s; of the others it is left out.
    """

    table: InheritedTable
    sections: type[Sections]
    adds_up: frozenset[str]
    protects: bool

    @property
    def names(self) -> tuple[str, ...]:
        """The sections, as attributes."""
        return tuple(each.name for each in fields(self.sections))


POLICY_KINDS: Final[Mapping[InheritedTable, PolicyKind]] = MappingProxyType(
    {
        kind.table: kind
        for kind in (
            PolicyKind(
                table=AccessPolicy,
                sections=AccessSections,
                adds_up=frozenset({"clients", "authorization"}),
                protects=True,
            ),
            PolicyKind(table=RoutePolicy, sections=RouteSections, adds_up=frozenset(), protects=False),
            PolicyKind(table=ReportPolicy, sections=ReportSections, adds_up=frozenset(), protects=False),
            PolicyKind(table=BackendPolicy, sections=BackendSections, adds_up=frozenset(), protects=False),
            PolicyKind(table=ClientPolicy, sections=ClientSections, adds_up=frozenset(), protects=False),
        )
    }
)

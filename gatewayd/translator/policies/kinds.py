"""POLICY_KINDS: the policies of our own group that are inherited, and how each of them is.

A new kind is its struct and a row here; a new section is a field of the kind's struct, and what it comes to.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Protocol, TypeVar

from msgspec.structs import fields

from gatewayd.api.accesspolicy import AccessPolicy, AccessSections
from gatewayd.api.backendpolicy import BackendPolicy, BackendSections
from gatewayd.api.clientpolicy import ClientPolicy, ClientSections
from gatewayd.api.inherited import Sections
from gatewayd.api.reportpolicy import ReportPolicy, ReportSections
from gatewayd.api.routepolicy import RoutePolicy, RouteSections

OVERRIDE: Final = "override"
DEFAULT: Final = "default"
STRATEGIES: Final = (OVERRIDE, DEFAULT)

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

_Given_co = TypeVar("_Given_co", bound=Sections, covariant=True)


class _Strategies(Protocol[_Given_co]):
    @property
    def override(self) -> _Given_co | None: ...
    @property
    def default(self) -> _Given_co | None: ...


class _Policy(Protocol[_Given_co]):
    @property
    def spec(self) -> _Strategies[_Given_co]: ...


def by_strategy(row: _Policy[_Given_co]) -> Iterator[tuple[str, _Given_co]]:
    """Yield the sections that a policy has, with the strategy that they are written under: one object has one."""
    for strategy, given in ((OVERRIDE, row.spec.override), (DEFAULT, row.spec.default)):
        if given is not None:
            yield strategy, given

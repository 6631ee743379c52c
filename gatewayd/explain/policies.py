"""Which sections of policies are in force for a rule at a listener, and whose they are, for people.

In: a View, a listener, a route and one of its rules. Out: `SectionInForce`s; nothing is decided here.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import msgspec

from gatewayd.api.accesspolicy import AccessPolicy
from gatewayd.api.backendpolicy import BackendPolicy
from gatewayd.api.clientpolicy import ClientPolicy
from gatewayd.api.envoy_gateway.objects import EnvoyProxy
from gatewayd.api.kinds import BY_STRUCT
from gatewayd.api.meta import ObjectKey
from gatewayd.api.reportpolicy import AccessLogSection, ReportPolicy
from gatewayd.api.routepolicy import RoutePolicy
from gatewayd.api.xtelemetrypolicy import XTelemetryPolicy
from gatewayd.incremental.view import Member, View
from gatewayd.ir.backend import Upstream
from gatewayd.translator.mesh.governed_rules import RuleOf, in_force_between
from gatewayd.translator.mesh.unserved import unserved
from gatewayd.translator.policies.backend import answers, backend_effective
from gatewayd.translator.policies.backend_sections import backend_settings
from gatewayd.translator.policies.clashes import clash
from gatewayd.translator.policies.effective import UNREADABLE, ChainKey, Effective, Ruled, WrittenAs, effective
from gatewayd.translator.policies.envoy_proxy import ProxyInForce, envoy_proxy
from gatewayd.translator.policies.kinds import POLICY_KINDS
from gatewayd.translator.policies.report import report_effective
from gatewayd.translator.policies.telemetry import telemetry_policy
from gatewayd.translator.proxies.access import section_problem
from gatewayd.translator.proxies.access_log import log_problems
from gatewayd.translator.proxies.at_listener import ListenerOf, in_force, listener_chain
from gatewayd.translator.proxies.client_settings import clients_effective
from gatewayd.translator.proxies.connection_clients import CONNECTION_TABLES
from gatewayd.translator.proxies.global_limits import SECTION as LIMITS
from gatewayd.translator.proxies.global_limits import limits_problem
from gatewayd.translator.proxies.key_sets import source_words
from gatewayd.translator.proxies.processing import SECTION as PROCESSING
from gatewayd.translator.proxies.processing import processing_problem
from gatewayd.translator.proxies.scripts import SECTION as LUA
from gatewayd.translator.proxies.scripts import script_problem
from gatewayd.translator.proxies.tracing import foreign_traced, traced
from gatewayd.translator.proxies.virtualhosts import HTTP_TABLES


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionInForce:
    """A section: `path` is its field in the policy `kind` `key`, `target` what that is for, `value` what it says.

    `problem`: why it cannot be honoured; "" for nothing. What protects answers requests with a 500 then.
    `sources`: where what it needs is fetched from, and since when it is what it is.
    """

    kind: str
    key: ObjectKey
    path: str
    target: str
    value: str
    problem: str
    sources: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self._saying(self.value)

    @property
    def withheld(self) -> str:
        """The same without the value, in which users may have written secrets."""
        return self._saying("{...}")

    def _saying(self, value: str) -> str:
        cannot = f"; cannot be honoured: {self.problem}" if self.problem else ""
        fetched = "".join(f"; {each}" for each in self.sources)
        return f"{self.path} {value} of {self.kind} {self.key}, for {self.target}{fetched}{cannot}"


def sections_in_force(view: View, at: ListenerOf, member: Member, rule: int) -> tuple[SectionInForce, ...]:
    """Return what is in force for a rule of a route at a listener: for its clients, AccessPolicies, and so on.

    What is written down of requests comes last.
    """
    effective = in_force(view, at, member, rule)
    of_clients = _sections(view, "ClientPolicy", clients_effective(view, at), POLICY_KINDS[ClientPolicy].names)
    of_gateway = report_effective(view, at.gateway)
    logged = tuple(_sections(view, "ReportPolicy", of_gateway, ("access_log",)))
    reported = (
        *(logged or _proxy_log(view, at.gateway)),
        *_sections(view, "ReportPolicy", effective.report, POLICY_KINDS[ReportPolicy].names),
    )
    if member.table not in HTTP_TABLES:
        names = ("clients",) if member.table in CONNECTION_TABLES else ()
        return (*of_clients, *_sections(view, "AccessPolicy", effective.access, names), *reported)
    kinds = {kind.table.__name__: kind for kind in POLICY_KINDS.values()}
    by_kind = {"AccessPolicy": effective.access, "RoutePolicy": effective.route}
    of_rule = (each for kind, of in by_kind.items() for each in _sections(view, kind, of, kinds[kind].names))
    problems = _of_services(view, at.gateway, effective.route)
    told = (replace(each, problem=each.problem or problems.get(_last(each.path), "")) for each in of_rule)
    return (*of_clients, *told, *reported, *_tracing(view, at.gateway))


def service_sections(view: View, at: RuleOf) -> tuple[SectionInForce, ...]:
    """Return what is in force for a rule where its parent is a Service."""
    found = in_force_between(view, at)
    sections: list[SectionInForce] = []
    for table, of in ((AccessPolicy, found.access), (RoutePolicy, found.route)):
        problems = {
            _field(each): processing_problem(view, each.policy.namespace, each.value) for each in of.of(PROCESSING)
        }
        for lost in unserved(table, of):
            instead = "requests get a 500 until then" if lost.fault.closes else "left out"
            problems[_field(lost.ruled)] = f"{lost.fault.why}; {instead}"
        told = _sections(view, table.__name__, of, POLICY_KINDS[table].names)
        sections += (replace(each, problem=problems.get(_last(each.path)) or each.problem) for each in told)
    return tuple(sections)


def _last(path: str) -> str:
    return path.rpartition(".")[2]


def _of_services(view: View, gateway: ObjectKey, route: Effective) -> dict[str, str]:
    """Return what is wrong with services that RoutePolicies have asked, and with scripts, by a section's field."""
    limits = {_field(each): limits_problem(view, gateway, each.value) for each in route.of(LIMITS)}
    namespaces = ((each, each.policy.namespace) for each in route.of(PROCESSING))
    shown = {_field(each): processing_problem(view, namespace, each.value) for each, namespace in namespaces}
    run = {_field(each): script_problem(view, gateway, each.policy.namespace, each.value) for each in route.of(LUA)}
    return {**limits, **shown, **run}


def _field(ruled: Ruled) -> str:
    return ruled.wire if ruled.origin is None else _last(ruled.origin.path)


def listener_sections(view: View, at: ListenerOf) -> tuple[SectionInForce, ...]:
    """Return what is in force for all that comes through a listener, of each kind of policy."""
    chain = listener_chain(view, at)
    sections: list[SectionInForce] = []
    for table, kind in POLICY_KINDS.items():
        of_clients = table is ClientPolicy
        found = clients_effective(view, at) if of_clients else effective(view, ChainKey(table, chain))
        sections += _sections(view, table.__name__, found, kind.names)
    return (*sections, *_tracing(view, at.gateway))


def _tracing(view: View, gateway: ObjectKey) -> Iterator[SectionInForce]:
    """Yield what makes traces of the requests of a Gateway."""
    policy = telemetry_policy(view, gateway)
    row = view.get(XTelemetryPolicy, policy) if policy is not None else None
    if row is None:
        yield from _proxy_traces(view, gateway)
        return
    yield SectionInForce(
        kind=XTelemetryPolicy.__name__,
        key=row.metadata.key,
        path="spec.tracing",
        target=f"Gateway/{gateway}",
        value=msgspec.json.encode(row.spec.tracing).decode(),
        problem="; ".join(traced(view, row, gateway).problems),
    )


def _proxy_log(view: View, gateway: ObjectKey) -> Iterator[SectionInForce]:
    """Yield the log that the EnvoyProxy of a Gateway asks for, which counts where no policy does."""
    theirs = envoy_proxy(view, gateway)
    if theirs is not None and theirs.taken.access_log is not None:
        log = theirs.taken.access_log
        yield _of_proxy(theirs, "accessLog", log, log_problems(view, theirs.key.namespace, log), gateway)


def _proxy_traces(view: View, gateway: ObjectKey) -> Iterator[SectionInForce]:
    """Yield what the EnvoyProxy of a Gateway makes traces of."""
    theirs = envoy_proxy(view, gateway)
    if theirs is not None and theirs.taken.tracing is not None:
        problems = foreign_traced(view, gateway).problems
        yield _of_proxy(theirs, "tracing", theirs.taken.tracing, problems, gateway)


def _of_proxy(
    theirs: ProxyInForce, field: str, value: object, problems: Iterable[str], gateway: ObjectKey
) -> SectionInForce:
    return SectionInForce(
        kind=BY_STRUCT[EnvoyProxy].kind,
        key=theirs.key,
        path=f"spec.telemetry.{field}",
        target=f"Gateway/{gateway}",
        value=msgspec.json.encode(value).decode(),
        problem="; ".join(problems),
    )


def backend_sections(view: View, gateway: ObjectKey, upstream: Upstream) -> tuple[SectionInForce, ...]:
    """Return what is in force for a backend that a Gateway leads to."""
    found = backend_effective(view, gateway, upstream)
    told = _sections(view, BackendPolicy.__name__, found, POLICY_KINDS[BackendPolicy].names)
    if answers(backend_settings(found), upstream.protocol):
        return tuple(told)
    why = f"gRPC needs HTTP/2, and {upstream.protocol} is spoken to {upstream.namespace}/{upstream.name}"
    return tuple(replace(each, problem=why) if each.path.endswith(".activeHealth") else each for each in told)


def _sections(view: View, kind: str, effective: Effective, names: tuple[str, ...]) -> Iterator[SectionInForce]:
    overrides = set(effective.overrides)
    apart = clash(effective)
    for name in (UNREADABLE, *names):
        beside = apart.why if apart is not None and apart.section == name else ""
        for ruled in effective.of(name):
            yield _section(view, kind, "override" if ruled in overrides else "default", ruled, beside)


def _section(view: View, kind: str, strategy: str, ruled: Ruled, beside: str) -> SectionInForce:
    written = msgspec.json.encode(ruled.value).decode()
    own = WrittenAs(kind, f"spec.{strategy}.{ruled.wire}")
    return SectionInForce(
        kind=(ruled.origin or own).kind,
        key=ruled.policy,
        path=(ruled.origin or own).path,
        target=str(ruled.target),
        sources=tuple(source_words(view, ruled.policy.namespace, ruled.value)),
        value=written,
        problem="it cannot be read" if ruled.section == UNREADABLE else _problem(view, ruled) or beside,
    )


def _problem(view: View, ruled: Ruled) -> str:
    if isinstance(ruled.value, AccessLogSection):
        return "; ".join(log_problems(view, ruled.policy.namespace, ruled.value))
    return section_problem(view, ruled.policy.namespace, ruled.value) or ""

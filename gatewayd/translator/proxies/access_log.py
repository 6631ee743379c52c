"""What the proxies of a Gateway write down of requests, by its parameters and its policies, and where lines go."""

from collections.abc import Iterator

from gatewayd.api.kinds import BY_STRUCT
from gatewayd.api.meta import ObjectKey
from gatewayd.api.reportpolicy import AccessLogSection, LogSink, ReportPolicy
from gatewayd.incremental.view import View, rescued_query
from gatewayd.ir.access_log import FILE, OWN_OUTPUT, AccessLog, Collector, LogService, Sink
from gatewayd.ir.backend import InvalidBackend, Protocol, Upstream
from gatewayd.translator.backends.backend_refs import ask_for
from gatewayd.translator.backends.servers import server
from gatewayd.translator.environment import environment
from gatewayd.translator.parameters.chosen import chosen_parameters
from gatewayd.translator.policies.kinds import InheritedPolicy, by_strategy
from gatewayd.translator.policies.report import log_ruling


def _as_before(_view: View, _gateway: ObjectKey, _error: Exception, before: AccessLog | None) -> AccessLog | None:
    """Write down what was written down before: no request waits for what gatewayd fails on."""
    return before


@rescued_query(_as_before)
def access_log(view: View, gateway: ObjectKey) -> AccessLog | None:
    """Return the access log of a Gateway, one value for all its filter chains; None: nothing is written down."""
    ruling = log_ruling(view, gateway)
    logged = chosen_parameters(view, gateway).parameters.logged if ruling is None else ruling.logged
    sinks = (OWN_OUTPUT,) if ruling is None else tuple(_sinks(view, ruling.namespace, ruling.section))
    # Without the sinks that cannot be had nothing may be left; it does not go where nobody has asked for it.
    if logged is None or not sinks:
        return None
    file = FILE if environment(view).standalone else ""
    return AccessLog(gateway=str(gateway), file=file, logged=logged, sinks=sinks)


def log_servers(view: View, gateway: ObjectKey) -> tuple[Upstream, ...]:
    """Return the upstreams that the log of a Gateway is sent to."""
    log = access_log(view, gateway)
    sinks = () if log is None else log.sinks
    return tuple(each.upstream for each in sinks if isinstance(each, Collector))


def _sinks(view: View, namespace: str, section: AccessLogSection) -> Iterator[Sink]:
    if not section.sinks:
        yield OWN_OUTPUT
    for written in section.sinks:
        sink = _sink(view, namespace, written)
        if not isinstance(sink, str):
            yield sink


def _sink(view: View, namespace: str, written: LogSink) -> Sink | str:
    """Return a sink as a policy of a namespace has written it, or what is wrong with its backendRef."""
    ref = written.backend_ref
    if ref is None:
        return OWN_OUTPUT
    upstream = server(view, ask_for(BY_STRUCT[ReportPolicy].group_kind, namespace, ref, Protocol.HTTP2))
    if isinstance(upstream, InvalidBackend):
        return upstream.message
    return Collector(service=LogService(written.type), upstream=upstream)


def log_problems(view: View, namespace: str, section: AccessLogSection) -> Iterator[str]:
    """Yield what of a section of a policy of a namespace cannot be had, with the path below the section."""
    for at, written in enumerate(section.sinks):
        problem = _sink(view, namespace, written)
        if isinstance(problem, str):
            yield f"sinks[{at}].backendRef: {problem}"


def report_problems(view: View, row: InheritedPolicy) -> Iterator[str]:
    """Yield what of a ReportPolicy cannot be had, with its path."""
    if not isinstance(row, ReportPolicy):
        return
    for strategy, given in by_strategy(row):
        if given.access_log is not None:
            for problem in log_problems(view, row.metadata.namespace, given.access_log):
                yield f"spec.{strategy}.accessLog.{problem}"

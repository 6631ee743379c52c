"""What is said of an EnvoyProxy of Envoy Gateway: by the Gateway that it counts for, since it has no status of ours."""

from collections.abc import Iterator

from gatewayd.api.meta import ObjectKey, Problem
from gatewayd.incremental.view import View
from gatewayd.translator.policies.envoy_proxy import envoy_proxy, told
from gatewayd.translator.proxies.access_log import log_problems
from gatewayd.translator.proxies.tracing import FOREIGN_PATH, foreign_traced

_LOG_PATH = "spec.telemetry.accessLog"


def proxy_notes(view: View, gateway: ObjectKey) -> Iterator[str]:
    """Yield what is left out of the EnvoyProxy of a Gateway, each with its path."""
    theirs = envoy_proxy(view, gateway)
    if theirs is None:
        return
    problems = list(theirs.taken.refused)
    if theirs.taken.access_log is not None:
        found = log_problems(view, theirs.key.namespace, theirs.taken.access_log)
        problems += (Problem(path=_LOG_PATH, message=each) for each in found)
    traced = foreign_traced(view, gateway)
    unresolved = () if traced.resolved.status else (traced.resolved.message,)
    problems += (Problem(path=FOREIGN_PATH, message=each) for each in (*unresolved, *traced.left_out))
    yield from told(theirs, tuple(problems))

"""RoutePolicy, section externalProcessing: which server sees the messages of a rule.

It may be there to keep something out. So a server that is not there, or that must be spoken to under TLS and cannot be,
closes the rules of its scope, `failOpen` or not: that is for a server that does not answer.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from gatewayd.api.durations import milliseconds
from gatewayd.api.externalprocessing import ExternalProcessingSection, ShownMessage
from gatewayd.api.kinds import BY_STRUCT
from gatewayd.api.routepolicy import RoutePolicy
from gatewayd.incremental.view import View
from gatewayd.ir.backend import InvalidBackend, Protocol
from gatewayd.ir.processing import DEFAULT_PROCESSING_MS, Processing, ShownBody
from gatewayd.translator.backends.backend_refs import ask_for
from gatewayd.translator.backends.servers import server
from gatewayd.translator.policies.effective import Effective
from gatewayd.translator.policies.kinds import InheritedPolicy, by_strategy
from gatewayd.translator.problems import Unsupported

SECTION: Final = "external_processing"
_BODIES: Final[Mapping[str, ShownBody]] = MappingProxyType(
    {"None": ShownBody.NONE, "Buffered": ShownBody.WHOLE, "Streamed": ShownBody.PIECES}
)
_LEAST_MS: Final = 1


def processing(view: View, found: Effective) -> tuple[Processing, ...] | Unsupported:
    """Return who sees the messages of a rule; Unsupported where nobody can, which closes it."""
    for ruled in found.of(SECTION):
        if isinstance(ruled.value, ExternalProcessingSection):
            processor = _processing(view, ruled.policy.namespace, ruled.value)
            return processor if isinstance(processor, Unsupported) else (processor,)
    return ()


def _processing(view: View, namespace: str, section: ExternalProcessingSection) -> Processing | Unsupported:
    ref = section.backend_ref
    if ref is None:
        return Unsupported("backendRef: is required")
    upstream = server(view, ask_for(BY_STRUCT[RoutePolicy].group_kind, namespace, ref, Protocol.HTTP2))
    if isinstance(upstream, InvalidBackend):
        return Unsupported(f"backendRef: {upstream.message}")
    return Processing(
        upstream=upstream,
        request=_shown(section.request),
        response=_shown(section.response),
        timeout_ms=max(_LEAST_MS, milliseconds(section.timeout)) if section.timeout else DEFAULT_PROCESSING_MS,
        fails_open=bool(section.fail_open),
    )


def _shown(message: ShownMessage | None) -> ShownBody | None:
    return None if message is None else _BODIES[message.body or "None"]


def processing_fault(view: View, namespace: str, section: object) -> str:
    """Return why a section of a policy of a namespace cannot be honoured, with the path below it; "" when it can."""
    if not isinstance(section, ExternalProcessingSection) or section.is_disabled:
        return ""
    processor = _processing(view, namespace, section)
    return processor.message if isinstance(processor, Unsupported) else ""


def processing_problem(view: View, namespace: str, section: object) -> str:
    """Return the same, with what becomes of requests."""
    fault = processing_fault(view, namespace, section)
    return f"{fault}; requests get a 500 until then" if fault else ""


def processing_problems(view: View, row: InheritedPolicy) -> Iterator[str]:
    """Yield why nobody sees what a policy wants seen, with its path."""
    for strategy, given in by_strategy(row):
        if problem := processing_problem(view, row.metadata.namespace, getattr(given, SECTION, None)):
            yield f"spec.{strategy}.externalProcessing.{problem}"

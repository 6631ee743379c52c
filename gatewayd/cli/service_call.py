"""`gatewayd explain --from NAMESPACE --to NAMESPACE/SERVICE[:PORT]`: which rule gets what a pod sends to a Service."""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from gatewayd.cli.output import Form, end, write_json, write_lines
from gatewayd.cli.request_options import WantedRequest, sent
from gatewayd.ir.fleet import NAME_PATTERN, NAMESPACE_PATTERN
from gatewayd.run.exit_codes import INVALID, OK

if TYPE_CHECKING:
    from gatewayd.explain.mesh_trace import Call, CallTrace
    from gatewayd.explain.trace import Trace
    from gatewayd.offline.translation import Translation

_SERVICE: Final = re.compile(rf"({NAMESPACE_PATTERN})/([^:/]+)(?::([0-9]{{1,5}}))?")
_ALLOWED: Final = "--from NAMESPACE --to NAMESPACE/SERVICE[:PORT] is allowed, with a folder"


ToOption = Annotated[
    str, typer.Option("--to", metavar="NAMESPACE/SERVICE[:PORT]", help="A pod sends it to a Service (docs/mesh.md).")
]


def call_of(namespace: str, service: str, folders: Sequence[Path]) -> "Call":
    """Return who calls what, as the manifests of some folders have it; ends the program with what is allowed."""
    from gatewayd.api.meta import ObjectKey
    from gatewayd.explain.mesh_trace import Call

    named = _SERVICE.fullmatch(service)
    if named is None or re.fullmatch(NAME_PATTERN, named[2]) is None:
        raise end(f"--to {service}: names no Service; {_ALLOWED}", INVALID)
    if re.fullmatch(NAMESPACE_PATTERN, namespace) is None:
        raise end(f"--from {namespace}: is no namespace; {_ALLOWED}", INVALID)
    if not folders:
        raise end(f"--to {service}: without a folder nobody is asked; {_ALLOWED}", INVALID)
    port = int(named[3]) if named[3] else None
    return Call(namespace=namespace, service=ObjectKey(named[1], named[2]), port=port)


def show_call(call: "Call", translated: "Translation", wanted: WantedRequest, output: Form) -> int:
    """Show what becomes of a call; return the exit code: OK when a rule takes it at some port."""
    from gatewayd.explain.mesh_trace import NotLed, call_traces
    from gatewayd.explain.shape import traces_json
    from gatewayd.explain.trace import Taken, Translated
    from gatewayd.explain.words import call_lines

    request = sent(replace(wanted, host=wanted.host or f"{call.service.name}.{call.service.namespace}"))
    found = call_traces(Translated.of(translated.engine, translated.reconciler.configs), request, call)
    traces = () if isinstance(found, NotLed) else tuple(_as_trace(each) for each in found)
    if output is Form.JSON:
        write_json(traces_json(request, traces))
    else:
        write_lines("\n".join(call_lines(call, found, translated.manifests.folder.place_of)))
    return OK if any(isinstance(each.end, Taken) for each in traces) else INVALID


def _as_trace(of: "CallTrace") -> "Trace":
    from gatewayd.explain.mesh_trace import NotLed
    from gatewayd.explain.trace import Trace, Untaken
    from gatewayd.ir.fleet import MESH_FLEET

    if not isinstance(of.end, NotLed):
        return of.end
    untaken = Untaken(status=0, why=of.end.why)
    return Trace(fleet=MESH_FLEET, port=of.port, remarks=(), asked=(), end=untaken, rivals=())

"""EnvoyExtensionPolicy -> who sees the messages of a rule, as a section of a RoutePolicy.

It may be there to keep something out: what cannot be had of it closes what it is for.
https://gateway.envoyproxy.io/docs/api/extension_types/#envoyextensionpolicyspec
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from gatewayd.api.envoy_gateway.extensions import (
    EnvoyExtensionPolicySpec,
    ExtensionMessage,
    ExtensionProcessor,
    ExtensionScript,
)
from gatewayd.api.envoy_gateway.references import ExtensionBackendRef
from gatewayd.api.externalprocessing import ExternalProcessingSection, ShownMessage
from gatewayd.api.luasection import LuaSection, ScriptRef
from gatewayd.translator.envoy_gateway.reading import read
from gatewayd.translator.envoy_gateway.servers import one_backend, servers
from gatewayd.translator.envoy_gateway.taken import TakenPolicy, TakenSection, Telling

_ROUTES = frozenset({"HTTPRoute", "GRPCRoute"})


def extensions(written: Mapping[str, Any], namespace: str) -> TakenPolicy:
    """Return what the spec of an EnvoyExtensionPolicy of a namespace comes to."""
    telling = Telling(namespace=namespace)
    spec = read(written, EnvoyExtensionPolicySpec, telling)
    if spec is None:
        return telling.result(())
    if spec.merge_type is not None and not {each.kind for each in spec.targets} <= _ROUTES:
        telling.refuse("spec.mergeType", "must not be set for a Gateway or a ListenerSet; allowed: for routes")
    return telling.result(_sections(spec, telling))


def what_extensions_close(written: Mapping[str, Any], namespace: str) -> TakenPolicy:
    """Return what of such a spec closes what it is for: all that cannot be had."""
    return replace(extensions(written, namespace), sections=(), differs=())


def _sections(spec: EnvoyExtensionPolicySpec, telling: Telling) -> Iterator[TakenSection]:
    if len(spec.ext_proc) > 1:
        telling.refuse("spec.extProc", f"must be one server, not {len(spec.ext_proc)}")
    elif spec.ext_proc:
        [processor] = spec.ext_proc
        yield TakenSection("external_processing", _processing(processor, telling), "spec.extProc")
    if len(spec.lua) > 1:
        telling.refuse("spec.lua", f"must be one script, not {len(spec.lua)}")
    elif spec.lua:
        if spec.ext_proc:
            telling.refuse("spec.lua", "must not stand beside extProc; allowed: one of them")
        yield TakenSection("lua", _script(spec.lua[0], telling), "spec.lua")


def _script(written: ExtensionScript, telling: Telling) -> LuaSection:
    is_inline = written.type == "Inline"
    if is_inline != (written.inline is not None) or is_inline == (written.value_ref is not None):
        telling.refuse("spec.lua[0]", "must have the one of inline, valueRef that type names")
    elif written.inline == "":
        telling.refuse("spec.lua[0].inline", "must not be empty")
    if written.value_ref is not None:
        return LuaSection(config_map_ref=ScriptRef(name=written.value_ref.name))
    return LuaSection(inline=written.inline or "")


def _processing(written: ExtensionProcessor, telling: Telling) -> ExternalProcessingSection:
    mode = written.processing_mode
    return ExternalProcessingSection(
        backend_ref=one_backend(servers(written), "spec.extProc[0]", telling, ExtensionBackendRef),
        request=_shown(mode.request) if mode is not None else None,
        response=_shown(mode.response) if mode is not None else None,
        timeout=written.message_timeout,
        fail_open=written.fail_open,
    )


def _shown(message: ExtensionMessage | None) -> ShownMessage | None:
    if message is None:
        return None
    if message.body is None or message.body in ("Buffered", "Streamed"):
        return ShownMessage(body=message.body)
    # A mode that cannot be had is refused, and closes what the policy is for.
    return ShownMessage()

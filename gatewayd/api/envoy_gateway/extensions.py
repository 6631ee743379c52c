"""EnvoyExtensionPolicy of Envoy Gateway: who sees messages and may change them, field by field.

https://gateway.envoyproxy.io/docs/api/extension_types/#envoyextensionpolicyspec
"""

from typing import Annotated, Literal

from msgspec import Meta

from gatewayd.api.envoy_gateway.fields import (
    Refused,
    TheirPolicySpec,
    TheirServer,
    TheirShape,
    differs,
    refused,
)
from gatewayd.api.luasection import LONGEST_SCRIPT
from gatewayd.api.scalars import Duration, ObjectName

_BODIES = ("Streamed", "Buffered")
_CODE = "allowed: extProc, or lua where the GatewayClass allows it; no other code of a policy runs in a proxy"


class ExtensionMessage(TheirShape, frozen=True, kw_only=True):
    """What is shown of a message beside its headers."""

    body: Annotated[
        Literal["Streamed", "Buffered", "FullDuplexStreamed", "BufferedPartial"] | None,
        refused("allowed: Streamed, Buffered", *_BODIES),
    ] = None
    attributes: Annotated[tuple[str, ...], refused("allowed: none")] = ()


class ExtensionMode(TheirShape, frozen=True, kw_only=True):
    """Which messages are shown."""

    request: ExtensionMessage | None = None
    response: ExtensionMessage | None = None
    allow_mode_override: Annotated[bool | None, refused("allowed: false", False)] = None


class ExtensionProcessor(TheirServer, frozen=True, kw_only=True):
    """A server that sees messages and may change them."""

    message_timeout: Duration | None = None
    fail_open: Annotated[
        bool | None, differs("counts while the server does not answer, never for what is wrong here", False)
    ] = None
    processing_mode: ExtensionMode | None = None
    shadow_mode: Annotated[bool | None, refused("allowed: false", False)] = None
    metadata: Annotated[Refused, refused("allowed: none")] = None
    status_on_error: Annotated[int | None, refused("allowed: 500", 500)] = None


class ExtensionScriptRef(TheirShape, frozen=True, kw_only=True):
    """A ConfigMap that has a script."""

    group: Literal["", "v1"] = ""
    kind: Literal["ConfigMap"] = "ConfigMap"
    name: ObjectName


class ExtensionScript(TheirShape, frozen=True, kw_only=True):
    """Code in Lua that messages pass."""

    type: Literal["Inline", "ValueRef"] = "Inline"
    inline: Annotated[str, Meta(max_length=LONGEST_SCRIPT)] | None = None
    value_ref: ExtensionScriptRef | None = None
    filter_context: Annotated[Refused, refused("allowed: none; a script has what it needs in its text")] = None


class EnvoyExtensionPolicySpec(TheirPolicySpec, frozen=True, kw_only=True):
    """What is put into the way of messages."""

    ext_proc: Annotated[tuple[ExtensionProcessor, ...], Meta(max_length=16)] = ()
    lua: Annotated[tuple[ExtensionScript, ...], Meta(max_length=16)] = ()
    wasm: Annotated[Refused, refused(_CODE, [])] = None
    dynamic_module: Annotated[Refused, refused(_CODE, [])] = None

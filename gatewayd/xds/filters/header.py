"""HeaderChanges -> the fields by which a Route or a ClusterWeight changes headers.

Invariant: texts are literal: "%" begins a substitution in Envoy, so it is doubled. What the request has is substituted.
https://www.envoyproxy.io/docs/envoy/v1.40.0/configuration/observability/access_log/usage#command-operators
Rules: https://gateway-api.sigs.k8s.io/reference/spec/#httpheaderfilter
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from envoy.config.core.v3 import base_pb2

from gatewayd.ir.filters import CopiedHeader, Header, HeaderChanges, HTTPFilter, RequestHeaders, RequestValue

_OVERWRITE = base_pb2.HeaderValueOption.OVERWRITE_IF_EXISTS_OR_ADD
_APPEND = base_pb2.HeaderValueOption.APPEND_IF_EXISTS_OR_ADD
_COMMANDS: Final[Mapping[RequestValue, str]] = MappingProxyType(
    {
        RequestValue.CLIENT_ADDRESS: "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%",
        RequestValue.PEER_ADDRESS: "%DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT%",
        RequestValue.HOST: "%REQ(:AUTHORITY)%",
        RequestValue.METHOD: "%REQ(:METHOD)%",
        RequestValue.PATH: "%REQ(:PATH)%",
        RequestValue.SCHEME: "%REQ(:SCHEME)%",
        RequestValue.SERVER_NAME: "%REQUESTED_SERVER_NAME%",
    }
)


def header_fields(side: str, changes: Sequence[HeaderChanges]) -> dict[str, Any]:
    """Return the fields `<side>_headers_to_add` and `<side>_headers_to_remove` that do the changes one after another.

    `side` is "request" or "response". Envoy removes before it adds, so what a later change removes is not added first.
    The host is left out: Envoy refuses to change it in this way (see `host_to_set`).
    """
    options: list[tuple[str, Any]] = []
    removed: dict[str, None] = {}
    for change in changes:
        gone = {name.lower() for name in change.remove}
        options = [(name, option) for name, option in options if name not in gone]
        options += [(header.name.lower(), _option(header, _OVERWRITE)) for header in change.set]
        options += [(copied.name.lower(), _copied(copied)) for copied in change.copied]
        options += [(header.name.lower(), _option(header, _APPEND)) for header in change.add]
        removed |= dict.fromkeys(change.remove)
    return {
        f"{side}_headers_to_add": [option for name, option in options if _changeable(name)],
        f"{side}_headers_to_remove": [name for name in removed if _changeable(name)],
    }


def host_to_set(filters: tuple[HTTPFilter, ...]) -> str | None:
    """Return the value that a request's Host is set to by one of the filters, None when it is left."""
    for http_filter in filters:
        if isinstance(http_filter, RequestHeaders):
            for header in http_filter.changes.set:
                if header.name.lower() == "host":
                    return header.value
    return None


def literal(header: Header) -> Any:
    """Return what gives a header a value, whatever it had."""
    return _option(header, _OVERWRITE)


def _option(header: Header, action: Any) -> Any:
    return base_pb2.HeaderValueOption(
        header=base_pb2.HeaderValue(key=header.name, value=header.value.replace("%", "%%")),
        append_action=action,
        keep_empty_value=True,
    )


def _copied(copied: CopiedHeader) -> Any:
    """Return what gives a header a value of the request; nothing is written where the request has none."""
    source = copied.source
    command = _COMMANDS[source] if isinstance(source, RequestValue) else f"%REQ({source})%"
    return base_pb2.HeaderValueOption(
        header=base_pb2.HeaderValue(key=copied.name, value=command), append_action=_OVERWRITE
    )


def _changeable(name: str) -> bool:
    return name.lower() != "host" and not name.startswith(":")

"""Names of objects, as a run completes them <-> GetNames of protos/gatewayd/v1/introspection.proto."""

from collections.abc import Iterable
from typing import Final

from gatewayd.rpc import introspection_pb2 as pb

GET_NAMES: Final = "GetNames"


def names_request(begun: str) -> bytes:
    """Return a serialised GetNamesRequest."""
    return bytes(pb.GetNamesRequest(begun=begun).SerializeToString())


def names_asked(data: bytes) -> str:
    """Read a serialised GetNamesRequest."""
    return pb.GetNamesRequest.FromString(data).begun


def names_encoded(names: Iterable[str]) -> bytes:
    """Return a serialised GetNamesResponse."""
    return bytes(pb.GetNamesResponse(names=names).SerializeToString())


def names_decoded(data: bytes) -> tuple[str, ...]:
    """Read a serialised GetNamesResponse."""
    return tuple(pb.GetNamesResponse.FromString(data).names)

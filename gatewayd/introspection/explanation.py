"""What becomes of a request, as a run tells it <-> GetExplanation of protos/gatewayd/v1/introspection.proto.

Invariant: a value that went through a message is equal to what it was.
"""

import json
from dataclasses import dataclass
from typing import Any, Final

from gatewayd.explain.request import Sent
from gatewayd.ir.filters import Header
from gatewayd.rpc import introspection_pb2 as pb

GET_EXPLANATION: Final = "GetExplanation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """`lines` for people, `shape` as `gatewayd explain -o json` has it; `where` names the run.

    `is_taken`: a rule, or a route of layer 4, takes it. There is no line when no listener is for it.
    """

    lines: tuple[str, ...]
    shape: Any
    is_taken: bool
    where: str


def explanation_request(sent: Sent, port: int | None) -> bytes:
    """Return a serialised GetExplanationRequest; `port` None is every one."""
    message = pb.GetExplanationRequest(
        scheme=sent.scheme,
        method=sent.method,
        host=sent.host,
        target=sent.target,
        headers=[pb.Header(name=each.name, value=each.value) for each in sent.headers],
        client=sent.client,
        port=port,
    )
    return bytes(message.SerializeToString())


def explanation_asked(data: bytes) -> tuple[Sent, int | None]:
    """Read a serialised GetExplanationRequest."""
    message = pb.GetExplanationRequest.FromString(data)
    sent = Sent(
        scheme=message.scheme,
        method=message.method,
        host=message.host,
        target=message.target,
        headers=tuple(Header(name=each.name, value=each.value) for each in message.headers),
        client=message.client,
    )
    return sent, message.port if message.HasField("port") else None


def explanation_encoded(explanation: Explanation) -> bytes:
    """Return a serialised GetExplanationResponse."""
    message = pb.GetExplanationResponse(
        lines=explanation.lines,
        json=json.dumps(explanation.shape),
        is_taken=explanation.is_taken,
        where=explanation.where,
    )
    return bytes(message.SerializeToString())


def explanation_decoded(data: bytes) -> Explanation:
    """Read a serialised GetExplanationResponse."""
    message = pb.GetExplanationResponse.FromString(data)
    return Explanation(
        lines=tuple(message.lines),
        shape=json.loads(message.json),
        is_taken=message.is_taken,
        where=message.where,
    )

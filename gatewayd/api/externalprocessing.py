"""RoutePolicy, section externalProcessing: a server sees requests and responses on their way, and may change them."""

from typing import Literal

from gatewayd.api.accesspolicy import PolicyBackendRef
from gatewayd.api.inherited import PolicyPart, PolicySection
from gatewayd.api.scalars import Duration


class ShownMessage(PolicyPart, frozen=True, kw_only=True):
    """The server sees the headers of a message, and its `body`: as a whole, or in pieces as they come."""

    body: Literal["None", "Buffered", "Streamed"] | None = None


class ExternalProcessingSection(PolicySection, frozen=True, kw_only=True):
    """Let a server look at messages and change them, by Envoy's ext_proc protocol, before they go on.

    `timeout` is for each of its answers (200ms). `failOpen`: messages go on while the server does not answer; never
    because what is written here is wrong.
    """

    backend_ref: PolicyBackendRef | None = None
    request: ShownMessage | None = None
    response: ShownMessage | None = None
    timeout: Duration | None = None
    fail_open: bool | None = None

"""XBackend: a backend that is not a Service (an outside host, or pods by label).

`port.port` and `port.name` are the v1.6 shape of what v1.7 calls `port.number`.
https://gateway-api.sigs.k8s.io/geps/gep-4731/
"""

from typing import Annotated, Literal

from msgspec import Meta

from gatewayd.api.backendtlspolicy import BackendTLSValidation
from gatewayd.api.meta import KubernetesObject, Shape
from gatewayd.api.refs import SecretObjectRef
from gatewayd.api.scalars import LabelValue, PortNumber, PreciseHostname
from gatewayd.api.sessionpersistence import SessionPersistence


class EndpointSelector(Shape, frozen=True, kw_only=True):
    """The pods of the namespace with all of these labels."""

    match_labels: Annotated[dict[str, LabelValue], Meta(min_length=1, max_length=64)]


class ExternalHostname(Shape, frozen=True, kw_only=True):
    """A host outside the cluster, found by DNS."""

    hostname: PreciseHostname


class XBackendPort(Shape, frozen=True, kw_only=True):
    """The backend's port, as v1.7 or v1.6 writes it; `value` reads either."""

    number: PortNumber | None = None
    port: PortNumber | None = None
    name: Annotated[str, Meta(max_length=63)] | None = None

    @property
    def value(self) -> int:
        """The port's number; a valid object has one, and 0 says that this one is not."""
        return self.number or self.port or 0


class XBackendTLS(Shape, frozen=True, kw_only=True):
    """TLS to this backend: none, with the server's certificate checked, or with one of our own as well."""

    mode: Literal["None", "ServerOnly", "ClientAndServer"]
    validation: BackendTLSValidation | None = None
    client_certificate_ref: SecretObjectRef | None = None


class XBackendSpec(Shape, frozen=True, kw_only=True):
    """Where the backend is and how it is spoken to."""

    type: Literal["ExternalHostname", "EndpointSelector"]
    external_hostname: ExternalHostname | None = None
    endpoint_selector: EndpointSelector | None = None
    port: XBackendPort
    protocol: Literal["TCP", "HTTP", "HTTP2", "HTTP11", "H2C", "MCP", "GRPC", "WSS"] | None = None
    tls: XBackendTLS = XBackendTLS(mode="None")
    session_persistence: SessionPersistence | None = None


class XBackend(KubernetesObject, frozen=True, kw_only=True):
    """An XBackend."""

    spec: XBackendSpec

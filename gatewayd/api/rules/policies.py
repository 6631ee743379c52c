"""Rules about backend policies: TLS, session persistence, retries, and XBackend.

https://gateway-api.sigs.k8s.io/reference/spec/#backendtlspolicy
"""

from gatewayd.api.backendtlspolicy import BackendTLSValidation, SubjectAltName
from gatewayd.api.durations import milliseconds
from gatewayd.api.meta import Problem, Problems
from gatewayd.api.names import is_dns_label, is_qualified_name, shown
from gatewayd.api.sessionpersistence import SessionPersistence
from gatewayd.api.xbackend import EndpointSelector, ExternalHostname, XBackendPort, XBackendSpec, XBackendTLS
from gatewayd.api.xbackendtrafficpolicy import BudgetDetails, RequestRate

_SECOND = 1_000
_HOUR = 3_600_000


def one_source_of_trust(validation: BackendTLSValidation) -> Problems:
    """Check that exactly one of caCertificateRefs and wellKnownCACertificates is set (validation)."""
    if validation.ca_certificate_refs and validation.well_known_ca_certificates is not None:
        yield Problem(path="wellKnownCACertificates", message="must not be set together with caCertificateRefs")
    if not validation.ca_certificate_refs and validation.well_known_ca_certificates is None:
        yield Problem(path="caCertificateRefs", message="is required, unless wellKnownCACertificates is set")


def san_of_type_given(name: SubjectAltName) -> Problems:
    """Check that the type of a subjectAltName names the member that must be set (subjectAltNames[])."""
    if (name.hostname if name.type == "Hostname" else name.uri) is None:
        yield Problem(path=name.type.lower(), message=f"is required for type {name.type}")


def other_san_absent(name: SubjectAltName) -> Problems:
    """Check that the other member of a subjectAltName must not be set (subjectAltNames[])."""
    path, other = ("uri", name.uri) if name.type == "Hostname" else ("hostname", name.hostname)
    if other is not None:
        yield Problem(path=path, message=f"must not be set for type {name.type}")


def permanent_cookie_ends(session: SessionPersistence) -> Problems:
    """Check that a Permanent cookie has an absoluteTimeout (sessionPersistence)."""
    cookie = session.cookie or session.cookie_config
    if cookie is not None and cookie.lifetime_type == "Permanent" and session.absolute_timeout is None:
        yield Problem(path="absoluteTimeout", message="is required when the cookie's lifetimeType is Permanent")


def session_carrier_given(session: SessionPersistence) -> Problems:
    """Check that type Cookie has a cookie and type Header a header (sessionPersistence); v1.6 objects have neither."""
    if session.session_name is not None or session.cookie_config is not None:
        return
    if (session.cookie if session.type == "Cookie" else session.header) is None:
        yield Problem(path=session.type.lower(), message=f"is required for type {session.type}")


def other_session_carrier_absent(session: SessionPersistence) -> Problems:
    """Check that type Cookie has no header and type Header no cookie (sessionPersistence)."""
    if session.type == "Cookie" and session.header is not None:
        yield Problem(path="header", message="must not be set for type Cookie")
    if session.type == "Header" and session.cookie is not None:
        yield Problem(path="cookie", message="must not be set for type Header")
    if session.type == "Header" and session.cookie_config is not None:
        yield Problem(path="cookieConfig", message="must not be set for type Header")


def backend_of_type_given(spec: XBackendSpec) -> Problems:
    """Check that type ExternalHostname has exactly externalHostname, type EndpointSelector endpointSelector (spec)."""
    members = (
        ("ExternalHostname", "externalHostname", spec.external_hostname),
        ("EndpointSelector", "endpointSelector", spec.endpoint_selector),
    )
    for name, path, member in members:
        if name == spec.type and member is None:
            yield Problem(path=path, message=f"is required for type {spec.type}")
        if name != spec.type and member is not None:
            yield Problem(path=path, message=f"must not be set for type {spec.type}")


def protocol_fits_tls(spec: XBackendSpec) -> Problems:
    """Check that h2C is without TLS, HTTP2 and WSS are with TLS (spec)."""
    if spec.protocol == "H2C" and spec.tls.mode != "None":
        yield Problem(path="tls.mode", message="must be None for protocol H2C; HTTP2 is the one with TLS")
    if spec.protocol in {"HTTP2", "WSS"} and spec.tls.mode == "None":
        yield Problem(path="tls.mode", message=f"must be ServerOnly or ClientAndServer for protocol {spec.protocol}")


def sessions_need_endpoints(spec: XBackendSpec) -> Problems:
    """Check that session persistence is only for type EndpointSelector (spec)."""
    if spec.session_persistence is not None and spec.type != "EndpointSelector":
        yield Problem(path="sessionPersistence", message=f"must not be set for type {spec.type}")


def selector_keys_formed(selector: EndpointSelector) -> Problems:
    """Check that keys are label keys (spec.endpointSelector.matchLabels)."""
    for key in selector.match_labels:
        if not is_qualified_name(key):
            yield Problem(path="matchLabels", message=f"{shown(key)} is not a label key")


def hostname_outside_cluster(host: ExternalHostname) -> Problems:
    """Check that the hostname is not below .cluster.local (spec.externalHostname.hostname)."""
    if host.hostname.endswith(".cluster.local"):
        yield Problem(path="hostname", message="must not end with .cluster.local; refer to the Service instead")


def port_given(port: XBackendPort) -> Problems:
    """Check that a port has a number (the schema's minProperties of spec.port; v1.6 calls it port)."""
    if port.number is None and port.port is None:
        yield Problem(path="number", message="is required")


def port_name_formed(port: XBackendPort) -> Problems:
    """Check that the name of a v1.6 port is empty or a DNS label (spec.port.name)."""
    if port.name and not is_dns_label(port.name):
        yield Problem(path="name", message=f"{shown(port.name)} is not a DNS label")


def client_certificate_by_mode(tls: XBackendTLS) -> Problems:
    """Check that clientCertificateRef is set exactly for ClientAndServer (spec.tls)."""
    if tls.mode == "ClientAndServer" and tls.client_certificate_ref is None:
        yield Problem(path="clientCertificateRef", message="is required for mode ClientAndServer")
    if tls.mode != "ClientAndServer" and tls.client_certificate_ref is not None:
        yield Problem(path="clientCertificateRef", message=f"must not be set for mode {tls.mode}")


def validation_by_mode(tls: XBackendTLS) -> Problems:
    """Check that validation is set exactly when the mode is not None (spec.tls)."""
    if tls.mode != "None" and tls.validation is None:
        yield Problem(path="validation", message=f"is required for mode {tls.mode}")
    if tls.mode == "None" and tls.validation is not None:
        yield Problem(path="validation", message="must not be set for mode None")


def budget_interval_bounded(budget: BudgetDetails) -> Problems:
    """Check that the interval is one second to one hour (spec.retryConstraint.budget.interval)."""
    if not _SECOND <= milliseconds(budget.interval) <= _HOUR:
        yield Problem(path="interval", message=f"{budget.interval} is out of range; 1s to 1h is allowed")


def rate_interval_bounded(rate: RequestRate) -> Problems:
    """Check that the interval is above zero and at most one hour (spec.retryConstraint.minRetryRate.interval)."""
    if rate.interval is not None and not 0 < milliseconds(rate.interval) <= _HOUR:
        yield Problem(path="interval", message=f"{rate.interval} is out of range; above 0s to 1h is allowed")

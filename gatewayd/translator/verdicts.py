"""Every verdict that the translator makes, by name. No other module writes a condition's type, status and reason.

Types and reasons: https://gateway-api.sigs.k8s.io/reference/spec/ (the *ConditionType and *ConditionReason constants).
Messages: `<field path>: <what is wrong>; <what is allowed>`, without a final period.
"""

from typing import Final

from gatewayd.ir.conditions import (
    ACCEPTED,
    ADDRESSES_ASSIGNED,
    CLOSED_BY_POLICY,
    CONFLICTED,
    INSECURE_FRONTEND,
    LISTENERS_NOT_VALID,
    NO_RESOURCES,
    OVERLAPPING_TLS,
    OVERRIDDEN,
    PARTIALLY_INVALID,
    PROGRAMMED,
    REFUSED_BY_PROXY,
    RESOLVED_REFS,
    SUPPORTED_VERSION,
    WARNING,
)
from gatewayd.ir.outcome import Verdict
from gatewayd.untrusted.printable import printable

# Reasons of references that are judged before it is known which verdict they make (`InvalidBackend`, `Unresolved`).
INVALID: Final = "Invalid"
INVALID_FILTER: Final = "InvalidFilter"
INVALID_KIND: Final = "InvalidKind"
INVALID_LISTENER_FILTER_REF: Final = "InvalidListenerFilterRef"
REF_NOT_PERMITTED: Final = "RefNotPermitted"
BACKEND_NOT_FOUND: Final = "BackendNotFound"
UNSUPPORTED_PROTOCOL: Final = "UnsupportedProtocol"
UNSUPPORTED_VALUE: Final = "UnsupportedValue"


def _verdict(kind: str, reason: str, message: str, *, status: bool) -> Verdict:
    """Return a verdict; what others wrote and it quotes stays one line, whoever prints it."""
    return Verdict(type=kind, status=status, reason=reason, message=printable(message))


def _good(kind: str, message: str = "") -> Verdict:
    return _verdict(kind, kind, message, status=True)


def _bad(kind: str, reason: str, message: str) -> Verdict:
    return _verdict(kind, reason, message, status=False)


# What is said of most objects is one value.
_ACCEPTED = _good(ACCEPTED)
_RESOLVED = _good(RESOLVED_REFS)


def accepted(message: str = "") -> Verdict:
    """Return the verdict that the object itself is valid."""
    return _good(ACCEPTED, message) if message else _ACCEPTED


def not_accepted(reason: str, message: str) -> Verdict:
    """Give the reason why the object has no effect; those that have a name of their own stand below."""
    return _bad(ACCEPTED, reason, message)


def target_not_found(message: str) -> Verdict:
    """Return the verdict that the target of a policy does not exist: https://gateway-api.sigs.k8s.io/geps/gep-713/."""
    return not_accepted("TargetNotFound", message)


def resolved() -> Verdict:
    """Everything that the object refers to is there and may be referred to."""
    return _RESOLVED


def unresolved(reason: str, message: str) -> Verdict:
    """Name the first reference that leads nowhere; further ones stand in the message."""
    return _bad(RESOLVED_REFS, reason, message)


def keys_not_fetched(message: str) -> Verdict:
    """Return the verdict that keys of token issuers could not be had lately."""
    return unresolved("KeysNotFetched", message)


def taken_differently(message: str) -> Verdict:
    """Warn that something of another controller's policy has another effect here."""
    return _verdict(WARNING, "TakenDifferently", message, status=True)


def programmed(message: str) -> Verdict:
    """Return the verdict that a proxy has acknowledged the object."""
    return _good(PROGRAMMED, message)


def not_programmed(reason: str, message: str) -> Verdict:
    """Return the verdict that no proxy has acknowledged the object (yet)."""
    return _bad(PROGRAMMED, reason, message)


def no_conflicts() -> Verdict:
    """Return the verdict that the listener is distinct."""
    return _bad(CONFLICTED, "NoConflicts", "")


def conflicted(reason: str, message: str) -> Verdict:
    """Return the verdict that the listener cannot be told from another one."""
    return _verdict(CONFLICTED, reason, message, status=True)


def overlapping_tls(message: str) -> Verdict:
    """Clients may reuse a connection of this listener for a host of another one (it answers 421)."""
    return _verdict(OVERLAPPING_TLS, "OverlappingHostnames", message, status=True)


def insecure_frontend() -> Verdict:
    """Warn that clients without a good certificate are let in.

    https://gateway-api.sigs.k8s.io/geps/gep-91/
    """
    message = "spec.tls.frontend: AllowInsecureFallback lets clients in whose certificate is not valid"
    return _verdict(INSECURE_FRONTEND, "ConfigurationChanged", message, status=True)


def with_notes(verdict: Verdict, notes: tuple[str, ...]) -> Verdict:
    """Add to a good verdict what is to be known beside it."""
    if not notes or not verdict.status:
        return verdict
    message = "; ".join(each for each in (verdict.message, *notes) if each)
    return Verdict(type=verdict.type, status=True, reason=verdict.reason, message=message)


# --- any kind of object ------------------------------------------------------------------------------------------


def invalid(message: str) -> Verdict:
    """Return the verdict that the object cannot be used as it is written, or that gatewayd fails on it."""
    return not_accepted(INVALID, message)


def invalid_parameters(message: str) -> Verdict:
    """Return the verdict that what the object names as its parameters cannot be used."""
    return not_accepted("InvalidParameters", message)


def unsupported_class(message: str) -> Verdict:
    """Return the verdict that a GatewayClass is left out: https://gateway-api.sigs.k8s.io/reference/spec/#gatewayclassconditionreason."""
    return not_accepted("Unsupported", message)


def cannot_be_programmed(message: str = "see Accepted") -> Verdict:
    """Return the verdict that no proxy will have the object as it is."""
    return not_programmed(INVALID, message)


def pending(message: str) -> Verdict:
    """Return the verdict that a proxy will have the object when something else has happened."""
    return not_programmed("Pending", message)


# --- references --------------------------------------------------------------------------------------------------


def invalid_kind(message: str) -> Verdict:
    """Return the verdict that a reference is to a kind that is not supported there."""
    return unresolved(INVALID_KIND, message)


def ref_not_permitted(message: str) -> Verdict:
    """Return the verdict that no ReferenceGrant allows a reference into another namespace."""
    return unresolved(REF_NOT_PERMITTED, message)


def invalid_certificate_ref(message: str) -> Verdict:
    """Return the verdict that a certificate of a listener is missing or cannot be used."""
    return unresolved("InvalidCertificateRef", message)


def invalid_client_certificate_ref(message: str) -> Verdict:
    """Return the verdict that a certificate for backends is missing or cannot be used."""
    return unresolved("InvalidClientCertificateRef", message)


def invalid_ca_certificate_ref(message: str) -> Verdict:
    """Return the verdict that certificates of authorities are missing or cannot be used."""
    return unresolved("InvalidCACertificateRef", message)


def invalid_ca_certificate_kind(message: str) -> Verdict:
    """Return the verdict that certificates of authorities are sought in a kind that is not supported."""
    return unresolved("InvalidCACertificateKind", message)


def no_valid_ca_certificate(message: str) -> Verdict:
    """Return the verdict that no certificate of an authority is left to check others by."""
    return not_accepted("NoValidCACertificate", message)


# --- classes ---------------------------------------------------------------------------------------------------


def supported_version() -> Verdict:
    """Return the verdict that the CRDs are of a version that is understood."""
    return _good(SUPPORTED_VERSION, "the installed CRDs are understood")


# --- Gateways --------------------------------------------------------------------------------------------------


def some_listeners_not_valid(names: str) -> Verdict:
    """Return the verdict that the Gateway works but for some listeners."""
    return _verdict(ACCEPTED, LISTENERS_NOT_VALID, f"listeners not valid: {names}", status=True)


def no_listener_valid(names: str) -> Verdict:
    """Return the verdict that no listener of the Gateway works."""
    return not_accepted(LISTENERS_NOT_VALID, f"spec.listeners: none is valid: {names}")


def no_resources(message: str) -> Verdict:
    """Return the verdict that what must run for the Gateway was refused."""
    return not_programmed(NO_RESOURCES, message)


def unsupported_address(message: str) -> Verdict:
    """Return the verdict that an address is of a type that is not supported."""
    return not_accepted("UnsupportedAddress", message)


def address_not_assigned(message: str) -> Verdict:
    """Return the verdict that the Gateway has no address yet."""
    return not_programmed("AddressNotAssigned", message)


def address_not_usable(message: str) -> Verdict:
    """Return the verdict that the Gateway does not have an address that it requests."""
    return not_programmed("AddressNotUsable", message)


def addresses_assigned() -> Verdict:
    """Return the verdict that every requested address is assigned."""
    return _good(ADDRESSES_ASSIGNED)


def addresses_not_assigned(message: str) -> Verdict:
    """Return the verdict that none of the requested addresses is assigned."""
    return _bad(ADDRESSES_ASSIGNED, "NotAssigned", message)


def addresses_partially_assigned(message: str) -> Verdict:
    """Name those of the addresses that were asked for that are not there."""
    return _bad(ADDRESSES_ASSIGNED, "PartiallyAssigned", message)


# --- listeners ---------------------------------------------------------------------------------------------------


def listeners_not_allowed(message: str) -> Verdict:
    """Return the verdict that the Gateway does not let this ListenerSet add listeners."""
    return not_accepted("NotAllowed", message)


def allowed_by_no_gateway(message: str) -> Verdict:
    """Return the verdict that no proxy has a ListenerSet, since its Gateway does not let it add listeners."""
    return not_programmed("NotAllowed", message)


def unsupported_protocol(message: str) -> Verdict:
    """Return the verdict that a listener is for a protocol that is not supported."""
    return not_accepted(UNSUPPORTED_PROTOCOL, message)


def port_unavailable(message: str) -> Verdict:
    """Return the verdict that proxies use the listener's port themselves."""
    return not_accepted("PortUnavailable", message)


def invalid_route_kinds(message: str) -> Verdict:
    """Return the verdict that a listener allows routes of kinds that it cannot have."""
    return unresolved("InvalidRouteKinds", message)


def invalid_listener_filter(message: str) -> Verdict:
    """Return the verdict that a listener has a filter that it cannot have."""
    return not_accepted("InvalidListenerFilter", message)


def invalid_listener_filter_ref(message: str) -> Verdict:
    """Return the verdict that a filter of a listener refers to an object that does not exist."""
    return unresolved(INVALID_LISTENER_FILTER_REF, message)


def protocol_conflict(message: str) -> Verdict:
    """Return the verdict that another listener has the port with a protocol that cannot share it."""
    return conflicted("ProtocolConflict", message)


def hostname_conflict(message: str) -> Verdict:
    """Return the verdict that another listener has the port with the same hostname."""
    return conflicted("HostnameConflict", message)


# --- routes ----------------------------------------------------------------------------------------------------


def no_matching_parent(message: str) -> Verdict:
    """Return the verdict that sectionName or port name no listener of the parent."""
    return not_accepted("NoMatchingParent", message)


def not_allowed(message: str) -> Verdict:
    """Return the verdict that the listeners do not let this kind, or this namespace, attach."""
    return not_accepted("NotAllowedByListeners", message)


def no_matching_hostname(message: str) -> Verdict:
    """Return the verdict that no listener shares a hostname with the route."""
    return not_accepted("NoMatchingListenerHostname", message)


def other_kind(message: str) -> Verdict:
    """Return the verdict that routes of a kind that goes first have all that a route asks for.

    https://gateway-api.sigs.k8s.io/geps/gep-1294/#route-types-and-precedence
    """
    return not_accepted(CONFLICTED, message)


def unsupported_value(message: str) -> Verdict:
    """Return the verdict that a field asks for what we cannot do."""
    return not_accepted(UNSUPPORTED_VALUE, message)


def rule_dropped(message: str) -> Verdict:
    """Return the verdict that a rule has no effect while the route's other rules have.

    https://gateway-api.sigs.k8s.io/reference/spec/#routeconditiontype (PartiallyInvalid)
    """
    return _verdict(PARTIALLY_INVALID, UNSUPPORTED_VALUE, f"Dropped Rule: {message}", status=True)


def path_taken(message: str) -> Verdict:
    """Return the verdict that an older Ingress has paths of this one, while its other paths have an effect."""
    return _verdict(PARTIALLY_INVALID, CONFLICTED, f"Dropped Rule: {message}", status=True)


def rules_fell_back(message: str) -> Verdict:
    """Return the verdict that a route keeps the rules that it had, since the ones that it has now are not valid."""
    return _verdict(PARTIALLY_INVALID, INVALID, f"Fall Back: {message}", status=True)


def over_quota(message: str) -> Verdict:
    """Return the verdict that the route takes up more of the Gateway's proxies than it may."""
    return not_accepted("QuotaExceeded", message)


def closed_by_policy(message: str) -> Verdict:
    """Return the verdict that rules of the route are closed, since a policy for them cannot be honoured.

    The Gateway API has PartiallyInvalid for rules that the route itself has wrong, and lets it begin in two ways alone.
    """
    return _verdict(CLOSED_BY_POLICY, "ClosedByPolicy", message, status=True)


def refused_by_proxy(message: str) -> Verdict:
    """Return the verdict that proxies refuse what is made of the route: said as long as they do, and else not at all.

    The Gateway API has no condition for it: its Programmed is that of Gateways and listeners.
    """
    return _verdict(REFUSED_BY_PROXY, "RefusedByProxy", message, status=True)


# --- policies ----------------------------------------------------------------------------------------------------


def target_taken(message: str) -> Verdict:
    """Return the verdict that another policy of the kind has the target: https://gateway-api.sigs.k8s.io/geps/gep-713/."""
    return not_accepted("Conflicted", message)


def overridden(message: str) -> Verdict:
    """Return the verdict that sections of the policy are not in force everywhere, since others have them."""
    return _verdict(OVERRIDDEN, "Overridden", message, status=True)

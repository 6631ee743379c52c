"""CODES: the code of every message of `gatewayd check`, with what it means and what to do.

A code never changes its meaning. Each has a page in docs/messages, which `python docs/messages.py` writes from this
table. The codes of conditions are their reasons in the Gateway API, or gatewayd's own where it has none:
https://gateway-api.sigs.k8s.io/reference/spec/ (the *ConditionReason constants).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """What a code says: `summary` in a few words, what it `means` for traffic, and how to `mend` it."""

    summary: str
    means: str
    mend: str


CODES: Final[Mapping[str, Code]] = MappingProxyType({
    # --- files ---------------------------------------------------------------------------------------------------
    "InvalidSyntax": Code(
        summary="a file is not valid YAML or JSON",
        means="Nothing of the document is read; `gatewayd up` serves its last good version.",
        mend="Mend the line that is named. YAML indents with spaces, never with tabs.",
    ),
    "FileNotReadable": Code(
        summary="a file cannot be read",
        means="What stands in it is not known; `gatewayd up` serves its last good version.",
        mend="Give the user who runs gatewayd the right to read it, or exclude it.",
    ),
    "NothingToRead": Code(
        summary="a folder or a file holds no object",
        means="Nothing of it is served, which is mostly a wrong path.",
        mend="Name the folder that holds the manifests; they end in .yaml, .yml or .json.",
    ),
    "InvalidDocument": Code(
        summary="a document does not say which object it is",
        means="It is not read, as the API server would refuse it.",
        mend="Give it apiVersion, kind and metadata.name.",
    ),
    "InvalidField": Code(
        summary="a field has a value that the API server refuses",
        means="The object is not served as it is written; `gatewayd up` serves its last good version.",
        mend="The message says which values are allowed.",
    ),
    "UnknownField": Code(
        summary="a field is in no known version of the kind",
        means="`kubectl apply` refuses it. Were it passed over, a rule or a restriction would be missing in silence.",
        mend="Write the field that the message names. Where it is of newer CRDs than gatewayd knows, --newer-crds lets "
        "it pass as a warning.",
    ),
    "UnknownKind": Code(
        summary="a kind is not in its group",
        means="`kubectl apply` finds no match for it; nothing of it is served.",
        mend="Write the kind or the apiVersion that the message names.",
    ),
    "OldVersion": Code(
        summary="an alpha version of a kind that has a stable one",
        means="It is served. A later release of the Gateway API takes the alpha version away.",
        mend="Write the apiVersion that the message names.",
    ),
    "DefinedTwice": Code(
        summary="an object stands in two places",
        means="The first file in the order of names is served, the other one is not.",
        mend="Remove one of the two.",
    ),
    "NotRead": Code(
        summary="an object is of a kind that gatewayd does not read",
        means="Nothing follows from it.",
        mend="Nothing is to be done.",
    ),
    "PolicyNotRead": Code(
        summary="a policy of another controller is for something that is served without it",
        means="What the policy asks for does not happen: a route that it protects is open.",
        mend="Say the same in an AccessPolicy, RoutePolicy or BackendTLSPolicy (docs/policies.md), or take it away. "
        "Policies of Envoy Gateway are read with --envoy-gateway-kinds.",
    ),
    "OtherAPI": Code(
        summary="an object of another API that gatewayd does not serve",
        means="The hosts and paths of a VirtualService, an HTTPProxy, or an Ingress of an old API are not served.",
        mend="Convert it; the message has the command, and convert.md says what becomes of each field.",
    ),
    # --- what is accepted and does not serve ---------------------------------------------------------------------
    "NeverReached": Code(
        summary="a match never gets a request",
        means="Another rule takes all of its requests: its path, headers or route go first, or are the same.",
        mend="Remove one of the two, or make the match more specific. `gatewayd explain` shows who takes a request.",
    ),
    "NoWeight": Code(
        summary="all backends of a rule have the weight 0",
        means="Requests get a 500.",
        mend="Give one of them a weight, or remove the rule.",
    ),
    "NoEndpoints": Code(
        summary="a Service that gets traffic has no ready endpoint",
        means="Requests get a 503.",
        mend="Add an EndpointSlice with the label kubernetes.io/service-name and the names of the Service's ports. "
        "In a cluster Kubernetes makes it.",
    ),
    "EndpointLeftOut": Code(
        summary="an endpoint of an EndpointSlice is left out",
        means="It gets no traffic; the others do.",
        mend="The message says what is allowed.",
    ),
    "SliceOfNoService": Code(
        summary="an EndpointSlice is for no Service that there is",
        means="Nobody uses its endpoints.",
        mend="Mend the label kubernetes.io/service-name.",
    ),
    "PortOfAnotherGateway": Code(
        summary="two Gateways have a port in common",
        means="On one machine only the first is served there. In a cluster each has an address of its own.",
        mend="Give one of them another port, or nothing if the files are for a cluster.",
    ),
    "SecretType": Code(
        summary="a certificate stands in a Secret of another type than kubernetes.io/tls",
        means="A folder serves it; in a cluster it is not read.",
        mend="Write `type: kubernetes.io/tls`.",
    ),
    "ParentNotFound": Code(
        summary="a parentRef leads to no Gateway",
        means="The route is not served there.",
        mend="Name a Gateway that there is; one in another namespace needs `namespace`.",
    ),
    "ParentNotServed": Code(
        summary="a parentRef leads to an object that gatewayd does not serve",
        means="The route is not served there.",
        mend="Mend the Gateway, give it the class gatewayd, or name another one.",
    ),
    "ClassNotServed": Code(
        summary="a Gateway, or an Ingress, is of a class that is not gatewayd's",
        means="Another controller may serve it; gatewayd does not.",
        mend="Write `gatewayClassName: gatewayd`, or a GatewayClass with gatewayd's controllerName; for an Ingress an "
        "IngressClass with gatewayd's controller (docs/ingress.md).",
    ),
    "CertificateWarning": Code(
        summary="a certificate is served and clients will refuse it",
        means="It has ended, ends soon, is not valid yet, or is for other names than the listener's hostname.",
        mend="Put another certificate into the Secret.",
    ),
    "Rejected": Code(
        summary="Envoy refused a resource",
        means="Envoy keeps what it had; what is new of the object is not served.",
        mend="The message has Envoy's words. What gatewayd takes and Envoy does not is a fault of gatewayd: report it.",
    ),
    # --- conditions ------------------------------------------------------------------------------------------------
    "Invalid": Code(
        summary="an object cannot be used as it is written",
        means="It has no effect, or only a part of it has.",
        mend="The message names the field and what is allowed.",
    ),
    "InvalidParameters": Code(
        summary="the parameters of a Gateway or a class cannot be used",
        means="The Gateway is not served.",
        mend="Mend the ConfigMap that parametersRef names; docs/operations.md has its keys.",
    ),
    "InvalidKind": Code(
        summary="a reference is to a kind that is not supported there",
        means="Requests for it get a 500.",
        mend="Refer to one of the kinds that the message names.",
    ),
    "RefNotPermitted": Code(
        summary="a reference into another namespace is not allowed there",
        means="Requests for it get a 500, or the listener is not served.",
        mend="Write a ReferenceGrant in the namespace of what is referred to.",
    ),
    "KeysNotFetched": Code(
        summary="the keys that tokens are checked by could not be fetched lately",
        means="The last good keys stay; without any, requests with tokens of that provider get a 401.",
        mend="The message says what is wrong; gatewayd asks again by itself.",
    ),
    "BackendNotFound": Code(
        summary="a backendRef leads to no Service or XBackend, or to none of its ports",
        means="Its share of the requests gets a 500.",
        mend="Mend name, namespace or port; the message has what there is.",
    ),
    "UnsupportedProtocol": Code(
        summary="a protocol is not supported",
        means="The listener, or the backend, is not served.",
        mend="Use one of the protocols that the message names.",
    ),
    "UnsupportedValue": Code(
        summary="a field asks for what gatewayd cannot do",
        means="The rule, or the object, is not served as it is written.",
        mend="docs/features.md has what is supported.",
    ),
    "InvalidCertificateRef": Code(
        summary="a certificate of a listener is missing or cannot be used",
        means="The listener is not served.",
        mend="The message says what is wrong with the Secret.",
    ),
    "InvalidClientCertificateRef": Code(
        summary="a certificate for backends is missing or cannot be used",
        means="Backends that ask for it refuse the connection.",
        mend="The message says what is wrong with the Secret.",
    ),
    "InvalidCACertificateRef": Code(
        summary="certificates of authorities are missing or cannot be used",
        means="Nobody can be checked by them; connections are refused.",
        mend="The message says what is wrong with the ConfigMap or Secret.",
    ),
    "InvalidCACertificateKind": Code(
        summary="certificates of authorities are sought in a kind that is not supported",
        means="Nobody can be checked by them; connections are refused.",
        mend="Put them into a ConfigMap.",
    ),
    "NoValidCACertificate": Code(
        summary="no certificate of an authority is left to check others by",
        means="Connections are refused.",
        mend="Name at least one that can be used.",
    ),
    "ListenersNotValid": Code(
        summary="no listener of a Gateway is valid",
        means="Nothing of the Gateway is served.",
        mend="Each listener says what is wrong with it.",
    ),
    "NotAllowed": Code(
        summary="a Gateway does not let a ListenerSet add listeners",
        means="They are not served.",
        mend="Set spec.allowedListeners of the Gateway.",
    ),
    "PortUnavailable": Code(
        summary="proxies use the port themselves",
        means="The listener is not served.",
        mend="Use another port.",
    ),
    "InvalidRouteKinds": Code(
        summary="a listener allows routes of kinds that it cannot have",
        means="Only those that it can have are served.",
        mend="Mend allowedRoutes.kinds.",
    ),
    "InvalidListenerFilter": Code(
        summary="a listener has a filter that it cannot have",
        means="Requests to the listener get a 500.",
        mend="The message says which filters are allowed.",
    ),
    "InvalidFilter": Code(
        summary="a rule names a RouteFilter that does not exist, or an HTTPRouteFilter that cannot be had",
        means="Requests for the rule get a 500: a filter that is named may not be skipped.",
        mend="Add the RouteFilter, in the namespace of the route, or mend the name in extensionRef.",
    ),
    "InvalidListenerFilterRef": Code(
        summary="a filter of a listener refers to what does not exist",
        means="Requests to the listener get a 500.",
        mend="Mend the reference.",
    ),
    "ProtocolConflict": Code(
        summary="two listeners have a port with protocols that cannot share it",
        means="Neither is served.",
        mend="Give one of them another port.",
    ),
    "HostnameConflict": Code(
        summary="two listeners have the same port and hostname",
        means="The later one is not served.",
        mend="Give one of them another hostname or port.",
    ),
    "OverlappingHostnames": Code(
        summary="clients may reuse a connection of a listener for a host of another one",
        means="Such requests get a 421, and clients connect anew.",
        mend="Give the listeners certificates whose names do not overlap.",
    ),
    "NoMatchingParent": Code(
        summary="sectionName or port of a parentRef names no listener",
        means="The route is not served there.",
        mend="Name one of the listeners that the message names.",
    ),
    "NotAllowedByListeners": Code(
        summary="the listeners do not take this route",
        means="The route is not served there.",
        mend="Mend allowedRoutes of the listener, or the label of the route's namespace.",
    ),
    "NoMatchingListenerHostname": Code(
        summary="no listener shares a hostname with the route",
        means="The route is not served there.",
        mend="Mend spec.hostnames of the route, or hostname of the listener.",
    ),
    "QuotaExceeded": Code(
        summary="a namespace takes up more of a Gateway than it may",
        means="The route is not served; those before it are.",
        mend="Use fewer rules, or have the quota raised (docs/operations.md).",
    ),
    "Unsupported": Code(
        summary="a GatewayClass is not among those that this gatewayd serves",
        means="Nothing is made for its Gateways; what runs for them stays as it is.",
        mend="Add it to --gateway-classes, or give it the controllerName of the installation that is to serve it.",
    ),
    "UnsupportedAddress": Code(
        summary="a Gateway asks for an address of a type that is not supported",
        means="The Gateway is not served.",
        mend="Use an address of the type IPAddress or Hostname.",
    ),
    "NotAssigned": Code(
        summary="no address that a Gateway asks for is assigned",
        means="It is not reached under them.",
        mend="Ask for addresses that the Service can have.",
    ),
    "PartiallyAssigned": Code(
        summary="some addresses that a Gateway asks for are not assigned",
        means="It is not reached under those.",
        mend="Ask for addresses that the Service can have.",
    ),
    "TargetNotFound": Code(
        summary="the target of a policy does not exist",
        means="The policy has no effect there.",
        mend="Mend targetRefs; the message has what was meant.",
    ),
    "TakenDifferently": Code(
        summary="a field of a policy of Envoy Gateway has another effect here",
        means="The policy is in force, and what it says there happens in the way that the message says.",
        mend="Nothing is to be done where that is good enough; docs/envoy-gateway-kinds.md has all differences.",
    ),
    "ClosedByPolicy": Code(
        summary="a policy that is in force for rules of a route cannot be honoured, and closes them",
        means="Requests for these rules get a 500, and connections of a TCPRoute or TLSRoute are closed: nobody comes "
        "in whom the policy may keep out.",
        mend="Mend the policy that is named; its own status says what is wrong. Where two policies do not go together, "
        "`gatewayd why` shows both.",
    ),
    "Overridden": Code(
        summary="sections of a policy are another policy's, everywhere or somewhere",
        means="What the other policy says counts there: an override from above, or for a default what is nearer.",
        mend="Nothing is to be done where that is meant. The message names the sections and whose they are.",
    ),
    "Conflicted": Code(
        summary="another policy of the kind has the target, or another Ingress the path of a host",
        means="The older one counts.",
        mend="Join the two, or remove one.",
    ),
})  # fmt: skip
"""By code."""

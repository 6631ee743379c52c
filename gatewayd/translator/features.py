"""FEATURES: what of the Gateway API works, by the names that the conformance suite gives it.

One table, read by GatewayClass.status.supportedFeatures, docs/features.md and the conformance run.
https://gateway-api.sigs.k8s.io/reference/spec/#supportedfeature
"""

from typing import NamedTuple

CONFORMANCE = "conformance/run_suite.py"
"""What shows a feature that only a cluster can: the reports of the conformance suite name it."""


class Feature(NamedTuple):
    """A feature and what shows it, a path in the repository: its feature test, a scenario, or CONFORMANCE."""

    name: str
    test: str


FEATURES: tuple[Feature, ...] = (
    Feature("Gateway", "tests/feature/test_first_light.py"),
    Feature("GatewayPort8080", "tests/feature/test_redirects.py"),
    Feature("GatewayHTTPListenerIsolation", "tests/feature/test_hostnames.py"),
    Feature("GatewayHTTPSListenerDetectMisdirectedRequests", "tests/feature/test_tls.py"),
    Feature("GatewayBackendClientCertificate", "tests/feature/test_backend_tls_scope.py"),
    Feature("GatewayFrontendClientCertificateValidation", "tests/feature/test_tls_clients.py"),
    Feature("GatewayFrontendClientCertificateValidationInsecureFallback", "tests/feature/test_tls_clients.py"),
    Feature("GatewayStaticAddresses", CONFORMANCE),
    Feature("GatewayAddressEmpty", CONFORMANCE),
    # The suite has no test of these two.
    Feature("GatewayAddressRoutability", "conformance/scenarios/cases/routability.py"),
    Feature("GatewayAddressRoutabilityCluster", "conformance/scenarios/cases/routability.py"),
    Feature("GatewayInfrastructure", CONFORMANCE),
    Feature("GatewayListenerFilters", "tests/feature/test_listener_filters.py"),
    Feature("ListenerSet", "tests/feature/test_listenersets.py"),
    Feature("ReferenceGrant", "tests/feature/test_namespaces.py"),
    Feature("GatewayRouteHostnameIntersectionPrecedence", "tests/feature/test_v17.py"),
    Feature("HTTPRoute", "tests/feature/test_first_light.py"),
    Feature("HTTPRouteDestinationPortMatching", "tests/feature/test_attachment.py"),
    Feature("HTTPRouteParentRefPort", "tests/feature/test_attachment.py"),
    Feature("HTTPRouteBackendRequestHeaderModification", "tests/feature/test_headers.py"),
    Feature("HTTPRouteQueryParamMatching", "tests/feature/test_matching.py"),
    Feature("HTTPRouteMethodMatching", "tests/feature/test_matching.py"),
    Feature("HTTPRouteResponseHeaderModification", "tests/feature/test_headers.py"),
    Feature("HTTPRoutePortRedirect", "tests/feature/test_redirects.py"),
    Feature("HTTPRouteSchemeRedirect", "tests/feature/test_redirects.py"),
    Feature("HTTPRoutePathRedirect", "tests/feature/test_redirects.py"),
    Feature("HTTPRouteHostRewrite", "tests/feature/test_rewrites.py"),
    Feature("HTTPRoutePathRewrite", "tests/feature/test_rewrites.py"),
    Feature("HTTPRouteBackendURLRewrite", "tests/feature/test_rewrites.py"),
    Feature("HTTPRouteRequestMirror", "tests/feature/test_mirrors.py"),
    Feature("HTTPRouteRequestMultipleMirrors", "tests/feature/test_mirrors.py"),
    Feature("HTTPRouteRequestPercentageMirror", "tests/feature/test_mirrors.py"),
    Feature("HTTPRouteRequestTimeout", "tests/feature/test_timeouts.py"),
    Feature("HTTPRouteBackendTimeout", "tests/feature/test_timeouts.py"),
    Feature("HTTPRouteRetryCodes", "tests/feature/test_retries.py"),
    Feature("HTTPRouteRetryConnectionError", "tests/feature/test_retries.py"),
    Feature("HTTPRouteBackendProtocolH2C", "tests/feature/test_protocols.py"),
    Feature("HTTPRouteBackendProtocolWebSocket", "tests/feature/test_protocols.py"),
    Feature("HTTPRouteNamedRouteRule", "tests/feature/test_first_light.py"),
    Feature("HTTPRouteCORS", "tests/feature/test_cors.py"),
    Feature("HTTPRoute303RedirectStatusCode", "tests/feature/test_redirects.py"),
    Feature("HTTPRoute307RedirectStatusCode", "tests/feature/test_redirects.py"),
    Feature("HTTPRoute308RedirectStatusCode", "tests/feature/test_redirects.py"),
    Feature("GRPCRoute", "tests/feature/test_grpc.py"),
    Feature("GRPCRouteNamedRouteRule", "tests/feature/test_grpc.py"),
    Feature("GRPCRouteRequestHeaderModifier", "tests/feature/test_grpc.py"),
    Feature("TLSRoute", "tests/feature/test_l4.py"),
    Feature("TLSRouteModeTerminate", "tests/feature/test_l4.py"),
    Feature("TLSRouteModeMixed", "tests/feature/test_l4.py"),
    Feature("TCPRoute", "tests/feature/test_l4.py"),
    Feature("UDPRoute", "tests/feature/test_l4.py"),
    Feature("BackendTLSPolicy", "tests/feature/test_backend_tls.py"),
    Feature("BackendTLSPolicySANValidation", "tests/feature/test_backend_tls.py"),
    Feature("ClusterTrustBundle", "tests/feature/test_cluster_trust_bundle.py"),
)

MESH_TEST = "tests/feature/test_mesh.py"
OF_MESH: tuple[Feature, ...] = (
    Feature("GRPCRoute", MESH_TEST),
    Feature("HTTPRoute", MESH_TEST),
    Feature("Mesh", MESH_TEST),
    Feature("MeshClusterIPMatching", MESH_TEST),
    Feature("MeshConsumerRoute", MESH_TEST),
    Feature("MeshHTTPRouteBackendRequestHeaderModification", MESH_TEST),
    Feature("MeshHTTPRouteNamedRouteRule", MESH_TEST),
    Feature("MeshHTTPRouteQueryParamMatching", MESH_TEST),
    Feature("MeshHTTPRouteRedirectPath", MESH_TEST),
    Feature("MeshHTTPRouteRedirectPort", MESH_TEST),
    Feature("MeshHTTPRouteRewritePath", MESH_TEST),
    Feature("MeshHTTPRouteSchemeRedirect", MESH_TEST),
)
"""Those of XMesh.status.supportedFeatures, where they belong: a GatewayClass must not have them."""

SUPPORTED_FEATURES: tuple[str, ...] = tuple(sorted(feature.name for feature in FEATURES))
MESH_FEATURES: tuple[str, ...] = tuple(sorted(feature.name for feature in OF_MESH))

"""Every CEL rule of the CRDs of Gateway API v1.7.0 and v1.6.3, and which of our rules stands for it.

Keys are made by `crd_facts.fingerprint`. A test prints a key that is missing here, and `make upstream` its rule.
"""

from collections.abc import Mapping
from enum import Enum
from typing import Final

from gatewayd.api.rules import filters, gateway, listeners, policies, refs, routes, telemetry
from gatewayd.api.rules.lists import elements_unique
from gatewayd.api.rules.table import Rule


class Elsewhere(Enum):
    """Why a CEL rule has no rule of ours."""

    TRANSITION = "compares with the object before the change, which a file does not have"
    STATUS = "is about status that we write"
    SCHEMA = "says what the enum of the field says already"
    KIND = "belongs to a kind that is in UNSUPPORTED"


TRANSITION = Elsewhere.TRANSITION
STATUS = Elsewhere.STATUS
SCHEMA = Elsewhere.SCHEMA

CEL_RULES: Final[Mapping[str, Rule | Elsewhere]] = {
    "feda604f3d26": refs.targets_told_apart,  # BackendTLSPolicy spec.targetRefs
    "5c177506cd3a": refs.targets_unique,  # BackendTLSPolicy spec.targetRefs
    "598a7c018236": policies.one_source_of_trust,  # BackendTLSPolicy spec.validation
    "408323cc20cf": policies.san_of_type_given,  # BackendTLSPolicy spec.validation.subjectAltNames[]
    "3fb4228d95fd": policies.other_san_absent,  # BackendTLSPolicy spec.validation.subjectAltNames[]
    "a06761820a63": policies.san_of_type_given,  # BackendTLSPolicy spec.validation.subjectAltNames[]
    "3d4adb5262fe": policies.other_san_absent,  # BackendTLSPolicy spec.validation.subjectAltNames[]
    "9e1c71c16b8c": TRANSITION,  # GatewayClass spec.controllerName
    "fa9623315cce": gateway.ip_addresses_unique,  # Gateway spec.addresses
    "553c83b74ce4": gateway.hostname_addresses_unique,  # Gateway spec.addresses
    "6ecdc9237bc5": gateway.hostname_address_is_one,  # Gateway spec.addresses[]
    "631cc5f44ef0": gateway.routability_known,  # Gateway spec.addresses[].routability
    "ab831ce1a8c3": gateway.annotation_keys_formed,  # Gateway spec.infrastructure.annotations
    "c950aee90746": gateway.annotation_prefixes_short,  # Gateway spec.infrastructure.annotations
    "2347a59f26a3": gateway.label_keys_formed,  # Gateway spec.infrastructure.labels
    "23c1ad7d34b1": gateway.label_prefixes_short,  # Gateway spec.infrastructure.labels
    "11c95b2c85a5": listeners.tls_only_where_spoken,  # Gateway spec.listeners
    "89d2b373c190": listeners.https_terminates,  # Gateway spec.listeners
    "137f77258743": listeners.tls_mode_given,  # Gateway spec.listeners
    "4a6d88015add": listeners.hostname_only_where_known,  # Gateway spec.listeners
    "126b5bbc4764": elements_unique,  # Gateway spec.listeners
    "c6ffa2e477a3": listeners.sockets_unique,  # Gateway spec.listeners
    "f38e5c78e5be": listeners.filters_only_for_http,  # Gateway spec.listeners[]
    "52685334255b": filters.other_members_absent,  # Gateway spec.listener filter
    "76330da38349": filters.member_of_type_given,  # Gateway spec.listener filter
    "7b6f3a06be9c": filters.other_members_absent,  # Gateway spec.listener filter
    "eee8e8452912": filters.member_of_type_given,  # Gateway spec.listener filter
    "53e5cd653c17": filters.protocol_config_given,  # Gateway spec.listener filter.externalAuth
    "beaea7e70a77": filters.other_protocol_config_absent,  # Gateway spec.listener filter.externalAuth
    "15c5bf4a064a": filters.protocol_config_given,  # Gateway spec.listener filter.externalAuth
    "42f6fd8ee259": filters.other_protocol_config_absent,  # Gateway spec.listener filter.externalAuth
    "8d562677e496": refs.service_port_given,  # Gateway spec.listener filter.externalAuth.backendRef
    "851fa998b4ed": refs.xbackend_port_absent,  # Gateway spec.listener filter.externalAuth.backendRef
    "ba8a2598aae3": listeners.terminating_has_certificate,  # Gateway spec.listeners[].tls
    "b3857b6720fc": gateway.trust_bundle_without_namespace,  # Gateway spec.tls.frontend.default.validation
    "47221da6efef": elements_unique,  # Gateway spec.tls.frontend.perPort
    "460ce1b85e2a": STATUS,  # Gateway status.addresses[]
    "233a38e35405": refs.parents_told_apart,  # GRPCRoute spec.parentRefs
    "100ebfe3339d": refs.parents_unique,  # GRPCRoute spec.parentRefs
    "4d0c95ca2943": routes.matches_in_total,  # GRPCRoute spec.rules
    "8e55ed903b9b": refs.rule_names_unique,  # GRPCRoute spec.rules
    "35776fc125f6": filters.filters_not_repeated,  # GRPCRoute spec.rules[].backendRefs[].filters
    "fcb3ca9e4813": filters.filters_not_repeated,  # GRPCRoute spec.rules[].backendRefs[].filters
    "5e949d31c747": filters.other_members_absent,  # GRPCRoute spec.backendRef filters[]
    "8a5b9d903de2": filters.member_of_type_given,  # GRPCRoute spec.backendRef filters[]
    "2e66664611d6": filters.other_members_absent,  # GRPCRoute spec.backendRef filters[]
    "c6a7bbd9de2e": filters.member_of_type_given,  # GRPCRoute spec.backendRef filters[]
    "bf13a33bc358": filters.other_members_absent,  # GRPCRoute spec.backendRef filters[]
    "88c5238000e3": filters.member_of_type_given,  # GRPCRoute spec.backendRef filters[]
    "d1524e36876f": filters.percent_or_fraction,  # GRPCRoute spec.backendRef filters[].requestMirror
    "ee9dff3daaef": filters.fraction_at_most_one,  # GRPCRoute spec.backendRef filters[].requestMirror.fraction
    "c480eeff7b28": routes.grpc_match_not_empty,  # GRPCRoute spec.rules[].matches[].method
    "f5af72c10cc0": routes.grpc_service_formed,  # GRPCRoute spec.rules[].matches[].method
    "9fa5705b0dfc": routes.grpc_method_formed,  # GRPCRoute spec.rules[].matches[].method
    "c855ed842fc7": policies.permanent_cookie_ends,  # GRPCRoute spec.rules[].sessionPersistence
    "1d4b553245ee": policies.other_session_carrier_absent,  # GRPCRoute spec.rules[].sessionPersistence
    "c73065d8a4be": policies.session_carrier_given,  # GRPCRoute spec.rules[].sessionPersistence
    "91e71dcc6554": policies.other_session_carrier_absent,  # GRPCRoute spec.rules[].sessionPersistence
    "6a664d1aa80d": policies.session_carrier_given,  # GRPCRoute spec.rules[].sessionPersistence
    "84279c6a15df": routes.matches_in_total,  # HTTPRoute spec.rules
    "aa9aab0663dc": routes.redirect_without_backends,  # HTTPRoute spec.rules[]
    "1d98ba3b16d4": routes.prefix_to_replace,  # HTTPRoute spec.rules[]
    "684e1ba48ed4": routes.prefix_to_replace,  # HTTPRoute spec.rules[]
    "29f8b28a6b38": routes.prefix_to_replace,  # HTTPRoute spec.rules[]
    "04b25889d1e5": routes.prefix_to_replace,  # HTTPRoute spec.rules[]
    "a227ff78ade5": filters.redirect_or_rewrite,  # HTTPRoute spec.rules[].backendRefs[].filters
    "f3e262611a8b": filters.filters_not_repeated,  # HTTPRoute spec.rules[].backendRefs[].filters
    "a84e2f5a71e5": filters.filters_not_repeated,  # HTTPRoute spec.rules[].backendRefs[].filters
    "4ed0fa27b932": filters.filters_not_repeated,  # HTTPRoute spec.rules[].backendRefs[].filters
    "6e14547bc8a2": filters.other_members_absent,  # HTTPRoute spec.backendRef filters[]
    "9931936299d6": filters.member_of_type_given,  # HTTPRoute spec.backendRef filters[]
    "3f7f586fb2ba": filters.other_members_absent,  # HTTPRoute spec.backendRef filters[]
    "cf6927c436cb": filters.member_of_type_given,  # HTTPRoute spec.backendRef filters[]
    "7ad7edc814d0": filters.other_members_absent,  # HTTPRoute spec.backendRef filters[]
    "bb313b6e0def": filters.member_of_type_given,  # HTTPRoute spec.backendRef filters[]
    "5fadb25ef944": filters.cors_wildcard_alone,  # HTTPRoute spec.backendRef filters[].cors.allowHeaders
    "9ca41feb5815": filters.cors_wildcard_alone,  # HTTPRoute spec.backendRef filters[].cors.allowMethods
    "5d081527ba31": filters.cors_wildcard_alone,  # HTTPRoute spec.backendRef filters[].cors.allowOrigins
    "0ccc0d0f373d": filters.replacement_given,  # HTTPRoute spec.backendRef filters[].requestRedirect.path
    "f475a2004d38": filters.other_replacement_absent,  # HTTPRoute spec.backendRef filters[].requestRedirect.path
    "77c2473ef3eb": filters.replacement_given,  # HTTPRoute spec.backendRef filters[].requestRedirect.path
    "044dc5ab2707": filters.other_replacement_absent,  # HTTPRoute spec.backendRef filters[].requestRedirect.path
    "6a52498a2500": routes.path_absolute,  # HTTPRoute spec.rules[].matches[].path
    "706f0b9ef176": routes.path_normal,  # HTTPRoute spec.rules[].matches[].path
    "083721f42146": routes.path_normal,  # HTTPRoute spec.rules[].matches[].path
    "d26290703f54": routes.path_normal,  # HTTPRoute spec.rules[].matches[].path
    "dc9e1f999966": routes.path_normal,  # HTTPRoute spec.rules[].matches[].path
    "d7d187ac8f83": routes.path_normal,  # HTTPRoute spec.rules[].matches[].path
    "e69e48411369": routes.path_normal,  # HTTPRoute spec.rules[].matches[].path
    "c2d297548802": routes.path_normal,  # HTTPRoute spec.rules[].matches[].path
    "3a450483822e": routes.path_normal,  # HTTPRoute spec.rules[].matches[].path
    "a11c74a0f303": SCHEMA,  # HTTPRoute spec.rules[].matches[].path
    "80229d6a5d9b": routes.path_characters,  # HTTPRoute spec.rules[].matches[].path
    "cb9af6588f6a": routes.timeouts_ordered,  # HTTPRoute spec.rules[].timeouts
    "c6b13b4c023f": listeners.sockets_unique,  # ListenerSet spec.listeners
    "b604457bd1d1": routes.server_names_formed,  # TLSRoute spec.hostnames
    "4bfd3dfc7014": routes.server_names_formed,  # TLSRoute spec.hostnames
    "4c5fb16ee666": routes.server_names_formed,  # TLSRoute spec.hostnames
    "ce6efe0bf80d": policies.backend_of_type_given,  # XBackend/v1alpha1 spec
    "55a010560bb3": policies.backend_of_type_given,  # XBackend/v1alpha1 spec
    "9a94ad5ab334": policies.protocol_fits_tls,  # XBackend/v1alpha1 spec
    "d22e92f77a50": policies.protocol_fits_tls,  # XBackend/v1alpha1 spec
    "1f24c6d72730": policies.protocol_fits_tls,  # XBackend/v1alpha1 spec
    "a722948d25fa": policies.sessions_need_endpoints,  # XBackend/v1alpha1 spec
    "095d86c28076": policies.selector_keys_formed,  # XBackend/v1alpha1 spec.endpointSelector.matchLabels
    "43a6ae6883f6": policies.hostname_outside_cluster,  # XBackend/v1alpha1 spec.externalHostname.hostname
    "362d7bb79623": policies.client_certificate_by_mode,  # XBackend/v1alpha1 spec.tls
    "4a461fde90a2": policies.validation_by_mode,  # XBackend/v1alpha1 spec.tls
    "c32faadfbb7c": policies.budget_interval_bounded,  # XBackendTrafficPolicy.budget.interval
    "8cf8e9d7b924": policies.rate_interval_bounded,  # XBackendTrafficPolicy.minRetryRate.interval
    "03b648464410": telemetry.something_told,  # XTelemetryPolicy/v1alpha1 spec
    "d831ba05a58c": telemetry.provider_where_enabled,  # XTelemetryPolicy/v1alpha1 spec.tracing
    "6603c2a975b0": telemetry.rate_where_enabled,  # XTelemetryPolicy/v1alpha1 spec.tracing
    "31d286925801": telemetry.settings_where_enabled,  # XTelemetryPolicy/v1alpha1 spec.tracing
    "3b0fadc50dc5": telemetry.settings_where_enabled,  # XTelemetryPolicy/v1alpha1 spec.tracing
    "822774cfbc67": telemetry.settings_where_enabled,  # XTelemetryPolicy/v1alpha1 spec.tracing
    "f9e966ed0fbe": telemetry.settings_where_enabled,  # XTelemetryPolicy/v1alpha1 spec.tracing
    "28c4e358d936": telemetry.source_of_type_given,  # XTelemetryPolicy/v1alpha1 spec.tracing.attributes[]
    "d0f71c11add5": telemetry.source_of_type_given,  # XTelemetryPolicy/v1alpha1 spec.tracing.attributes[]
    "dc790c054571": telemetry.source_of_type_given,  # XTelemetryPolicy/v1alpha1 spec.tracing.attributes[]
    "9579503cf402": policies.one_source_of_trust,  # BackendTLSPolicy spec.validation (1.6)
    "cb86e0a5eae3": policies.one_source_of_trust,  # BackendTLSPolicy spec.validation (1.6)
    "58343e0d6aaa": TRANSITION,  # GatewayClass spec.controllerName (1.6)
    "48b924f76615": policies.permanent_cookie_ends,  # GRPCRoute spec.rules[].sessionPersistence (1.6)
    "2a5e8bac7de4": policies.other_session_carrier_absent,  # GRPCRoute spec.rules[].sessionPersistence (1.6)
    "3e0408de858a": policies.port_name_formed,  # XBackend/v1alpha1 spec.port.name (1.6)
}

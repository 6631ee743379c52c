"""Everything that the engine must be told: indexes in the order in which they may be read, and outputs."""

from gatewayd.incremental.view import Index, Output
from gatewayd.translator.attachment import ATTACHED
from gatewayd.translator.backends.app_protocols import OUTSPOKEN_SLICES
from gatewayd.translator.backends.endpoints import SLICES
from gatewayd.translator.backends.members import EXPORTS
from gatewayd.translator.certificates import CERTIFICATE_USES
from gatewayd.translator.derived import DERIVED
from gatewayd.translator.gateways.declared import DECLARATIONS
from gatewayd.translator.gateways.gatewayclass import GATEWAYS_BY_CLASS
from gatewayd.translator.gateways.listeners import LISTENERS_BY_HOSTNAME, LISTENERS_BY_PORT, SETS_BY_GATEWAY
from gatewayd.translator.gateways.node_network import NODE_GATEWAYS
from gatewayd.translator.infrastructure.gateway import INFRASTRUCTURE
from gatewayd.translator.ingresses import DEFAULT_CLASSES
from gatewayd.translator.live_annotations import CANARIES, CERTIFIED_HOSTS, CLOSED_HOSTS, EXPRESSION_HOSTS
from gatewayd.translator.mesh.consumers import CONSUMERS, IPV6_VIEWS
from gatewayd.translator.mesh.meshes import MESHES
from gatewayd.translator.mesh.parents import CLAIMS, GRPC_CLAIMS
from gatewayd.translator.mesh.policies import LED_NAMESPACES, LED_POLICIES
from gatewayd.translator.mesh.proxy import MESH_PROXIES, MESH_UPSTREAMS
from gatewayd.translator.outcomes.envoy_proxies import NAMED_PROXIES
from gatewayd.translator.outcomes.gateways_and_routes import OUTCOMES
from gatewayd.translator.outcomes.in_proxies import HELD
from gatewayd.translator.outcomes.ingress_paths import CLAIMED_PATHS
from gatewayd.translator.outcomes.installation import CLASSES
from gatewayd.translator.outcomes.overridden import OWN_SECTIONS
from gatewayd.translator.outcomes.overview import BOARD
from gatewayd.translator.outcomes.policies import MISSED_SERVICES
from gatewayd.translator.outcomes.refused_by_proxies import REFUSED_BY_PROXIES
from gatewayd.translator.outcomes.selecting_services import SELECTING_SERVICES
from gatewayd.translator.outcomes.xbackends import BACKEND_USES
from gatewayd.translator.parents import DEFAULT_GATEWAYS
from gatewayd.translator.policies.attach import POLICIES
from gatewayd.translator.policies.effective import ANY_INHERITED, INHERITED
from gatewayd.translator.policies.report import TELLING
from gatewayd.translator.policies.selected import SELECTABLE
from gatewayd.translator.policies.telemetry import TELEMETRY
from gatewayd.translator.proxies.global_limits import LIMIT_DOMAINS
from gatewayd.translator.proxies.governed import GOVERNED
from gatewayd.translator.proxies.identity import IDENTITY
from gatewayd.translator.proxies.key_sets import KEY_SETS, SOURCES
from gatewayd.translator.proxies.policy_servers import ASKING, MAY_CLOSE, SHARED_SECRETS
from gatewayd.translator.proxies.proxy_config import PROXIES
from gatewayd.translator.proxies.server_names import SERVER_NAMES
from gatewayd.translator.proxies.upstreams import SERVICE_USES, UPSTREAMS
from gatewayd.translator.proxies.virtualhosts import CROWDED_PORTS, HOSTS, TABLES
from gatewayd.translator.quotas import ACCOUNTS, DEMANDS, OVER, REFUSED
from gatewayd.translator.reference_grants import GRANTS
from gatewayd.translator.referred import CONTENTS
from gatewayd.translator.refused_secrets import REFUSED_BY_ANY

INDEXES: tuple[Index, ...] = (
    GATEWAYS_BY_CLASS,
    NODE_GATEWAYS,
    DEFAULT_CLASSES,
    EXPRESSION_HOSTS,
    CERTIFIED_HOSTS,
    CLOSED_HOSTS,
    GRANTS,
    REFUSED_BY_ANY,
    HELD,
    SLICES,
    EXPORTS,
    OUTSPOKEN_SLICES,
    SETS_BY_GATEWAY,
    DECLARATIONS,
    LISTENERS_BY_PORT,
    LISTENERS_BY_HOSTNAME,
    CERTIFICATE_USES,
    POLICIES,
    SELECTABLE,
    INHERITED,
    ANY_INHERITED,
    TELEMETRY,
    TELLING,
    IDENTITY,
    ASKING,
    MAY_CLOSE,
    SOURCES,
    DEFAULT_GATEWAYS,
    DEMANDS,
    ACCOUNTS,
    OVER,
    REFUSED,
    ATTACHED,
    CROWDED_PORTS,
    HOSTS,
    TABLES,
    SERVER_NAMES,
    CLAIMED_PATHS,
    CANARIES,
    UPSTREAMS,
    SHARED_SECRETS,
    SERVICE_USES,
    MISSED_SERVICES,
    BACKEND_USES,
    OWN_SECTIONS,
    GOVERNED,
    NAMED_PROXIES,
    MESHES,
    CLASSES,
    CONSUMERS,
    IPV6_VIEWS,
    CLAIMS,
    GRPC_CLAIMS,
    LED_NAMESPACES,
    LED_POLICIES,
    MESH_UPSTREAMS,
    REFUSED_BY_PROXIES,
)
OUTPUTS: tuple[Output, ...] = (
    CONTENTS,
    *(derived.output for derived in DERIVED),
    PROXIES,
    MESH_PROXIES,
    OUTCOMES,
    INFRASTRUCTURE,
    BOARD,
    KEY_SETS,
    LIMIT_DOMAINS,
    SELECTING_SERVICES,
)

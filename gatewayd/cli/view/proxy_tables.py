"""What a proxy has, as tables: routes, clusters, endpoints, listeners, secrets, resources, statistics, loggers.

In: resources of an Envoy, and what a user looks for. Out: heads and rows of cells; nothing private is in them.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from gatewayd.introspection.held import HeldResource, address_text
from gatewayd.untrusted.pem import Unreadable, read_certificates

JSON = dict[str, Any]
Cells = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LookedFor:
    """What is looked for, "" for everything: a part of a route's, a Service's or a resource's name; a whole host."""

    route: str = ""
    host: str = ""
    service: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxyTable:
    """A table of one kind of resource: how rows are made of it."""

    heads: Cells
    type: str
    rows: Callable[[HeldResource, LookedFor], Iterator[Cells]]


def table_rows(table: ProxyTable, resources: Iterable[HeldResource], wanted: LookedFor) -> list[Cells]:
    """Return the rows of a table that are wanted."""
    return [
        row
        for resource in resources
        if table.type in ("", resource.type) and wanted.name in resource.name
        for row in table.rows(resource, wanted)
    ]


def _routes(resource: HeldResource, wanted: LookedFor) -> Iterator[Cells]:
    for host in resource.content.get("virtual_hosts", ()):
        domains = [str(each) for each in host.get("domains", ())]
        if wanted.host and wanted.host not in domains:
            continue
        for route in _flat(host):
            name, action = str(route.get("name", "")), _action(route)
            if wanted.route.lower() in name and wanted.service in action:
                yield (resource.name, ", ".join(domains), _match(route.get("match", {})), name, action)


def _flat(host: JSON) -> Iterator[JSON]:
    """Yield the routes of a host: a list, or the leaves of a tree of matchers."""
    yield from host.get("routes", ())
    yield from _leaves(host.get("matcher", {}))


def _leaves(value: Any) -> Iterator[JSON]:
    if isinstance(value, dict):
        if str(value.get("@type", "")).endswith(".Route"):
            yield value
            return
        for each in value.values():
            yield from _leaves(each)
    elif isinstance(value, list):
        for each in value:
            yield from _leaves(each)


def _match(match: JSON) -> str:
    paths = {
        "path": "{} exactly",
        "prefix": "{}*",
        "path_separated_prefix": "{} and below",
    }
    path = next((words.format(match[field]) for field, words in paths.items() if field in match), "")
    if "safe_regex" in match:
        path = f"~{match['safe_regex'].get('regex', '')}"
    more = [str(each.get("name", "")) for each in (*match.get("headers", ()), *match.get("query_parameters", ()))]
    return ", ".join((path or "any", *more))


def _action(route: JSON) -> str:
    forward = route.get("route", {})
    if "cluster" in forward:
        return str(forward["cluster"])
    if "weighted_clusters" in forward:
        shares = forward["weighted_clusters"].get("clusters", ())
        return ", ".join(f"{each.get('name', '')} {each.get('weight', 0)}" for each in shares)
    if "redirect" in route:
        return "redirect"
    return f"answer {route['direct_response'].get('status', '')}" if "direct_response" in route else "-"


def _clusters(resource: HeldResource, wanted: LookedFor) -> Iterator[Cells]:
    content = resource.content
    if wanted.service in resource.name:
        policy = str(content.get("lb_policy", "ROUND_ROBIN"))
        kind = str(content.get("type") or content.get("cluster_type", {}).get("name", "STATIC"))
        tls = "TLS" if "transport_socket" in content else "-"
        yield (resource.name, kind, policy, tls, resource.state, resource.version)


def _endpoints(resource: HeldResource, wanted: LookedFor) -> Iterator[Cells]:
    if wanted.service not in resource.name:
        return
    for locality in resource.content.get("endpoints", ()):
        where, priority = locality.get("locality", {}), locality.get("priority", 0)
        zone = "/".join(str(where[each]) for each in ("region", "zone") if where.get(each))
        for each in locality.get("lb_endpoints", ()):
            address = address_text(each.get("endpoint", {}).get("address", {}))
            health = str(each.get("health_status", "UNKNOWN"))
            yield (resource.name, address, health, str(each.get("load_balancing_weight", 1)), str(priority), zone)


def _listeners(resource: HeldResource, wanted: LookedFor) -> Iterator[Cells]:
    address = address_text(resource.content.get("address", {}))
    for chain in resource.content.get("filter_chains", ()):
        names = [str(each) for each in chain.get("filter_chain_match", {}).get("server_names", ())]
        if not wanted.host or wanted.host in names or not names:
            tls = "TLS" if "transport_socket" in chain else "-"
            shown = (str(chain.get("name", "")), ", ".join(names) or "any", tls, _leads_to(chain))
            yield (resource.name, address, *shown, resource.state, resource.version)
    if not resource.content.get("filter_chains"):
        yield (resource.name, address, "-", "-", "-", "-", resource.state, resource.version)


def _leads_to(chain: JSON) -> str:
    for each in chain.get("filters", ()):
        config = each.get("typed_config", {})
        if "rds" in config:
            return f"routes {config['rds'].get('route_config_name', '')}"
        if "scoped_routes" in config:
            return "routes per host"
        if "cluster" in config:
            return str(config["cluster"])
    return "-"


def _secrets(resource: HeldResource, _wanted: LookedFor) -> Iterator[Cells]:
    read = read_certificates(str(resource.content.get("certificates", "")).encode())
    names, ends = "-", "-"
    if not isinstance(read, Unreadable):
        names, ends = ", ".join(read[0].dns_names or ()) or "-", f"{read[0].not_after:%Y-%m-%dT%H:%M:%SZ}"
    kind = {"tls_certificate": "certificate", "validation_context": "authorities"}.get(resource.content["kind"], "key")
    yield (resource.name, kind, names, ends, resource.state, resource.version)


def _resources(resource: HeldResource, _wanted: LookedFor) -> Iterator[Cells]:
    yield (resource.type, resource.name, resource.state, resource.version, resource.updated)


TABLES: Final[Mapping[str, ProxyTable]] = {
    "routes": ProxyTable(heads=("TABLE", "HOSTS", "MATCH", "ROUTE", "TO"), type="RDS", rows=_routes),
    "clusters": ProxyTable(
        heads=("CLUSTER", "TYPE", "BALANCING", "TLS", "STATE", "VERSION"), type="CDS", rows=_clusters
    ),
    "endpoints": ProxyTable(
        heads=("CLUSTER", "ADDRESS", "HEALTH", "WEIGHT", "PRIORITY", "ZONE"), type="EDS", rows=_endpoints
    ),
    "listeners": ProxyTable(
        heads=("LISTENER", "ADDRESS", "CHAIN", "SERVER NAMES", "TLS", "TO", "STATE", "VERSION"),
        type="LDS",
        rows=_listeners,
    ),
    "secrets": ProxyTable(heads=("SECRET", "KIND", "NAMES", "ENDS", "STATE", "VERSION"), type="SDS", rows=_secrets),
    "config": ProxyTable(heads=("TYPE", "NAME", "STATE", "VERSION", "UPDATED"), type="", rows=_resources),
}
"""What can be looked at, by the word of the command line."""


def stat_rows(stats: JSON, wanted: LookedFor) -> list[Cells]:
    """Return the statistics with a part of a name that are not 0, of the JSON of /stats."""
    parts = [part for part in (wanted.name, wanted.service, wanted.route) if part]
    counted = [(str(each["name"]), each["value"]) for each in stats.get("stats", ()) if "value" in each]
    return sorted((name, str(value)) for name, value in counted if value and all(part in name for part in parts))


def logger_rows(text: str, wanted: LookedFor) -> list[Cells]:
    """Return the loggers of an Envoy and their levels, of the text of /logging."""
    pairs = (line.strip().partition(": ") for line in text.splitlines() if line.startswith("  "))
    return [(name, level) for name, _, level in pairs if wanted.name in name]

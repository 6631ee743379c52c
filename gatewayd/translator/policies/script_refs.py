"""Which ConfigMaps have the scripts of a policy: what must be read before anything can be said of them."""

from collections.abc import Iterator

from gatewayd.api.envoy_gateway.objects import EnvoyExtensionPolicy
from gatewayd.api.luasection import LuaSection
from gatewayd.api.routepolicy import RoutePolicy
from gatewayd.translator.envoy_gateway.extensions import extensions
from gatewayd.translator.policies.kinds import by_strategy


def scripts_of(row: RoutePolicy | EnvoyExtensionPolicy) -> Iterator[str]:
    """Yield the names of the ConfigMaps of the policy's namespace that it refers to."""
    for section in _sections(row):
        if isinstance(section, LuaSection) and section.config_map_ref is not None:
            yield section.config_map_ref.name


def _sections(row: RoutePolicy | EnvoyExtensionPolicy) -> Iterator[object]:
    if isinstance(row, RoutePolicy):
        yield from (given.lua for _, given in by_strategy(row))
    elif row.spec.get("lua"):
        yield from (each.value for each in extensions(row.spec, row.metadata.namespace).sections)

"""RoutePolicy, section lua: code that requests and responses pass in the proxy. Only where the class allows it."""

from typing import Annotated, Final

from msgspec import Meta

from gatewayd.api.inherited import PolicyPart, PolicySection
from gatewayd.api.scalars import ObjectName

LONGEST_SCRIPT: Final = 8192
"""Characters. Each rule has a script as a whole, and half of a ConfigMap's value that is kept is left to see more."""

LUA_KEY: Final = "lua"
"""Where a ConfigMap has a script, unless something else is said; one that has a single key may call it as it likes."""


class ScriptRef(PolicyPart, frozen=True, kw_only=True):
    """A ConfigMap of the policy's namespace; the script stands under `key` (`lua`, or the only one that there is)."""

    name: ObjectName
    key: Annotated[str, Meta(min_length=1, max_length=253)] | None = None


class LuaSection(PolicySection, frozen=True, kw_only=True):
    """Let requests and responses pass a script in Lua: `inline`, or of a ConfigMap. Its class must allow that.

    It has the functions envoy_on_request or envoy_on_response. What fails in it gets a 500.
    """

    inline: Annotated[str, Meta(min_length=1, max_length=LONGEST_SCRIPT)] | None = None
    config_map_ref: ScriptRef | None = None

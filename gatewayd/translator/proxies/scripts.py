"""RoutePolicy, section lua: the script that requests and responses of a rule pass.

It may be there to keep something out. So one that the class does not allow, that is not there or that cannot be run
closes the rules of its scope. It stands where a server of externalProcessing does: a rule has one of them.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Final

from gatewayd.api.core import ConfigMap
from gatewayd.api.envoy_gateway.objects import EnvoyExtensionPolicy
from gatewayd.api.gateway import Gateway
from gatewayd.api.luasection import LUA_KEY, LuaSection, ScriptRef
from gatewayd.api.meta import KubernetesObject, ObjectKey
from gatewayd.api.routepolicy import RoutePolicy
from gatewayd.incremental.view import Member, View, query
from gatewayd.ir.scripts import LUA, Script
from gatewayd.translator.contents import Content, missing
from gatewayd.translator.parameters.chosen import parameters_of_class
from gatewayd.translator.policies.effective import Effective
from gatewayd.translator.policies.foreign import TakenKey, taken
from gatewayd.translator.policies.kinds import InheritedPolicy, by_strategy
from gatewayd.translator.problems import Unsupported
from gatewayd.translator.proxies.processing import SECTION as PROCESSING
from gatewayd.untrusted.lua import no_script

SECTION: Final = "lua"
NOT_ALLOWED: Final = (
    f"code is not allowed by the GatewayClass; allowed: none, until its parameters have allowedCode: {LUA}"
)
_UNTIL_THEN: Final = "requests get a 500 until then"


def scripts(view: View, gateway: ObjectKey, found: Effective) -> tuple[Script, ...] | Unsupported:
    """Return the script that the messages of a rule pass; Unsupported where that cannot be, which closes it."""
    for ruled in found.of(SECTION):
        if not isinstance(ruled.value, LuaSection):
            continue
        if not is_code_allowed(view, gateway):
            return Unsupported(NOT_ALLOWED)
        if any(True for _ in found.of(PROCESSING)):
            return Unsupported("must not stand beside externalProcessing; allowed: one of them for a rule")
        script = _script(view, ruled.policy.namespace, ruled.value)
        return script if isinstance(script, Unsupported) else (script,)
    return ()


@query
def is_code_allowed(view: View, gateway: ObjectKey) -> bool:
    """Return whether the class of a Gateway allows code of policies in its proxies."""
    return LUA in parameters_of_class(view, view.get(Gateway, gateway)).bounds.code


def _script(view: View, namespace: str, section: LuaSection) -> Script | Unsupported:
    if section.config_map_ref is None:
        return _read(section.inline or "", "inline")
    written = _referred(view, namespace, section.config_map_ref)
    return written if isinstance(written, Unsupported) else _read(written, "configMapRef")


def _referred(view: View, namespace: str, ref: ScriptRef) -> str | Unsupported:
    content = Content("ConfigMap", ObjectKey(namespace, ref.name))
    row = view.get(ConfigMap, content.key)
    if row is None:
        return Unsupported(f"configMapRef: {missing(view, content)}")
    key = ref.key or _key_of(row.data)
    if key not in row.data:
        return Unsupported(f'configMapRef: ConfigMap "{content.key}" has no key {key}, where a script is needed')
    return row.data[key]


def _key_of(data: Mapping[str, str]) -> str:
    """Return the key of a script where none is named: a single one may have any name."""
    return next(iter(data)) if len(data) == 1 else LUA_KEY


@lru_cache(maxsize=256)
def _read(written: str, path: str) -> Script | Unsupported:
    """Return one script for all rules that have the same text."""
    code = written.replace("\r\n", "\n")
    wrong = no_script(code)
    return Script(code=code) if wrong is None else Unsupported(f"{path}: {wrong}")


def script_fault(view: View, namespace: str, section: object) -> str:
    """Return why a section of a policy of a namespace cannot be honoured anywhere, with the path below it, or ""."""
    if not isinstance(section, LuaSection) or section.is_disabled:
        return ""
    script = _script(view, namespace, section)
    return script.message if isinstance(script, Unsupported) else ""


def script_problem(view: View, gateway: ObjectKey, namespace: str, section: object) -> str:
    """Return why a section cannot be honoured at a Gateway, and what becomes of requests; "" when it can."""
    fault = script_fault(view, namespace, section)
    if not fault and isinstance(section, LuaSection) and not section.is_disabled:
        fault = "" if is_code_allowed(view, gateway) else NOT_ALLOWED
    return f"{fault}; {_UNTIL_THEN}" if fault else ""


def script_problems(view: View, row: InheritedPolicy) -> Iterator[str]:
    """Yield why the script of a policy cannot be run, with its path."""
    for strategy, given in by_strategy(row):
        if fault := script_fault(view, row.metadata.namespace, getattr(given, SECTION, None)):
            yield f"spec.{strategy}.{SECTION}.{fault}; {_UNTIL_THEN}"


def forbidden(view: View, gateway: ObjectKey, row: KubernetesObject) -> Iterator[str]:
    """Yield what of a policy the class of a Gateway does not allow, with its path."""
    for path, section in _written(view, row):
        if isinstance(section, LuaSection) and not section.is_disabled and not is_code_allowed(view, gateway):
            yield f"{path}: {NOT_ALLOWED}; {_UNTIL_THEN}"


def _written(view: View, row: KubernetesObject) -> Iterator[tuple[str, object]]:
    """Yield the scripts of a policy, and the field of each; of one that is merged, what it has itself."""
    match row:
        case RoutePolicy():
            yield from ((f"spec.{strategy}.{SECTION}", given.lua) for strategy, given in by_strategy(row))
        case EnvoyExtensionPolicy():
            found = taken(view, TakenKey(RoutePolicy, Member(EnvoyExtensionPolicy, row.metadata.key), None))
            yield from ((each.path, each.value) for each in found.sections if each.name == SECTION)
        case _:
            return

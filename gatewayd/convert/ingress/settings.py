"""The ConfigMap of ingress-nginx's controller: what it says counts for all Ingresses that do not say it themselves.

In: objects. Out: the annotations that each Ingress has without writing them, what is lost of protections of all, and
what becomes of each setting. https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/configmap/
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from gatewayd.convert.fates import Fate, Fidelity, Item
from gatewayd.convert.source import SourceObject
from gatewayd.convert.values import mapping, text
from gatewayd.translator.nginx.annotations import NginxAnnotations

_NAME: Final = re.compile(r"nginx")
_DEFAULTS: Final = frozenset({
    "custom-http-errors",
    "denylist-source-range",
    "enable-modsecurity",
    "force-ssl-redirect",
    "limit-rate",
    "limit-rate-after",
    "modsecurity-snippet",
    "preserve-trailing-slash",
    "proxy-body-size",
    "proxy-buffering",
    "proxy-connect-timeout",
    "proxy-cookie-domain",
    "proxy-cookie-path",
    "proxy-next-upstream",
    "proxy-next-upstream-timeout",
    "proxy-next-upstream-tries",
    "proxy-read-timeout",
    "proxy-request-buffering",
    "proxy-send-timeout",
    "ssl-redirect",
    "whitelist-source-range",
})  # fmt: skip
"""Settings that are called like the annotation that counts in their place."""
_CLOSING: Final = re.compile(r"global-auth-(?:url|snippet)|block-.*|(?:http|server|location)-snippet|enable-owasp-.*")
"""Settings that keep somebody out, or may, and that no annotation is called like."""
_ADDRESSES: Final = re.compile(r"use-forwarded-headers|forwarded-for-.*|compute-full-.*|proxy-real-ip-.*|use-proxy-.*")
_GLOBAL_AUTH: Final = "global-auth-"


@dataclass(frozen=True, slots=True, kw_only=True)
class ControllerSettings:
    """What counts for all Ingresses of ingress-nginx: `defaults` by names of annotations, and what is lost."""

    defaults: Mapping[str, str] = field(default_factory=dict)
    closing: tuple[str, ...] = ()

    def closed(self, written: NginxAnnotations) -> tuple[str, ...]:
        """Return what closes an Ingress with these annotations: it may not ask the server that all ask."""
        asks_all = written.boolean("enable-global-auth", default=True)
        return tuple(each for each in self.closing if asks_all or _GLOBAL_AUTH not in each)


def controller_settings(sources: Iterable[SourceObject], items: list[Item]) -> ControllerSettings:
    """Return what the ConfigMaps of ingress-nginx among the sources say; of two the first by name counts."""
    defaults: dict[str, str] = {}
    closing: list[str] = []
    for source in sorted(filter(_is_of_controller, sources), key=lambda each: str(each.key)):
        for name, value in _settings(source).items():
            fate = _fate(name)
            items.append(Item.of(source, fate))
            if fate.opens:
                closing.append(f"{source.name}: {fate.path}")
            elif name in _DEFAULTS:
                defaults.setdefault(name, value)
    return ControllerSettings(defaults=defaults, closing=tuple(closing))


def _is_of_controller(source: SourceObject) -> bool:
    """Return whether an object is such a ConfigMap: it is called so, and has a setting that is read."""
    if (source.group, source.kind) != ("", "ConfigMap") or _NAME.search(source.key.name) is None:
        return False
    known = (name in _DEFAULTS or _CLOSING.fullmatch(name) or _ADDRESSES.fullmatch(name) for name in _settings(source))
    return any(known)


def _settings(source: SourceObject) -> Mapping[str, str]:
    return {name: text(value) for name, value in mapping(source.value.get("data")).items()}


def _fate(name: str) -> Fate:
    for fidelity, message, protects in _told(name):
        return Fate(path=f"data.{name}", fidelity=fidelity, message=message, protects=protects)
    message = "a setting of the controller for all Ingresses, which is not read"
    return Fate(path=f"data.{name}", fidelity=Fidelity.LOST, message=message)


def _told(name: str) -> Iterator[tuple[Fidelity, str, bool]]:
    if name in _DEFAULTS:
        yield Fidelity.EXACT, "counts for each Ingress without the annotation of this name", False
    if _CLOSING.fullmatch(name):
        yield Fidelity.LOST, "it may have kept clients out of all Ingresses; an AccessPolicy of the Gateway can", True
    if _ADDRESSES.fullmatch(name):
        yield Fidelity.MANUAL, "a ClientPolicy of the Gateway says whose word for a client's address counts", False

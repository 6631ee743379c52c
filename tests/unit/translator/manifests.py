"""Manifests for the tests: YAML as users write it, though `apiVersion` may be left out, to rows, Deltas or a View."""

from collections.abc import Iterable, Iterator
from textwrap import dedent
from typing import Any

import yaml

from gatewayd.api.decode import Decoded, decode
from gatewayd.api.kinds import BY_STRUCT
from gatewayd.api.meta import ObjectKey
from gatewayd.incremental.scratch import Scratch
from gatewayd.incremental.view import Member
from gatewayd.ir.outcome import Verdict
from gatewayd.store import Delta

API_VERSIONS = {kind.kind: kind.api_version for kind in BY_STRUCT.values()}
TABLES = {kind.kind: kind.struct for kind in BY_STRUCT.values()}

CLASS = """
kind: GatewayClass
metadata: {name: gatewayd}
spec: {controllerName: gatewayd.io/controller}
"""
GATEWAY = """
kind: Gateway
metadata: {name: gw, namespace: shop, generation: 1}
spec:
  gatewayClassName: gatewayd
  listeners: [{name: http, port: 80, protocol: HTTP}]
"""
CART = """
kind: Service
metadata: {name: cart, namespace: shop}
spec: {ports: [{name: web, port: 80}]}
---
kind: EndpointSlice
metadata: {name: cart-1, namespace: shop, labels: {kubernetes.io/service-name: cart}}
addressType: IPv4
ports: [{name: web, port: 8080}]
endpoints: [{addresses: [10.0.0.1]}]
"""
SHOP = f"{CLASS}---{GATEWAY}---{CART}"
"""The least that serves: a class, a Gateway `shop/gw` on port 80, and a Service `shop/cart`."""

GW = ObjectKey("shop", "gw")


def documents(*texts: str) -> Iterator[dict[str, Any]]:
    """Yield the documents of the manifests, completed."""
    for text in texts:
        for each in yaml.safe_load_all(dedent(text)):
            if each is not None:
                yield {"apiVersion": API_VERSIONS[each["kind"]], **each}


def deltas(*texts: str) -> tuple[Delta, ...]:
    """Return the objects of the manifests, which must be valid; of two with one name the later counts."""
    return tuple(delta(each) for each in documents(*texts))


def delta(document: dict[str, Any]) -> Delta:
    """Return the object of a complete document, which must be valid."""
    decoded = decode(document)
    assert isinstance(decoded, Decoded), [str(problem) for problem in decoded.problems]
    return Delta(kind=decoded.kind.struct, key=decoded.key, obj=decoded.obj)


def scratch(*sources: str | Delta) -> Scratch:
    """Return a View of manifests and of rows that no manifest makes."""
    tables: dict[type, dict[Any, Any]] = {}
    for source in sources:
        for each in deltas(source) if isinstance(source, str) else (source,):
            tables.setdefault(each.kind, {})[each.key] = each.obj
    return Scratch(tables)


def member(kind: str, key: str) -> Member:
    """Return the row "namespace/name" (or "name") of a kind."""
    namespace, _, name = key.rpartition("/")
    return Member(TABLES[kind], ObjectKey(namespace, name))


def brief(verdicts: Iterable[Verdict]) -> dict[str, str]:
    """Return verdicts as {type: reason}, with "!" before the reason where the status is False."""
    return {each.type: each.reason if each.status else f"!{each.reason}" for each in verdicts}


def message(verdicts: Iterable[Verdict], kind: str) -> str:
    """Return the message of the verdict of a type."""
    (found,) = (each.message for each in verdicts if each.type == kind)
    return found

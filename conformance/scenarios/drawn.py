"""Documents drawn from the schemas of an API server, most of them valid.

In: an OpenAPI schema as the API server publishes it, and a source of chance. Out: values as JSON has them. Pure: equal
seeds draw equal documents.
"""

from __future__ import annotations

import copy
import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

Value = Any
Schema = Mapping[str, Any]

TEXTS: Final = (
    *("web", "a", "shop-1", "Web", "HTTP", "HTTPS", "TLS", "TCP", "x-env", "X-Env", "GET", "v1", "10%", "true"),
    *("example.com", "*.example.com", "shop.example", "A_b", "a.b.c", "/", "/cart", "/a/b", "cart", "", " ", "a b"),
    *("1s", "10ms", "1m30s", "0s", "1h", "5", "60s", "10Mi", "1Ki", "100", "443", "10.0.0.1", "10.0.0.0/8", "::1"),
    *("2001:db8::/32", "gateway.networking.k8s.io", "gatewayd.io", "core", "Service", "Secret", "ConfigMap", "Gateway"),
    *("gatewayd.io/controller", "example.com/one", "spiffe://shop/ns/web", "https://shop.example", "http://a.example"),
    *("https://*.example.com", "https://login.example/keys", "shop.example:8080", "*", "100k", "512Mi", "RSA", "ES256"),
    *("2030-01-01T00:00:00Z", "aGVsbG8=", "request.path", "%REQ(X)%", "X-A", "my-cookie", "name=value", "h2", "200"),
)  # fmt: skip
"""What texts may be: of those that a pattern takes one is chosen."""
_KEYS: Final = ("app", "example.com/team", "a", "X-Env", "tls.crt")
_MOST_ITEMS: Final = 3
_LIKELY: Final = (0.03, 0.1, 0.25)
"""How likely a field is that may be left out, in one document or the other."""
_DEEPEST: Final = 14
_TARGETS: Final = (
    ("gateway.networking.k8s.io", "HTTPRoute"), ("gateway.networking.k8s.io", "Gateway"), ("", "Service"),
    ("gateway.networking.k8s.io", "GRPCRoute"), ("", "Namespace"), ("gateway.networking.k8s.io", "TCPRoute"),
)  # fmt: skip
"""Group and kind go together, which chance alone hardly ever meets."""


def document(schema: Schema, head: Mapping[str, Any], chance: random.Random) -> dict[str, Any]:
    """Draw a document that begins with `head`; what stands there, and `status`, is not drawn."""
    fields = {name: below for name, below in schema["properties"].items() if name not in {*head, "status"}}
    pen = Pen(chance=chance, likely=chance.choice(_LIKELY))
    return {**copy.deepcopy(dict(head)), **pen.value({"type": "object", **schema, "properties": fields})}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pen:
    """Draws values; a field that may be left out is there as `likely` says."""

    chance: random.Random
    likely: float

    def value(self, schema: Schema, depth: int = 0) -> Value:
        """Draw a value that a schema takes, mostly."""
        if "enum" in schema:
            return self.chance.choice(schema["enum"])
        if schema.get("x-kubernetes-int-or-string"):
            return self.chance.choice((80, 1, "http", "10%"))
        return _DRAWN.get(schema.get("type", ""), Pen.text)(self, schema, depth)

    def object(self, schema: Schema, depth: int) -> Value:
        """Draw an object: what is required, some of the rest, and of a union the member that its type names."""
        fields: Mapping[str, Schema] = schema.get("properties", {})
        below = schema.get("additionalProperties")
        if not fields:
            names = self.chance.sample(_KEYS, self.chance.randrange(3)) if isinstance(below, Mapping) else ()
            return {name: self.value(below, depth + 1) for name in names}  # type: ignore[arg-type]
        required = set(schema.get("required", ()))
        likely = self.likely if depth < _DEEPEST else 0.0
        kept = {name for name in fields if name in required or self.chance.random() < likely}
        if {"default", "override"} <= fields.keys():
            kept = (kept - {"default", "override"}) | {self.chance.choice(("default", "override"))}
        if not kept and depth < _DEEPEST:
            kept = {self.chance.choice(list(fields))}
        drawn = {name: self.value(fields[name], depth + 1) for name in fields if name in kept}
        if {"group", "kind", "name"} <= fields.keys() and self.chance.random() < 0.8:
            drawn["group"], drawn["kind"] = self.chance.choice(_TARGETS)
            drawn["name"] = "web"
        return self._with_member(drawn, fields, depth)

    def _with_member(self, drawn: dict[str, Value], fields: Mapping[str, Schema], depth: int) -> Value:
        """Keep the one member that a union's `type` names: {"type": "URLRewrite", "urlRewrite": {...}}."""
        types = fields.get("type", {}).get("enum", ())
        members = {each: member for each in types if (member := _member(each, fields)) is not None}
        if "type" not in drawn or not members:
            return drawn
        for member in members.values():
            drawn.pop(member, None)
        wanted = members.get(drawn["type"])
        return drawn if wanted is None else {**drawn, wanted: self.value(fields[wanted], depth + 1)}

    def list(self, schema: Schema, depth: int) -> Value:
        """Draw a short list, mostly of one item."""
        least, most = schema.get("minItems", 0), schema.get("maxItems", _MOST_ITEMS)
        count = least if depth >= _DEEPEST else self.chance.choice((1, 1, 1, 2, _MOST_ITEMS, least))
        return [self.value(schema["items"], depth + 1) for _ in range(min(most, max(least, count)))]

    def integer(self, schema: Schema, _: int) -> Value:
        """Draw a bound, or a number that is often one."""
        least, most = schema.get("minimum", 0), schema.get("maximum", 100)
        return self.chance.choice((least, most, *(each for each in (1, 80, 443, 8080) if least <= each <= most)))

    def number(self, schema: Schema, _: int) -> Value:
        """Draw a number."""
        return self.chance.choice((schema.get("minimum", 0), 1, 0.5))

    def boolean(self, _: Schema, __: int) -> Value:
        """Draw yes or no."""
        return self.chance.random() < 0.5

    def text(self, schema: Schema, _: int) -> Value:
        """Draw a text that the pattern and the lengths take."""
        return self.chance.choice(
            _taken(schema.get("pattern", ""), schema.get("minLength", 0), schema.get("maxLength", 4096))
        )


def _member(of_type: str, fields: Mapping[str, Schema]) -> str | None:
    return next((name for name in fields if name != "type" and name.lower() == str(of_type).lower()), None)


@cache
def _taken(pattern: str, least: int, most: int) -> tuple[str, ...]:
    """Return the texts that a schema takes; all where it takes none of them."""
    good = tuple(
        each for each in TEXTS if least <= len(each) <= most and (not pattern or re.search(pattern, each) is not None)
    )
    return good or TEXTS


_DRAWN: Final[Mapping[str, Callable[[Pen, Schema, int], Value]]] = {
    "object": Pen.object, "array": Pen.list, "integer": Pen.integer, "number": Pen.number, "boolean": Pen.boolean,
    "string": Pen.text,
}  # fmt: skip

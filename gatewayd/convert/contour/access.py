"""Who may come in by an HTTPProxy: addresses, tokens, and another server's word.

What cannot be had of it is lost and protects: the routes that it is for are closed.
https://projectcontour.io/docs/main/config/api/#projectcontour.io/v1.VirtualHost
"""

from collections.abc import Mapping
from typing import Any, Final

from gatewayd.api.meta import ObjectKey
from gatewayd.convert.contour.tree import IncludedRoute
from gatewayd.convert.draft import JSON
from gatewayd.convert.fields import Fields
from gatewayd.convert.read_source import ReadSource
from gatewayd.translator.nginx.access import as_range

_SOURCES: Final = {"Peer": "Peer", "Remote": "Client"}
_LISTS: Final = (("ipAllowPolicy", "allow"), ("ipDenyPolicy", "deny"))
_UNSAID: Final = "the server is told the request by its headers alone"


def access(root: ReadSource, route: IncludedRoute, extensions: Mapping[ObjectKey, ReadSource]) -> JSON:
    """Return the sections of the AccessPolicy of a route."""
    virtualhost = root.spec.one("virtualhost")
    return {**_clients(virtualhost, route.written), **_tokens(virtualhost, route), **_asked(root, route, extensions)}


def _clients(virtualhost: Fields, route: Fields) -> JSON:
    """Return who may come in by address: a route's own lists count in the place of its host's."""
    lists = {field: (route if name in route else virtualhost).many(name) for name, field in _LISTS}
    both = [*virtualhost.many("ipAllowPolicy"), *virtualhost.many("ipDenyPolicy"), *route.many("ipAllowPolicy")]
    for each in (*both, *route.many("ipDenyPolicy")):
        each.text("cidr")
        each.text("source")
    if any(name in route for name, _ in _LISTS):
        lists = {field: route.many(name) for name, field in _LISTS}
    ranges = {
        field: [{"cidr": _range(each), "source": _SOURCES.get(each.text("source"), "Client")} for each in own]
        for field, own in lists.items()
        if own
    }
    return {"clients": ranges} if ranges else {}


def _range(written: Fields) -> str:
    """Return addresses as an AccessPolicy writes them; what is no address range is refused there, with its route."""
    return as_range(written.text("cidr")) or written.text("cidr")


def _tokens(virtualhost: Fields, route: IncludedRoute) -> JSON:
    providers = virtualhost.many("jwtProviders")
    by_name = {each.text("name"): (each, _provider(each)) for each in providers}
    usual = next((each.text("name") for each in providers if each.boolean("default")), "")
    policy = route.written.one("jwtVerificationPolicy")
    required = policy.text("require")
    wanted = "" if policy.boolean("disabled") else required or usual
    if not wanted:
        return {}
    if wanted not in by_name:
        policy.lost("require", f"the virtualhost has no jwtProvider {wanted}", protects=True)
        return {}
    written, provider = by_name[wanted]
    if "issuer" not in provider:
        written.lost("issuer", "tokens are taken of an issuer; Contour took those of any", protects=True)
        return {}
    return {"jwt": {"providers": [provider]}}


def _provider(written: Fields) -> dict[str, Any]:
    keys, issuer = written.one("remoteJWKS"), written.text("issuer")
    keys.ignore("timeout", "cacheDuration", "dnsLookupFamily")
    keys.lost_if_written({"validation": "the certificate of who has the keys is checked by the CAs of the system"})
    audiences = written.texts("audiences")
    if "forwardJWT" in written:
        written.approximate("forwardJWT", "tokens are passed on to backends")
    return {
        "name": written.text("name"),
        **({"issuer": issuer} if issuer else {}),
        **({"audiences": list(audiences)} if audiences else {}),
        "keys": {"uri": keys.text("uri")},
    }


def _asked(root: ReadSource, route: IncludedRoute, extensions: Mapping[ObjectKey, ReadSource]) -> JSON:
    """Return the server that is asked, by gRPC; where it is not known, that is lost."""
    authorization = root.spec.one("virtualhost").one("authorization")
    policy = route.written.one("authPolicy")
    off = policy.boolean("disabled", default=authorization.one("authPolicy").boolean("disabled"))
    for each in (policy, authorization.one("authPolicy")):
        each.lost_if_written({"context": _UNSAID}, protects=True)
    if not authorization:
        return {}
    authorization.ignore("responseTimeout")
    ref, fails_open = authorization.one("extensionRef"), authorization.boolean("failOpen")
    ref.ignore("apiVersion")
    size = authorization.one("withRequestBody").number("maxRequestBytes")
    authorization.one("withRequestBody").ignore("allowPartialMessage", "packAsBytes")
    key = ObjectKey(ref.text("namespace") or root.key.namespace, ref.text("name"))
    service = extensions.get(key)
    services = service.spec.many("services") if service is not None else ()
    if len(services) != 1:
        what = "has several services" if services else "is not among the files"
        ref.lost("", f"the ExtensionService {key} {what}; an AccessPolicy's externalAuth asks a Service", protects=True)
        return {}
    if off:
        return {}
    away = {"namespace": key.namespace} if key.namespace != route.owner.key.namespace else {}
    return {
        "externalAuth": {
            "protocol": "GRPC",
            "backendRef": {"name": services[0].text("name"), **away, "port": services[0].number("port")},
            **({"forwardBody": {"maxSize": size}} if size else {}),
            **({"failOpen": True} if fails_open else {}),
        }
    }

"""The annotations of an Ingress that is served as it is: what each comes to, and what closes the Ingress.

What an annotation means is what a conversion makes of it; the rows of `_OTHERWISE` are what is otherwise where nothing
is written: an Ingress alone cannot have the hosts of others, and what backends speak is asked of them at once.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from gatewayd.translator.nginx.aliases import MOST_LIVE, aliases
from gatewayd.translator.nginx.annotations import AnnotationEffect, NginxAnnotations, annotation_path
from gatewayd.translator.nginx.canaries import Canary, canary
from gatewayd.translator.nginx.destinations import Destination, destination
from gatewayd.translator.nginx.fates import Fate, Fidelity
from gatewayd.translator.nginx.known import OF_HOSTS, effects
from gatewayd.translator.nginx.paths import Rewriting, rewriting
from gatewayd.translator.nginx.redirects import Redirecting, redirecting
from gatewayd.translator.nginx.upstreams import HTTP2, SECURED, spoken_by_backends

_ALIASED: Final = "further hosts for the paths of this Ingress; other Ingresses of the host have to say so themselves"
_WITH_TLS: Final = "a BackendTLSPolicy for the Service says how backends are spoken to; without one they answer 500"


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveAnnotations:
    """What the annotations of one Ingress come to.

    `closing` are the protections among them that cannot be had: all its paths answer 500. `canary`: who gets it where
    another Ingress has its path; None for one that is none. `wants_http2`, `wants_tls` are what its backends speak.
    """

    written: NginxAnnotations
    effect: AnnotationEffect
    rewriting: Rewriting
    redirecting: Redirecting
    away: Destination
    fates: tuple[Fate, ...]
    closing: tuple[Fate, ...]
    canary: Canary | None
    wants_http2: bool
    wants_tls: bool

    @property
    def is_canary(self) -> bool:
        """Whether it shares the paths of another Ingress, and has none for itself."""
        return self.canary is not None

    @property
    def closes_hosts(self) -> bool:
        """Whether a protection of all paths of its hosts is lost, in other Ingresses too."""
        of_hosts = {annotation_path(name) for name in OF_HOSTS}
        return any(fate.path in of_hosts for fate in self.closing)

    @property
    def lost(self) -> tuple[Fate, ...]:
        """What cannot be had, and closes nothing."""
        return tuple(fate for fate in self.fates if fate.fidelity is Fidelity.LOST and fate not in self.closing)


def live(written: NginxAnnotations, *, strict: bool) -> LiveAnnotations:
    """Return what annotations come to; `strict`: one that nobody knows and that is called like a protection closes."""
    effect, read = effects(written)
    otherwise = {fate.path: fate for fate in _otherwise(written)}
    fates = tuple(otherwise.get(fate.path, fate) for fate in read)
    return LiveAnnotations(
        written=written,
        effect=effect,
        rewriting=rewriting(written),
        redirecting=redirecting(written),
        away=destination(written),
        fates=fates,
        closing=tuple(fate for fate in fates if fate.opens and (strict or not fate.guessed)),
        canary=canary(written),
        wants_http2=spoken_by_backends(written) in HTTP2,
        wants_tls=bool(effect.tls_name),
    )


def _otherwise(written: NginxAnnotations) -> Iterator[Fate]:
    """Yield the fates that annotations have other than in a conversion, whether they are written or not."""
    for name, why in _OTHERWISE.items():
        yield written.fate(name, Fidelity.LOST, why)
    names = aliases(written)
    if len(names) > MOST_LIVE:
        yield written.fate("server-alias", Fidelity.LOST, f"{len(names)} hosts; {MOST_LIVE} are served, write rules")
    elif len(names) == len(written.words("server-alias")):
        yield written.approximate("server-alias", _ALIASED)
    spoken = spoken_by_backends(written)
    if spoken in SECURED:
        yield written.fate("backend-protocol", Fidelity.MANUAL, _WITH_TLS)
    elif spoken in HTTP2:
        yield written.exact("backend-protocol", "backends are spoken to by HTTP/2")


_OTHERWISE: Final[Mapping[str, str]] = MappingProxyType(
    {
        "from-to-www-redirect": "hosts are those of rules; an HTTPRoute with a RequestRedirect may have the other",
    }
)

SECTIONS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "clients": ("allowlist-source-range", "whitelist-source-range", "denylist-source-range"),
        "basic": ("auth-type",),
        "externalAuth": ("auth-url",),
        "body": ("proxy-body-size",),
        "timeouts": ("proxy-read-timeout", "proxy-send-timeout"),
        "rateLimit": ("limit-rps", "limit-rpm"),
        "retry": ("proxy-next-upstream", "proxy-next-upstream-tries"),
        "connection": ("proxy-connect-timeout",),
    }
)
"""The annotations that a section of a policy is made of, by the section as manifests call it."""

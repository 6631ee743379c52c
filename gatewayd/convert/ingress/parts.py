"""An Ingress as the converter knows it, and what a host of all Ingresses together is."""

from dataclasses import dataclass

from gatewayd.convert.draft import HTTPS
from gatewayd.convert.ingress.shapes import WrittenBackend, WrittenIngress
from gatewayd.convert.source import SourceObject
from gatewayd.translator.nginx.annotations import AnnotationEffect, NginxAnnotations
from gatewayd.translator.nginx.canaries import Canary
from gatewayd.translator.nginx.destinations import SERVED, Destination
from gatewayd.translator.nginx.paths import Rewriting
from gatewayd.translator.nginx.redirects import CHALLENGES, Redirecting


@dataclass(frozen=True, slots=True, kw_only=True)
class IngressPart:
    """An Ingress with all that its annotations lead to; `nginx` is None for one of another controller.

    `closed` are the protections of it that are lost: its paths answer nobody. `closing_hosts` are those of them that
    were for all paths of its hosts, whoever has them. `aliases` are further names of its hosts; with `www` clients are
    sent to them from the name with or without `www.`. `away` is where all of its requests are redirected to; a `Canary`
    shares the paths of other Ingresses.
    """

    source: SourceObject
    ingress: WrittenIngress
    nginx: NginxAnnotations | None
    rewriting: Rewriting
    redirecting: Redirecting
    effect: AnnotationEffect
    closed: tuple[str, ...] = ()
    closing_hosts: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    www: bool = False
    away: Destination = SERVED
    canary: Canary | None = None

    @property
    def order(self) -> tuple[str, str]:
        """What it comes before others by: age, then "namespace/name"."""
        return (self.ingress.metadata.creation_timestamp, str(self.source.key))


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """A path of a host and where it goes; without a `backend`, nowhere: 404. `field` is where it was written.

    `rival` is the path of the canary that shares it.
    """

    part: IngressPart
    path: str
    exact: bool
    backend: WrittenBackend | None
    field: str
    rival: "Location | None" = None

    @property
    def is_written(self) -> bool:
        """Whether it is a path of a rule, and not what is left for no other path."""
        return ".http.paths[" in self.field


@dataclass(frozen=True, slots=True, kw_only=True)
class IngressHost:
    """A hostname, "" for any, with its paths; `secured` are the listeners for HTTPS that it has.

    `closed` are protections of all paths that are lost, each with the Ingress that has it. `is_alias`: it is a further
    name of another one.
    """

    name: str
    locations: tuple[Location, ...]
    secured: tuple[HTTPS, ...]
    closed: tuple[str, ...] = ()
    is_alias: bool = False

    @property
    def is_expression(self) -> bool:
        """Whether its paths are expressions."""
        return any(each.part.rewriting.is_expression(each.path) for each in self.locations)

    def tried(self, location: Location) -> str:
        """Return a path as nginx tries it where paths are expressions; "" for one that another always precedes.

        Of a prefix beside an exact path what is below it is tried, and then the exact path.
        """
        twins = [each for each in self.locations if each.path == location.path]
        is_first, part = location is twins[0], location.part
        if len(twins) == 1 or location.path == "/" or part.nginx is None:
            return location.path if is_first else ""
        if twins[0].exact or twins[0].part.rewriting.is_expression(location.path):
            return location.path if is_first else ""
        return location.path if location.exact else f"{location.path.rstrip('/')}/"

    @property
    def root(self) -> Location:
        """What becomes of requests that no other path is for."""
        return next(each for each in self.locations if each.path == "/" and not each.exact)

    @property
    def app_root(self) -> str:
        """Where requests for `/` are sent, "" for nowhere."""
        return next((root for each in self.locations if (root := each.part.redirecting.app_root)), "")

    def redirects(self, location: Location) -> bool:
        """Return whether requests for a path that come by HTTP are sent to HTTPS, where somebody answers."""
        redirecting = location.part.redirecting
        asked = (redirecting.to_https or redirecting.forced) and not location.path.startswith(CHALLENGES)
        return asked and bool(self.secured) and bool(self.name)

"""What ingress-nginx did with a request, by the configuration that it wrote: a model that shares no line with gatewayd.

A server for each host, its locations in the order of nginx, the phases of a request one after the other. What
docs/convert.md says that a conversion does otherwise is done so here, each place with the words "by the page".
https://nginx.org/en/docs/http/ngx_http_core_module.html#location
https://nginx.org/en/docs/dev/development_guide.html#http_phases
"""

import ipaddress
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final
from urllib.parse import urlsplit

from tests.round_trip.endings import NOBODY, SHUT, Answered, Ending, Probe, Reached, Sent
from tests.round_trip.generator import JSON, LOST, PREFIX, order

CATCH_ALL: Final = "_"
_TRUE: Final = ("1", "t", "T", "TRUE", "true", "True")
_FALSE: Final = ("0", "f", "F", "FALSE", "false", "False")
_CHALLENGES: Final = "/.well-known/acme-challenge"
_GROUP: Final = re.compile(r"\$([0-9])")
_OF_SERVERS: Final = ("auth-tls-secret", "server-snippet")
_STAYS: Final = {"ssl-redirect": "false"}
_OR_NOBODY: Final = Answered(statuses=(*SHUT.statuses, *NOBODY.statuses))


@dataclass(frozen=True, slots=True)
class Notes:
    """The annotations of an Ingress, by name."""

    values: dict[str, str] = field(default_factory=dict)

    def text(self, name: str) -> str:
        return self.values.get(name, "").strip()

    def says(self, name: str, *, otherwise: bool = False) -> bool:
        """Return a truth value as Go reads one; what is none counts for nothing."""
        return self.text(name) in _TRUE or (otherwise and self.text(name) not in _FALSE)

    @property
    def shuts(self) -> bool:
        """Whether a protection is among them that cannot be had; by the page its paths answer nobody."""
        return any(each.items() <= self.values.items() for each in LOST)

    @property
    def shuts_server(self) -> bool:
        """Whether such a one is for a whole server."""
        return any(name in self.values for name in _OF_SERVERS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Canary:
    """Who gets `backend`."""

    notes: Notes
    backend: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """A location of a server. `implied`: nobody wrote it, and it stands for what no other one is for."""

    notes: Notes
    path: str
    exact: bool
    backend: str
    owner: str = ""
    implied: bool = False
    canary: Canary | None = None

    @property
    def target(self) -> str:
        """What the path is rewritten to; "" where it stays, by the page for all that is below a target as well."""
        target = self.notes.text("rewrite-target")
        return "" if target in (self.path, self.path.rstrip("/")) else target

    @property
    def is_expression(self) -> bool:
        """Whether it makes all locations of its server expressions."""
        return bool(self.target) or self.notes.says("use-regex")


@dataclass(slots=True, kw_only=True)
class Server:
    """A host as nginx has it; `aliases` are further names of it."""

    name: str
    locations: list[Location]
    aliases: tuple[str, ...] = ()
    www: bool = False
    shut: bool = False
    certified: bool = False


class Nginx:
    """All Ingresses as one configuration."""

    def __init__(self, ingresses: Sequence[JSON]) -> None:
        ordered = [(each, _notes(each)) for each in sorted(ingresses, key=order)]
        stable = [(each, notes) for each, notes in ordered if not notes.says("canary")]
        self.servers = {CATCH_ALL: Server(name=CATCH_ALL, locations=[_catch_all(stable)])}
        for ingress, notes in stable:
            self._add(ingress, notes)
        for ingress, notes in ordered:
            if notes.says("canary"):
                self._share(ingress, notes)
        for server in self.servers.values():
            by_name = sorted(server.locations, key=lambda each: each.path, reverse=True)
            server.locations = list(_split(sorted(by_name, key=lambda each: -len(each.path))))
        self._certify(stable)

    def _add(self, ingress: JSON, notes: Notes) -> None:
        owner = ingress["metadata"]["name"]
        for rule in ingress["spec"].get("rules", ()):
            host = rule.get("host", CATCH_ALL)
            default = ingress["spec"].get("defaultBackend")
            rest = _service(ingress, default) if default else ""
            root = Location(notes=notes, path="/", exact=False, backend=rest, owner=owner, implied=True)
            server = self.servers.setdefault(host, Server(name=host, locations=[root]))
            server.aliases = server.aliases or _aliases(notes)
            server.shut = server.shut or notes.shuts_server
            for path in rule.get("http", {}).get("paths", ()):
                exact = path["pathType"] == "Exact"
                made = Location(
                    notes=notes,
                    path=path.get("path", "/"),
                    exact=exact,
                    backend=_service(ingress, path["backend"]),
                    owner=owner,
                )
                if _placed(server.locations, made):
                    server.www = server.www or notes.says("from-to-www-redirect")

    def _share(self, ingress: JSON, notes: Notes) -> None:
        """Let a canary share the path that it has in common; by the page no other that leads to the same Service."""
        for rule in ingress["spec"]["rules"]:
            server = self.servers.get(rule.get("host", CATCH_ALL))
            for path in rule["http"]["paths"]:
                canary = Canary(notes=notes, backend=_service(ingress, path["backend"]))
                wanted = path.get("path", ""), path["pathType"] == "Exact"
                for at, each in enumerate(server.locations if server is not None else ()):
                    same = (each.path, each.exact) == (wanted[0] or "/", wanted[1])
                    if same and each.backend and each.canary is None and server is not None:
                        server.locations[at] = replace(each, canary=canary)

    def _certify(self, stable: list[tuple[JSON, Notes]]) -> None:
        """Note which servers have a certificate; by the page what answered with one that nobody trusts does not."""
        for ingress, _ in stable:
            for entry in ingress["spec"].get("tls", ()):
                for rule in ingress["spec"].get("rules", ()):
                    host = rule.get("host", CATCH_ALL)
                    listed = entry["hosts"]
                    if host in listed or f"*.{host.partition('.')[2]}" in listed:
                        self.servers[host].certified = True

    def server(self, host: str) -> Server:
        """Return who is for a host: by its name, by a further name, by a wildcard for one label; else the rest."""
        for name in (host.lower(), _wildcard(host.lower())):
            if name in self.servers:
                return self.servers[name]
            for _, each in sorted(self.servers.items()):
                if name in each.aliases:
                    return each
        return self.servers[CATCH_ALL]

    def is_secured(self, host: str) -> bool:
        """Return whether there is a certificate for a host: of its server, or of a wildcard."""
        names = (host.lower(), _wildcard(host.lower()))
        return any(name in self.servers and self.servers[name].certified for name in names)

    def answer(self, probe: Probe) -> Ending | None:
        """Return what becomes of a request, in the order of nginx's phases."""
        twin = self._twin(probe)
        if twin is not None:
            return twin
        server = self.server(probe.host)
        path = probe.path.partition("?")[0]
        roots = (each.notes.text("app-root") for each in server.locations)
        root = next(filter(None, roots), "") if path == "/" else ""
        if root:
            return Sent(status=302, location=f"{probe.scheme}://{probe.host}{root}")
        found = _location(server, path)
        if isinstance(found, str):
            return Sent(status=301, location=f"{probe.scheme}://{probe.host}{found}")
        if found is None:
            return NOBODY
        if self._is_left_out(probe.host) or _is_told_by_name(server, found, path):
            return None
        return self._at(found, probe, shut=server.shut)

    def _is_left_out(self, host: str) -> bool:
        """Return whether a wildcard that is a further name is for a host: by the page it is no name of one."""
        names = (alias for server in self.servers.values() for alias in server.aliases if alias.startswith("*."))
        return any(host.lower().endswith(name.removeprefix("*")) for name in names)

    def _twin(self, probe: Probe) -> Ending | None:
        """Return the redirect from the name with or without `www.` that no server has."""
        host = probe.host.lower()
        other = host.removeprefix("www.") if host.startswith("www.") else f"www.{host}"
        server = self.servers.get(other)
        if host in self.servers or server is None or not server.www or other == CATCH_ALL:
            return None
        return Sent(status=308, location=f"{probe.scheme}://{other}{probe.path}")

    def _at(self, at: Location, probe: Probe, *, shut: bool) -> Ending | None:
        notes = at.notes
        if notes.shuts or shut:
            return SHUT if at.backend else _OR_NOBODY
        away = _away(notes, probe)
        if away is not None:
            return away
        wants = notes.says("ssl-redirect", otherwise=True) or notes.says("force-ssl-redirect")
        if wants and probe.scheme == "http" and not at.path.startswith(_CHALLENGES) and self.is_secured(probe.host):
            return Sent(status=308, location=f"https://{probe.host}{probe.path}")
        # Who may not come in where nobody is is told so by nginx, and that nobody is there by us.
        return _let_in(at, probe) if at.backend else NOBODY


def _catch_all(stable: list[tuple[JSON, Notes]]) -> Location:
    """Return what is left for nobody else: the first default backend without rules, whose redirects do not count."""
    for ingress, notes in stable:
        spec = ingress["spec"]
        if not spec.get("rules") and "defaultBackend" in spec:
            kept = {
                name: text
                for name, text in notes.values.items()
                if not any(word in name for word in ("rewrite", "redirect", "app-root", "use-regex"))
            }
            backend = _service(ingress, spec["defaultBackend"])
            return Location(notes=Notes(kept | _STAYS), path="/", exact=False, backend=backend, implied=True)
    return Location(notes=Notes(_STAYS), path="/", exact=False, backend="", implied=True)


def _notes(ingress: JSON) -> Notes:
    written = ingress["metadata"].get("annotations", {})
    return Notes({name.removeprefix(PREFIX): text for name, text in written.items() if name.startswith(PREFIX)})


def _service(ingress: JSON, backend: Any) -> str:
    return f"{ingress['metadata']['namespace']}/{backend['service']['name']}"


def _aliases(notes: Notes) -> tuple[str, ...]:
    return tuple(sorted({each.strip().lower() for each in notes.text("server-alias").split(",") if each.strip()}))


def _wildcard(host: str) -> str:
    label, _, parent = host.partition(".")
    return f"*.{parent}" if re.fullmatch(r"[\w-]+", label) and parent else ""


def _placed(locations: list[Location], made: Location) -> bool:
    """Put a location in its place: for what nobody wrote, or behind all; one that is there already counts."""
    first = next((at for at, each in enumerate(locations) if each.path == made.path), None)
    if first is None or locations[first].exact != made.exact:
        locations.append(made)
        return True
    if locations[first].implied:
        locations[first] = made
        return True
    return False


def _split(locations: list[Location]) -> Iterator[Location]:
    """Yield the locations as nginx gets them: a prefix is what is below it, and itself where nobody else is."""
    exact = {each.path for each in locations if each.exact}
    for each in locations:
        if each.path == "/" or each.exact or each.is_expression:
            yield each
            continue
        yield replace(each, path=f"{each.path.rstrip('/')}/")
        if each.path not in exact:
            yield replace(each, exact=True)


def _location(server: Server, path: str) -> Location | str | None:
    """Return the location of a path, or the path with a slash that a client is sent to."""
    if any(each.is_expression for each in server.locations):
        return next((each for each in server.locations if re.search(f"^{each.path}", path, re.IGNORECASE)), None)
    same = next((each for each in server.locations if each.exact and each.path == path), None)
    if same is not None:
        return same
    if any(each.path == f"{path}/" for each in server.locations):
        return f"{path}/"
    below = [each for each in server.locations if not each.exact and path.startswith(each.path)]
    return max(below, key=lambda each: len(each.path), default=None)


def _is_told_by_name(server: Server, found: Location, path: str) -> bool:
    """Return whether an expression of another Ingress is as long, which by the page counts by the Ingress's name."""
    if not any(each.is_expression for each in server.locations):
        return False
    length = len(found.path.rstrip("/"))
    rivals = (e for e in server.locations if len(e.path.rstrip("/")) == length and e.owner != found.owner)
    return any(re.search(f"^{each.path}", path, re.IGNORECASE) for each in rivals)


def _away(notes: Notes, probe: Probe) -> Ending | None:
    for name, status in (("temporal-redirect", 302), ("permanent-redirect", 301)):
        target = notes.text(name)
        if target:
            kept = target.endswith("$request_uri")
            location = target.removesuffix("$request_uri") + (probe.path if kept else "")
            whole = location if urlsplit(location).path else f"{location}/"
            return Sent(status=int(notes.text(f"{name}-code") or status), location=whole)
    return None


def _lets_in(notes: Notes, client: str) -> bool:
    if not client:
        return True
    allowed, denied = (
        [ipaddress.ip_network(each.strip()) for each in notes.text(f"{word}-source-range").split(",") if each.strip()]
        for word in ("whitelist", "denylist")
    )
    address = ipaddress.ip_address(client)
    inside = any(address in each for each in allowed)
    return not any(address in each for each in denied) and (inside or not allowed)


def _let_in(at: Location, probe: Probe) -> Ending | None:
    if "?" in at.target:
        return SHUT  # by the page: a rewrite that adds to the query answers 500
    if not _lets_in(at.notes, probe.client):
        return Answered(statuses=(403,))
    if at.notes.text("auth-type") == "basic" and not probe.password:
        return Answered(statuses=(401,))
    return _passed_on(at, probe)


def _passed_on(at: Location, probe: Probe) -> Ending | None:
    notes, (path, mark, query) = at.notes, probe.path.partition("?")
    if at.target:
        found = re.search(at.path, path, re.IGNORECASE)
        groups = dict(enumerate((found[0], *found.groups()))) if found is not None else {}
        written = _GROUP.sub(lambda group: groups.get(int(group[1])) or "", at.target)
        path = written if written.startswith("/") else f"/{written}"
    told = []
    if "configuration-snippet" in notes.values:
        told += [("x-seen", "yes"), ("x-told", "yes")]
    if at.target and notes.text("x-forwarded-prefix"):
        told.append(("x-forwarded-prefix", notes.text("x-forwarded-prefix")))
    return Reached(
        shares=_shares(at, probe),
        path=f"{path}{mark}{query}",
        host=notes.text("upstream-vhost") or probe.host,
        told=tuple(sorted(told)),
    )


def _shares(at: Location, probe: Probe) -> tuple[tuple[str, int], ...]:
    if at.canary is None:
        return ((at.backend, 1000),)
    notes, sent = at.canary.notes, dict(probe.headers)
    chosen = _chosen(notes, sent)
    total = max(int(notes.text("canary-weight-total") or 100), 100)
    weight = int(notes.text("canary-weight") or 0) if chosen is None else total * chosen
    parts = {at.backend: total - weight, at.canary.backend: weight}
    return tuple(sorted((name, round(1000 * part / total)) for name, part in parts.items() if part))


def _chosen(notes: Notes, sent: dict[str, str]) -> bool | None:
    """Return whether a header, or else a cookie, says who gets a request."""
    header = sent.get(notes.text("canary-by-header"))
    value, pattern = notes.text("canary-by-header-value"), notes.text("canary-by-header-pattern")
    if header is not None:
        if value or pattern:
            if header == value or (pattern and re.search(pattern, header)):
                return True
        elif header in ("always", "never"):
            return header == "always"
    cookies = dict(each.strip().partition("=")[::2] for each in sent.get("cookie", "").split(";"))
    cookie = cookies.get(notes.text("canary-by-cookie"))
    return cookie == "always" if cookie in ("always", "never") else None

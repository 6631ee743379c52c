"""Drawn Ingresses before their judge: what they are converted to does what a model of their controllers did."""

import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, partial
from typing import Final, NamedTuple

import yaml

from gatewayd.cli.offline import translated_texts
from gatewayd.convert.conversion import Conversion, conversion
from gatewayd.convert.draft import GatewayTarget
from gatewayd.convert.stand_ins import StandInCertificate, stand_ins
from gatewayd.explain.action import Direct, Forwarded, Redirected
from gatewayd.explain.request import Answered as AnsweredEarly
from gatewayd.explain.request import Sent as Asked
from gatewayd.explain.trace import Taken, Translated, Untaken, traces
from gatewayd.identity.certificates import Subject, issue, make_ca
from gatewayd.ir.filters import Header
from gatewayd.manifests.documents import parse_file
from tests.round_trip import plain
from tests.round_trip.endings import NOBODY, Answered, Answering, Ending, Probe, Reached, Sent, followed, is_same
from tests.round_trip.generator import JSON, NAMESPACES, USERS, Drawn
from tests.round_trip.nginx import Nginx

HTPASSWD: Final = "ann:{SHA}NWoZK3kTsExUV00Ywo1G5jlUKKs="
PASSWORD: Final = ("authorization", "Basic YW5uOjE=")
"""The user `ann` with the password 1."""
_TOLD: Final = ("x-seen", "x-told", "x-forwarded-prefix")
_SET: Final = re.compile(r"(?:set|add) (?:request|response) header (\S+): (.*)")
_CLIENTS: Final = ("10.1.2.3", "10.9.9.9", "192.0.2.7")
MOST_PROBES: Final = 160


class Disagreement(NamedTuple):
    """A request that ended somewhere, and ends elsewhere."""

    probe: Probe
    before: Ending
    after: Ending

    def __str__(self) -> str:
        return f"{self.probe}: was {self.before}, is {self.after}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """How many requests were asked, how many of them could be compared, and those that differ."""

    asked: int
    compared: int
    wrong: tuple[Disagreement, ...]


def converted(drawn: Drawn, http: int, https: int) -> Conversion:
    """Convert what was drawn, for a Gateway infra/edge."""
    target = GatewayTarget(namespace="infra", name="edge", class_name="gatewayd", http_port=http, https_port=https)
    text = "---\n".join(map(yaml.safe_dump, drawn.documents))
    return conversion(parse_file("drawn.yaml", text.encode()).documents, target, open_all=False)


def controllers(drawn: Drawn) -> Answering:
    """Return the model of who served the Ingresses."""
    return Nginx(drawn.ingresses).answer if drawn.nginx else plain.PlainController(drawn.ingresses).answer


def judged(drawn: Drawn, served: Drawn | None = None) -> Judged:
    """Compare the model with what `explain` says of what is converted: the same Ingresses, or those `served`."""
    objects = converted(drawn if served is None else served, 80, 443).objects
    return compared(drawn, controllers(drawn), explaining(objects))


def explaining(objects: Sequence[JSON]) -> Answering:
    """Return what `explain` says of objects, with what they refer to."""
    texts = [yaml.safe_dump(each) for each in (*objects, *stand_ins(objects, certificate()))]
    translation = translated_texts({"converted.yaml": "---\n".join(texts).encode()})
    return partial(explained, Translated.of(translation.engine, translation.reconciler.configs))


def compared(drawn: Drawn, before: Answering, after: Answering) -> Judged:
    """Ask both the same."""
    asked, wrong, known = probes(drawn), [], 0
    for probe in asked:
        old = followed(probe, before)
        if old is None:
            continue
        new, known = followed(probe, after), known + 1
        if new is None or not is_same(old, new):
            wrong.append(Disagreement(probe, old, new if new is not None else NOBODY))
    return Judged(asked=len(asked), compared=known, wrong=tuple(wrong))


@cache
def certificate() -> StandInCertificate:
    """Return the one that stands for all."""
    now = datetime.now(UTC)
    pair = issue(make_ca(now), Subject(common_name="stand-in", dns_names=("stand-in.example",), uris=()), now)
    return StandInCertificate(certificate=pair.certificate, key=bytes(pair.key))


def passwords() -> Iterator[JSON]:
    """Yield the Secrets of those who may come in, as the report asks for them."""
    for namespace in NAMESPACES:
        metadata = {"name": USERS, "namespace": namespace}
        yield {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": {".htpasswd": HTPASSWD}}


# --- what the objects do -----------------------------------------------------------------------------------------


def explained(translated: Translated, probe: Probe) -> Ending:
    """Return what `explain` says of a request."""
    sent = Asked(
        scheme=probe.scheme,
        method="GET",
        host=probe.host,
        target=probe.path,
        headers=tuple(Header(name=name, value=value) for name, value in probe.headers),
        client=probe.client,
    )
    at_ports = traces(translated, sent, None)
    end = at_ports[0].end if at_ports else Untaken(status=404, why="no listener")
    match end:
        case Taken(happening=Forwarded() as forwarded):
            return _reached(forwarded, probe)
        case Taken(happening=Redirected(status=status, location=location)):
            return Sent(status=status, location=location)
        case AnsweredEarly(status=status, location=location) if location:
            return Sent(status=status, location=location)
        case Taken(happening=Direct(status=status)) | Untaken(status=status) | AnsweredEarly(status=status):
            return Answered(statuses=(status,))
        case _:
            return Answered(statuses=(0,))


def _reached(forwarded: Forwarded, probe: Probe) -> Ending:
    parts: dict[str, float] = {}
    changes: dict[str, str] = {}
    for share in forwarded.shares:
        if any("else a 401" in each for each in share.changes) and not probe.password:
            return Answered(statuses=(401,))
        name = share.backend.partition(" ")[2].rpartition(":")[0] or share.backend
        parts[name] = parts.get(name, 0) + share.part
        changes |= {found[1].lower(): found[2] for each in share.changes if (found := _SET.fullmatch(each))}
    return Reached(
        shares=tuple(sorted((name, round(1000 * part)) for name, part in parts.items() if part)),
        path=forwarded.shares[0].path,
        host=forwarded.shares[0].host,
        told=tuple(sorted((name, text) for name, text in changes.items() if name in _TOLD)),
    )


# --- what is asked -----------------------------------------------------------------------------------------------

_FILLED: Final = (("(/|$)", "/"), ("(.*)", "z"), (".*", "z"), ("([0-9]+)", "7"), ("[0-9]+", "7"), ("(a|b)", "b"))


def probes(drawn: Drawn) -> tuple[Probe, ...]:
    """Return requests at the edges of what was drawn; of many, some, the same ones for each number."""
    everything = tuple(dict.fromkeys(_probes(drawn)))
    if len(everything) <= MOST_PROBES:
        return everything
    return tuple(random.Random(drawn.seed).sample(everything, MOST_PROBES))  # noqa: S311 - it must repeat


def _probes(drawn: Drawn) -> Iterator[Probe]:
    rules = [rule for each in drawn.ingresses for rule in each["spec"].get("rules", ())]
    notes = [each["metadata"].get("annotations", {}) for each in drawn.ingresses]
    paths = tuple(dict.fromkeys(edge for rule in rules for path in _paths(rule) for edge in _edges(path)))
    is_secured = Nginx(drawn.ingresses).is_secured
    variants = tuple(_variants(notes))
    for host in dict.fromkeys(_hosts(rules, notes)):
        for path in ("/", "/other", *paths):
            for scheme in ("http", "https") if is_secured(host) else ("http",):
                for variant in variants:
                    yield variant(Probe(scheme=scheme, host=host, path=path))


def _paths(rule: JSON) -> Iterator[str]:
    yield from (path.get("path", "/") for path in rule.get("http", {}).get("paths", ()))


def _edges(path: str) -> Iterator[str]:
    for written, text in _FILLED:
        path = path.replace(written, text)
    for each in path.split("|"):
        bare = each.rstrip("/")
        around = (each, bare, f"{bare}/", f"{bare}/z", f"{bare}z", f"{bare}/z/", each.upper(), each[:-1])
        yield from (edge for edge in around if edge.startswith("/"))


def _hosts(rules: Sequence[JSON], notes: Sequence[JSON]) -> Iterator[str]:
    yield "nobody.test"
    names = [rule.get("host", "nobody.test") for rule in rules]
    names += [name.strip() for each in notes for text in _aliases(each) for name in text.split(",")]
    for name in names:
        parent = name.removeprefix("*.")
        yield from ((f"a.{parent}", f"a.b.{parent}", parent) if name != parent else (name, name.upper(), f"www.{name}"))
        yield f"z.{parent}"


def _aliases(notes: JSON) -> Iterator[str]:
    yield from (text for name, text in notes.items() if name.endswith("/server-alias"))


def _variants(notes: Sequence[JSON]) -> Iterator[Callable[[Probe], Probe]]:
    names = " ".join(name for each in notes for name in each)
    yield _as_it_is
    if "source-range" in names:
        yield from (partial(_with, client=each) for each in _CLIENTS)
    if "auth-type" in names:
        yield partial(_with, password=True)
    if "canary-by" in names:
        yield from (partial(_with, headers=(("env", each),)) for each in ("always", "never", "new", "else"))
        yield from (partial(_with, headers=(("cookie", f"a=b; env={each}"),)) for each in ("always", "never", "x"))


def _as_it_is(probe: Probe) -> Probe:
    return probe


def _with(
    probe: Probe, *, client: str = "", password: bool = False, headers: tuple[tuple[str, str], ...] = ()
) -> Probe:
    return Probe(
        scheme=probe.scheme, host=probe.host, path=probe.path, client=client, password=password, headers=headers
    )

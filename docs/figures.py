"""Writes docs/figures.md, and README's part of it, from what was measured: `python docs/figures.py`.

In: bench/results/*.json and conformance/reports/scenarios.json. Out: tables whose every number is read from there,
with the commit that it is of. tests/unit/docs/test_figures.py fails when a page is stale.
`python docs/figures.py --check` says which results are of another gatewayd/ than that on the disk, and exits with 1.
"""  # noqa: INP001 - a program beside the file that it writes, no package

import json
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

ROOT: Final = Path(__file__).parents[1]
PAGE: Final = Path(__file__).with_name("figures.md")
README: Final = ROOT / "README.md"
BEGINS: Final = "<!-- figures: made by `python docs/figures.py`; do not edit -->\n"
ENDS: Final = "<!-- /figures -->\n"

MISSING: Final = "not measured"
_GATEWAYD: Final = "gatewayd"
_OTHER: Final = "envoy-gateway"

_HEAD: Final = """\
# Figures

Made by `python docs/figures.py` from bench/results/ and conformance/reports/; do not edit.

On 2 cores, CPython 3.11, Envoy 1.40.0; API server, proxies and clients of a measurement share them. Expect other
numbers elsewhere: where these were measured on 2026-11-30, Python took 2.4 times as long as where those of `86b49e6`
were; that commit, measured again, took 0.53 ms a route and 1.13 ms a change. `of` is the commit that was measured:
`python docs/figures.py --check` says which of them had another `gatewayd/` than this tree. A bar that is missed makes
the command in the last column exit with 1; `make nightly` runs them all and writes down what came of it, night by
night.
"""


_GOALS_HEAD: Final = """\
## Goals of pace

Set when the first of these were measured, on a machine 2.4 times as fast as that of most figures above, and kept.
Numbers in the last column are of [decisions](decisions/README.md).
"""


class Absent(Exception):  # noqa: N818 - no error: what it is about is not measured yet
    """There is no such result."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """A measurement: its rows or figures, and the code that it is of."""

    commit: str
    gatewayd: str
    rows: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A row of the page. `source` names a result as `bench/translation`, `peers/churn` or `scenarios/restart`."""

    what: str
    source: str
    text: Callable[[Result], str]
    again: str
    is_short: bool = False


def results() -> dict[str, Result]:
    """Read every result that there is."""
    bench = json.loads((ROOT / "bench/results/latest.json").read_text(encoding="utf-8"))
    peers = json.loads((ROOT / "bench/results/peers.json").read_text(encoding="utf-8"))
    scenarios = json.loads((ROOT / "conformance/reports/scenarios.json").read_text(encoding="utf-8"))
    return {
        **{f"bench/{name}": _result(each, "rows") for name, each in bench.items()},
        **{f"peers/{name}": _result(each, "rows") for name, each in peers.items()},
        **{f"scenarios/{each['name']}": _result(each, "figures") for each in scenarios["scenarios"]},
    }


def _result(of: dict[str, Any], rows: str) -> Result:
    return Result(commit=of.get("commit", "")[:7], gatewayd=of.get("gatewayd", ""), rows=tuple(of[rows]))


def row(of: Result, **where: object) -> dict[str, Any]:
    """Return the row with these values; raises Absent."""
    for each in of.rows:
        if all(each.get(key) == value for key, value in where.items()):
            return each
    raise Absent(where)


def peer(of: Result, case: str, name: str, metric: str) -> float:
    """Return the median of a metric; `case` is the beginning of its name."""
    for each in of.rows:
        if each["case"].startswith(case) and each["peer"] == name and each["metric"] == metric:
            return float(each["median"])
    raise Absent(metric)


def seen(of: Result, what: str) -> float:
    """Return a figure of a scenario."""
    return float(row(of, what=what)["value"])


def number(value: float) -> str:
    """Return a number as people write it: about three digits."""
    if value == int(value) or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2g}"


# --- what is said of each ----------------------------------------------------------------------------------------


def _cold(of: Result) -> str:
    return f"{number(row(of, routes=5_000)['cold_cpu_ms_per_route'])} ms of CPU a route"


def _change(of: Result) -> str:
    found = [row(of, routes=routes) for routes in (100, 5_000, 50_000)]
    times = "; ".join(number(each["change_cpu_ms_median"]) for each in found)
    queries = max(each["change_queries_median"] for each in found)
    return f"{times} ms of CPU, {queries:g} queries"


def _fanout(of: Result) -> str:
    found = row(of, clients=1_000, routes=5_000)
    last, worst = found["last_client_has_it_s_median"], found["last_client_has_it_s_max"]
    cpu, sent = number(found["server_cpu_ms_per_client"]), number(found["bytes_per_client"])
    return f"{number(last)} s (worst {number(worst)} s), {cpu} ms of server CPU and {sent} bytes each"


def _connect(of: Result) -> str:
    found = row(of, clients=1_000, routes=5_000)
    return f"{number(found['all_connected_s'])} s, {number(found['rss_mib'])} MiB"


def _caches(of: Result) -> str:
    case, metric = "1,000 clients, 5,000 routes", "one change: last client has it"
    caches = ("SnapshotCache", "LinearCache", "SnapshotCache, one table", "LinearCache, one table")
    found = [f"{name} {number(peer(of, case, name, metric))} s" for name in caches if _has(of, case, name, metric)]
    return "; ".join((f"gatewayd {number(peer(of, case, _GATEWAYD, metric))} s", *found))


def _has(of: Result, case: str, name: str, metric: str) -> bool:
    try:
        peer(of, case, name, metric)
    except Absent:
        return False
    return True


def _large_host(of: Result) -> str:
    found = row(of, rules=5_000)
    return f"{number(found['tree_last_us'])} us, {number(found['list_last_us'])} us"


def _access_log(of: Result) -> str:
    [found] = of.rows
    return f"{number(found['usual_line_us'])} us, {number(found['full_line_us'])} us of Envoy's CPU"


def _same_policies(of: Result) -> str:
    case = "the same objects and requests"
    alike, asked, apart, untold = (
        number(peer(of, case, _GATEWAYD, metric))
        for metric in (
            "objects with the same answers",
            "objects",
            "objects with answers that differ",
            "differences that the page does not tell of",
        )
    )
    return f"{alike} of {asked} objects have the same answers, {apart} others, of which {untold} are not told"


def _listener_sets(of: Result) -> str:
    found = row(of, listener_sets=2_500, routes_each=1)
    return f"{number(found['cold_cpu_s'])} s; {number(found['route_edit_cpu_ms'])} ms of CPU"


def _page(of: Result) -> str:
    most = row(of, routes=5_000)
    return (
        f"{most['first_page_ms']:.0f} ms, {most['edit_ms_median']:.0f} ms; "
        f"the event loop held for {most['edit_holds_ms']:.0f} ms"
    )


def _paint(of: Result) -> str:
    most = row(of, routes=5_000)
    return f"{most['first_paint_ms_median']:.0f} ms, {most['edit_shown_ms_median']:.0f} ms"


def _memory(of: Result) -> str:
    found = of.rows[-1]
    stages = (number(found[each]) for each in ("started_mib", "translated_mib", "given_back_mib"))
    return "{}, {}, {} MiB; ".format(*stages) + f"{number(found['growth_percent'])} % over 2,700 changes"


def _mesh_memory(of: Result) -> str:
    few, own = row(of, ports=2_000, backends=20), row(of, ports=2_000, backends=2_000)
    envoy = f"{number(few['envoy_rss_mib'])}, {number(own['envoy_rss_mib'])} MiB"
    each = f"{number(few['envoy_kib_a_port'])}, {number(own['envoy_kib_a_port'])} KiB a port"
    return f"{envoy}, {each}; {number(few['agent_rss_mib'])} MiB; {number(few['control_plane_rss_mib'])} MiB"


def _mesh_change(of: Result) -> str:
    found = row(of, ports=2_000, backends=20)
    envoy, agent = found["change_envoy_cpu_ms_median"], found["change_agent_cpu_ms_median"]
    return f"{number(envoy)} ms of Envoy's CPU, {number(agent)} ms of the agent's"


def _mesh_fanout(of: Result) -> str:
    found = row(of, nodes=100)
    cpu, sent = number(found["server_cpu_ms_per_client"]), number(found["bytes_per_client"])
    return f"{number(found['last_client_has_it_s_median'])} s, {cpu} ms of server CPU and {sent} bytes each"


def _mesh_hop(of: Result) -> str:
    [found] = of.rows
    added = (number(found[f"kept_added_us_p{share}"]) for share in (50, 99))
    return "{}, {} us; ".format(*added) + f"{number(found['kept_envoy_cpu_us'])} us of Envoy's CPU"


def _probe(name: str) -> Callable[[Result], str]:
    def text(of: Result) -> str:
        case = "route probe, 3,000 routes"
        first, last, wrong, routes = (
            number(peer(of, case, name, metric)) for metric in ("first tenth", "last tenth", "wrong answers", "routes")
        )
        return f"{first} ms, {last} ms; {wrong} wrong answers over {routes} routes"

    return text


def _churn(name: str) -> Callable[[Result], str]:
    def text(of: Result) -> str:
        cpu = peer(of, "steady state", name, "control plane: CPU")
        rss = peer(of, "steady state", name, "control plane: RSS, steady")
        return f"{cpu:.3f} cores; {number(rss)} MiB"

    return text


def _envoy_memory(of: Result) -> str:
    pairs = [
        ", ".join(
            number(peer(of, f"Envoy's cost, 5,000 routes, {count} ", name, "Envoy: RSS")) for count in ("1", "5,000")
        )
        for name in (_GATEWAYD, _OTHER)
    ]
    return "{} MiB; {} MiB".format(*pairs)


def _switches(of: Result) -> str:
    case = "route changes under load"
    wrong, asked = (
        [number(peer(of, case, name, metric)) for name in (_GATEWAYD, _OTHER)]
        for metric in ("wrong answers", "requests")
    )
    return f"{wrong[0]} wrong of {asked[0]}; {wrong[1]} of {asked[1]}"


def _failed(of: Result) -> str:
    return f"{number(seen(of, 'failed requests'))} of {number(seen(of, 'requests'))} requests failed"


def _wrong(of: Result) -> str:
    return f"{number(seen(of, 'wrong answers'))} wrong of {number(seen(of, 'requests'))} answers"


def _mesh(of: Result) -> str:
    lost, last = (seen(of, f"Envoy killed: {what}") for what in ("requests lost", "the last request lost, after"))
    gone = f"{number(lost)} lost, within {number(last)} s of 2 kills of the Envoy" if lost else "none lost"
    return f"{_wrong(of)}; {gone}"


def _history(of: Result) -> str:
    breaches = sum(each["value"] for each in of.rows if each["what"].startswith("G"))
    return f"{number(breaches)} breaches of 12 guarantees in {number(seen(of, 'events'))} events"


def _soak(of: Result) -> str:
    replica, proxy = (
        number(seen(of, f"resident bytes of a {which}: growth after the warm-up")) for which in ("replica", "proxy")
    )
    writes = (number(seen(of, f"writes of {what}")) for what in ("routes", "endpoints"))
    return (
        "{} writes of routes, {} of endpoints; ".format(*writes) + f"{replica}, {proxy} MiB more of a replica, a proxy"
    )


def _members(of: Result) -> str:
    lost = number(seen(of, "failed requests that began after they were dead"))
    took, cut = seen(of, "until all requests went where they should, longest"), seen(of, _CUT)
    changed = number(seen(of, "resources changed"))
    return f"{number(took)} s, {lost} failed requests; {changed} resources changed in {number(cut)} s"


def _provisioning(of: Result) -> str:
    return f"{number(seen(of, 'apply to first right answer, median'))} s"


def _leader(of: Result) -> str:
    return f"after {number(seen(of, 'leader killed: another writes after'))} s"


def _statuses(of: Result) -> str:
    each, gateway = (seen(of, what) for what in ("status writes of a route, most", "status writes of the Gateway"))
    return f"{number(each)} status write each, {number(gateway)} for the Gateway"


_BENCH: Final = "make bench"
_CUT: Final = "cut for, each replica restarted meanwhile"
FIGURES: Final = (
    Figure(
        what="cold translation of 5,000 HTTPRoutes, to bytes ready",
        source="bench/translation",
        text=_cold,
        again=_BENCH,
    ),
    Figure(
        what="one route changed among 100; 5,000; 50,000",
        source="bench/translation",
        text=_change,
        again=_BENCH,
        is_short=True,
    ),
    Figure(what="that change to all of 1,000 proxies", source="bench/fanout", text=_fanout, again=_BENCH),
    Figure(what="1,000 proxies connect at 5,000 routes", source="bench/fanout", text=_connect, again=_BENCH),
    Figure(
        what="one change to 1,000 proxies beside go-control-plane's caches",
        source="peers/fanout",
        text=_caches,
        again="make bench-peers CASE=fanout",
    ),
    Figure(
        what="the last of 5,000 rules under one host: Envoy's CPU a request, as a tree, as a list",
        source="bench/largehost",
        text=_large_host,
        again=_BENCH,
    ),
    Figure(
        what="a line of the access log for each request: as it is unasked, with all fields",
        source="bench/access_log",
        text=_access_log,
        again="make bench NAMES=access_log",
    ),
    Figure(
        what="2,500 ListenerSets with hostnames of their own, cold; one route edited",
        source="bench/listenersets",
        text=_listener_sets,
        again=_BENCH,
    ),
    Figure(
        what="the page of 5,000 routes: until it is there, until an edit is",
        source="bench/page",
        text=_page,
        again="make bench NAMES=page",
    ),
    Figure(
        what="the same in Chromium: until it is painted, until an edit is on the screen",
        source="bench/paint",
        text=_paint,
        again="make bench NAMES=paint",
    ),
    Figure(
        what="a replica's memory when started, with 5,000 routes, Services and slices, after their deletion",
        source="bench/memory",
        text=_memory,
        again=_BENCH,
    ),
    Figure(
        what="a node of a mesh with 2,000 routed Service ports, to 20 backends, to 2,000: Envoy; agent; control plane",
        source="bench/mesh",
        text=_mesh_memory,
        again="make bench NAMES=mesh",
    ),
    Figure(
        what="one of these routes changed, on that node",
        source="bench/mesh",
        text=_mesh_change,
        again="make bench NAMES=mesh",
    ),
    Figure(
        what="the same change to 100 nodes",
        source="bench/mesh_fanout",
        text=_mesh_fanout,
        again="make bench NAMES=mesh_fanout",
    ),
    Figure(
        what="the hop through a node's proxy beside a plain Service: p50, p99; CPU a request",
        source="bench/mesh_hop",
        text=_mesh_hop,
        again="make bench NAMES=mesh_hop",
    ),
    Figure(
        what="from `kubectl apply` of a Gateway to the first 200 through its new Envoy",
        source="scenarios/provisioning",
        text=_provisioning,
        again="make scenarios TEST=provisioning",
        is_short=True,
    ),
    Figure(
        what="3,000 new routes one by one, each asked every 5 ms: first tenth, last tenth",
        source="peers/probe",
        text=_probe(_GATEWAYD),
        again="make bench-peers CASE=probe",
        is_short=True,
    ),
    Figure(
        what="Envoy Gateway 1.9.0 in the same cluster, in the 10 minutes it was given",
        source="peers/probe",
        text=_probe(_OTHER),
        again="make bench-peers CASE=probe",
        is_short=True,
    ),
    Figure(
        what="5,000 routes, Services and slices, 1.5 changes a second for 30 minutes: CPU; memory",
        source="peers/churn",
        text=_churn(_GATEWAYD),
        again="make bench-peers CASE=churn",
    ),
    Figure(
        what="Envoy Gateway beside it, the same changes",
        source="peers/churn",
        text=_churn(_OTHER),
        again="make bench-peers CASE=churn",
    ),
    Figure(
        what="an Envoy with 5,000 routes to one backend, to 5,000; by Envoy Gateway",
        source="peers/envoycost",
        text=_envoy_memory,
        again="make bench-peers CASE=envoycost",
    ),
    Figure(
        what="policies of Envoy Gateway's kinds, read by Envoy Gateway and gatewayd in one cluster",
        source="peers/policies",
        text=_same_policies,
        again="make bench-peers CASE=policies",
    ),
    Figure(
        what="1,000 changes, kills of both replicas, a new Envoy, rolling updates, listener edits, under a closed loop",
        source="scenarios/requests",
        text=_wrong,
        again="make scenarios TEST=requests",
        is_short=True,
    ),
    Figure(
        what="the same with routes per host",
        source="scenarios/requests-host",
        text=_wrong,
        again="make scenarios TEST=requests ROUTES=host",
    ),
    Figure(
        what="1,000 switches and reorders under a closed loop, with kills; Envoy Gateway",
        source="peers/changes",
        text=_switches,
        again="make bench-peers CASE=changes",
    ),
    Figure(
        what="gatewayd killed with -9 six times under 200 requests a second",
        source="scenarios/restart",
        text=_failed,
        again="make scenarios TEST=restart",
    ),
    Figure(
        what="pods that call Services; a node's Envoy, its agent and the control plane killed with -9",
        source="scenarios/mesh",
        text=_mesh,
        again="make scenarios TEST=mesh",
    ),
    Figure(
        what="endpoints of member clusters come, go and die; one is cut off while replicas restart",
        source="scenarios/members",
        text=_members,
        again="make scenarios TEST=members",
    ),
    Figure(
        what="replicas, streams, API server and objects disturbed by a seed, judged over what was noted",
        source="scenarios/history",
        text=_history,
        again="make history",
    ),
    Figure(
        what="changes for 5 minutes: what processes hold more of after the warm-up",
        source="scenarios/soak",
        text=_soak,
        again="make soak",
    ),
    Figure(
        what="no API server for 2 minutes, history compacted",
        source="scenarios/blackhole",
        text=_failed,
        again="make scenarios TEST=blackhole",
    ),
    Figure(
        what="the leader killed: another writes statuses",
        source="scenarios/leader",
        text=_leader,
        again="make scenarios TEST=leader",
    ),
    Figure(
        what="1,000 routes made and deleted",
        source="scenarios/statuses",
        text=_statuses,
        again="make scenarios TEST=statuses",
    ),
)


# --- what was wanted -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """What a figure is to be at most, however fast the machine is; `tried` is what has been done about it."""

    what: str
    source: str
    value: Callable[[Result], float]
    at_most: float
    unit: str
    tried: str


def _of_most_proxies(name: str) -> Callable[[Result], float]:
    return lambda of: float(row(of, clients=1_000, routes=5_000)[name])


def _among_peers(case: str, metric: str) -> Callable[[Result], float]:
    return lambda of: peer(of, case, _GATEWAYD, metric)


def _given_back(of: Result) -> float:
    return float(of.rows[-1]["given_back_mib"] / of.rows[-1]["started_mib"] - 1) * 100


_THOUSAND: Final = "1,000 clients, 5,000 routes"
GOALS: Final = (
    Goal(
        what="1,000 proxies connect cold at 5,000 routes: all have everything",
        source="bench/fanout",
        value=_of_most_proxies("all_connected_s"),
        at_most=2,
        unit="s",
        tried="hosts come in groups, 39 s where it had been 142 (0021), and streams share their sets (0030); 5 of 11 ms"
        " of CPU a proxy are copies and the kernel for 3.4 MB each, so that no session, however cheap, meets it",
    ),
    Goal(
        what="CPU of the replica for each of these",
        source="peers/fanout",
        value=_among_peers(_THOUSAND, "connect: server CPU a client"),
        at_most=2.5,
        unit="ms",
        tried="as above; 8.0 ms in a run of `5e21626` with other work on the machine, beside SnapshotCache's 17",
    ),
    Goal(
        what="all of these drop and return: the replica is idle again",
        source="peers/fanout",
        value=_among_peers(_THOUSAND, "all drop and return: servers idle again"),
        at_most=1.5,
        unit="s",
        tried="what comes back is compared as bytes and answered by what is shared (0030): 3.0 ms of CPU of a session,"
        " before 12.4; in that other run 8.0 s and 5.3 ms of CPU of a process, beside SnapshotCache's 3.5 s",
    ),
    Goal(
        what="cold translation, a route",
        source="bench/translation",
        value=lambda of: float(row(of, routes=5_000)["cold_cpu_ms_per_route"]),
        at_most=0.12,
        unit="ms",
        tried="values that are handed on are tuples, a fifth fewer calls (0030); mypyc builds the engine, which then"
        " fails at import",
    ),
    Goal(
        what="a replica's memory with 5,000 routes",
        source="bench/memory",
        value=lambda of: float(of.rows[-1]["translated_mib"]),
        at_most=120,
        unit="MiB",
        tried="89 of these are Python, its libraries and our modules before there is any route: 8 more than before"
        " there were Ingress, the mesh, members and the kinds of Envoy Gateway",
    ),
    Goal(
        what="and after their deletion, more than at the start",
        source="bench/memory",
        value=_given_back,
        at_most=20,
        unit="%",
        tried="the allocator of the image gives pages back (0015), and results that functions keep go with the rest:"
        " a thousand of them had held a page each, 36 % in all",
    ),
    Goal(
        what="a saved file of `gatewayd up` is served, median",
        source="bench/saved",
        value=lambda of: float(of.rows[-1]["served_ms_median"]),
        at_most=12,
        unit="ms",
        tried="the kernel tells of it, and 1 ms of rest (0030), where looks every 5 ms and 5 ms of rest had been",
    ),
    Goal(
        what="the longest of 500 new routes",
        source="scenarios/probe",
        value=lambda of: seen(of, "longest"),
        at_most=60,
        unit="ms",
        tried="it is the hundredth, after which routes are discovered per host by a listener that has to be replaced:"
        " connections that drain were told over 2 s, and are at once since `d4429b9`. Of 3,000 beside a peer it was"
        " 1,962, and 137 in a run of `5e21626` with other work on the machine",
    ),
    Goal(
        what="the leader killed: another writes",
        source="scenarios/leader",
        value=lambda of: seen(of, "leader killed: another writes after"),
        at_most=10,
        unit="s",
        tried="the lease lasts 9 s and is looked at every second (0030)",
    ),
)


_Value = TypeVar("_Value")


def _read(result: Result | None, of: Callable[[Result], _Value]) -> tuple[_Value | None, str]:
    """Return what a result says, None where it is not measured yet, and the commit that it is of."""
    if result is None:
        return None, ""
    commit = f"`{result.commit}`" if result.commit else ""
    try:
        return of(result), commit
    except Absent:
        return None, commit


def _goals(found: dict[str, Result]) -> Iterator[str]:
    yield "| goal | at most | measured | of | | what was done |"
    yield "|---|--:|--:|---|---|---|"
    for each in GOALS:
        value, commit = _read(found.get(each.source), each.value)
        text = MISSING if value is None else f"{number(value)} {each.unit}"
        verdict = "" if value is None else "met" if value <= each.at_most else "**missed**"
        yield f"| {each.what} | {number(each.at_most)} {each.unit} | {text} | {commit} | {verdict} | {each.tried} |"


def _lines(figures: Iterable[Figure], found: dict[str, Result]) -> Iterator[str]:
    yield "| what | measured | of | again with |"
    yield "|---|---|---|---|"
    for each in figures:
        text, commit = _read(found.get(each.source), each.text)
        yield f"| {each.what} | {MISSING if text is None else text} | {commit} | `{each.again}` |"


def page() -> str:
    """Return the whole page."""
    found = results()
    return "\n".join((_HEAD, *_lines(FIGURES, found), "", _GOALS_HEAD, *_goals(found))) + "\n"


def readme() -> str:
    """Return README.md with its table as it must be."""
    text = README.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGINS)
    _, _, after = rest.partition(ENDS)
    table = "\n".join(_lines((each for each in FIGURES if each.is_short), results()))
    return f"{before}{BEGINS}{table}\n{ENDS}{after}"


def check() -> int:
    """Say which results are of another gatewayd/; return 1 when there is one."""
    sys.path.insert(0, str(ROOT))
    from conformance.provenance import provenance  # noqa: PLC0415 - only here, where the repository must be there

    here = provenance()["gatewayd"]
    stale = {name: each for name, each in sorted(results().items()) if each.gatewayd != here}
    for name, each in stale.items():
        sys.stdout.write(f"{name}: of {each.commit or 'a commit that was not written down'}\n")
    sys.stdout.write(f"{len(stale)} of {len(results())} results are of another gatewayd/ than {here}\n")
    return int(bool(stale))


if __name__ == "__main__":
    if sys.argv[1:] == ["--check"]:
        sys.exit(check())
    PAGE.write_text(page(), encoding="utf-8")
    README.write_text(readme(), encoding="utf-8")

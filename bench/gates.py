"""What the rows of `make bench` must show: ratios and counts within one run, which do not hang on the machine."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from bench.peers.goals import Goal, at_least, at_most

Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """A figure of a measurement's rows, and its bar."""

    what: str
    value: Callable[[Rows], float]
    goal: Goal


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What came of a gate."""

    what: str
    value: float
    goal: str
    is_met: bool


def _ratio(key: str, row: int, other: int) -> Callable[[Rows], float]:
    return lambda rows: round(rows[row][key] / rows[other][key], 3)


def _last_to_first(key: str) -> Callable[[Rows], float]:
    return _ratio(key, -1, 0)


def _most(key: str) -> Callable[[Rows], float]:
    return lambda rows: max(row[key] for row in rows)


GATES: Final[Mapping[str, tuple[Gate, ...]]] = {
    "translation": (
        Gate(
            what="CPU of a change, most routes to fewest",
            value=_last_to_first("change_cpu_ms_median"),
            goal=at_most(1.4),
        ),
        Gate(
            what="CPU a route, most routes to fewest", value=_last_to_first("cold_cpu_ms_per_route"), goal=at_most(1.3)
        ),
        Gate(what="queries of a change, median", value=_most("change_queries_median"), goal=at_most(10)),
        # Two more where what a route takes up passes a step: the sums of its namespace.
        Gate(what="queries of a change, most", value=_most("change_queries_max"), goal=at_most(12)),
        Gate(
            what="CPU of a change to CPU a route when cold, at the most routes",
            value=lambda rows: round(rows[-1]["change_cpu_ms_median"] / rows[-1]["cold_cpu_ms_per_route"], 3),
            goal=at_most(3),
        ),
    ),
    "listenersets": (
        Gate(
            what="CPU of a route's edit, last row to first",
            value=_last_to_first("route_edit_cpu_ms"),
            goal=at_most(1.5),
        ),
        Gate(what="queries of a route's edit, most", value=_most("route_edit_queries"), goal=at_most(10)),
        Gate(what="queries of a set that is added, most", value=_most("set_added_queries"), goal=at_most(40)),
    ),
    "ingresses": (
        Gate(
            what="CPU a host, 10,000 to 2,000",
            value=_ratio("cold_cpu_ms_per_host", 1, 0),
            goal=at_most(1.3),
        ),
        Gate(what="queries of a path that changes, most", value=_most("path_queries"), goal=at_most(24)),
        Gate(what="queries of an Ingress that is added, most", value=_most("added_queries"), goal=at_most(34)),
        Gate(
            what="CPU of an Ingress that is added, 10,000 to 2,000",
            value=_ratio("added_cpu_ms", 1, 0),
            goal=at_most(2),
        ),
        Gate(
            what="CPU a host with annotations to one without",
            value=_ratio("cold_cpu_ms_per_host", 2, 1),
            goal=at_most(5),
        ),
        Gate(what="memory at the most hosts (MiB)", value=lambda rows: rows[-1]["rss_mib"], goal=at_most(1_229)),
        Gate(
            what="CPU of a path that changes at the most hosts (ms)",
            value=lambda rows: rows[-1]["path_cpu_ms"],
            goal=at_most(2),
        ),
        Gate(
            what="CPU of an Ingress that is added at the most hosts (ms)",
            value=lambda rows: rows[-1]["added_cpu_ms"],
            goal=at_most(2),
        ),
        Gate(
            what="queries of a path of a host that many share, most",
            value=_most("shared_path_queries"),
            goal=at_most(28),
        ),
    ),
    "crowds": (
        Gate(what="CPU a Gateway, 3,000 to 300", value=_last_to_first("cold_ms_a_gateway"), goal=at_most(1.3)),
        Gate(what="CPU a ListenerSet, 1,000 to 100", value=_last_to_first("cold_ms_a_set"), goal=at_most(1.3)),
        Gate(what="bytes a Secret that does not matter, most", value=_most("head_bytes_each"), goal=at_most(600)),
        Gate(
            what="Secrets that are read without need, most",
            value=lambda rows: max(row["secrets_read"] - row["sets"] for row in rows),
            goal=at_most(0),
        ),
        Gate(what="queries of a route's edit, most", value=_most("gateway_route_queries"), goal=at_most(12)),
        Gate(what="queries of a Gateway that is added, most", value=_most("gateway_added_queries"), goal=at_most(70)),
        Gate(
            what="queries of a certificate that is rotated, most", value=_most("certificate_queries"), goal=at_most(14)
        ),
        *(
            Gate(what=f"CPU of {what}, most (ms)", value=_most(f"{key}_cpu_ms"), goal=at_most(2))
            for what, key in (
                ("a route's edit", "gateway_route"),
                ("a route's edit at a ListenerSet", "set_route"),
                ("a certificate that is rotated", "certificate"),
            )
        ),
    ),
    "largehost": (
        Gate(
            what="Envoy's CPU for the last of the most rules, list to tree",
            value=lambda rows: rows[-1]["last_rule_list_to_tree"],
            goal=at_least(2),
        ),
        Gate(
            what="Envoy's CPU in a tree, last rule to first",
            value=lambda rows: round(rows[-1]["tree_last_us"] / rows[-1]["tree_first_us"], 3),
            goal=at_most(1.25),
        ),
    ),
    "page": (
        Gate(what="rows of routes in the first page, most", value=_most("first_page_rows"), goal=at_most(50)),
        Gate(
            what="bytes of the first page, most routes to fewest",
            value=_last_to_first("first_page_bytes"),
            goal=at_most(1.2),
        ),
        Gate(what="rows that an edit sends, most", value=_most("edit_rows_max"), goal=at_most(50)),
        Gate(
            what="bytes that an edit sends, most routes to fewest",
            value=_last_to_first("edit_bytes_max"),
            goal=at_most(1.2),
        ),
        Gate(what="parts that an edit sends, most", value=_most("edit_parts_max"), goal=at_most(7)),
        Gate(what="rows that an edit of an unseen route sends", value=_most("unseen_edit_rows"), goal=at_most(0)),
    ),
    "paint": (
        Gate(what="first paint (ms), most", value=_most("first_paint_ms_max"), goal=at_most(1_000)),
        Gate(what="an edit on the screen (ms), median", value=_most("edit_shown_ms_median"), goal=at_most(200)),
    ),
    "policies": (
        Gate(
            what="Envoy's CPU for filters that are off (us a request)",
            value=_most("chain_request_us"),
            goal=at_most(0.5),
        ),
        Gate(what="Envoy's memory for filters that are off (MiB)", value=_most("chain_mib"), goal=at_most(2)),
        Gate(what="Envoy's CPU for a token (us a request)", value=_most("token_more_us"), goal=at_most(6)),
        Gate(what="full build with an AccessPolicy, times without", value=_most("build_times"), goal=at_most(1.3)),
        Gate(
            what="queries of a route's edit below a policy, more than without",
            value=lambda rows: rows[-1]["edit_with_policy_queries"] - rows[-1]["edit_queries"],
            goal=at_most(2),
        ),
    ),
    "memory": (
        Gate(what="growth over the changes (%)", value=_most("growth_percent"), goal=at_most(2)),
        # Environment, class, Gateway, a Service, two reports, how its routes are found, and whether there is a mesh.
        Gate(what="rows that are left", value=_most("rows_left"), goal=at_most(8)),
    ),
    "fanout": (
        Gate(
            what="bytes a client, most clients to one",
            value=_ratio("bytes_per_client", 3, 0),
            goal=at_most(1.05),
        ),
        Gate(
            what="server's CPU a client, most clients to ten",
            value=_ratio("server_cpu_ms_per_client", 3, 1),
            goal=at_most(1),
        ),
    ),
    "mesh": (
        # Of two rules each; one more takes 2.4.
        Gate(
            what="Envoy's memory a routed port (KiB), few backends",
            value=lambda rows: float(rows[1]["envoy_kib_a_port"]),
            goal=at_most(15),
        ),
        Gate(
            what="Envoy's memory a routed port (KiB), as many backends",
            value=lambda rows: float(rows[2]["envoy_kib_a_port"]),
            goal=at_most(32),
        ),
        Gate(what="bytes of a change, 2,000 to 200 ports", value=_ratio("change_bytes", 1, 0), goal=at_most(1.1)),
        Gate(
            what="agent's CPU of a change, 2,000 to 200 ports",
            value=_ratio("change_agent_cpu_ms_median", 1, 0),
            goal=at_most(2),
        ),
    ),
    "mesh_fanout": (
        Gate(what="bytes a node, 100 to one", value=_last_to_first("bytes_per_client"), goal=at_most(1.05)),
    ),
    "mesh_hop": (Gate(what="wrong answers and none", value=_most("wrong_answers"), goal=at_most(0)),),
}
"""By measurement."""


def verdicts(name: str, rows: Rows) -> tuple[Verdict, ...]:
    """Return what comes of a measurement's gates; one whose figure is not in the rows is missed, and says so."""
    return tuple(_verdict(gate, rows) for gate in GATES.get(name, ()))


def _verdict(gate: Gate, rows: Rows) -> Verdict:
    try:
        value = gate.value(rows)
    except (KeyError, IndexError) as error:
        return Verdict(what=f"{gate.what}: {error!r} is missing", value=0.0, goal=str(gate.goal), is_met=False)
    return Verdict(what=gate.what, value=value, goal=str(gate.goal), is_met=bool(gate.goal.is_met(value, {})))

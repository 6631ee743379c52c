"""What a run has at a moment -> the parts of the page, as HTML.

In: a `PageSource` and a `Look`. Out: HTML by the id of the element that it fills, each no longer than a screen or two,
however many routes there are. Text of users is escaped by the templates, and never markup.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from gatewayd.access_log.entry import RuleName
from gatewayd.access_log.minute import NO_REQUESTS, Requests, by_object, together
from gatewayd.explain.words import trace_lines
from gatewayd.introspection.rows import Board, Condition, ConditionMark, RouteRow
from gatewayd.introspection.status import ProxyRow
from gatewayd.ir.fleet import GatewayFleet
from gatewayd.page.columns import EMPTY, Columns
from gatewayd.page.look import Look, Question
from gatewayd.page.source import PageSource, Saved
from gatewayd.untrusted.printable import printable

MOST_ROWS: Final = 50
"""Routes in the list: what is not well stands first, and the search finds the others."""

MOST_PROBLEMS: Final = 20
MOST_LINES: Final = 200
"""Lines of the difference that the last save has made."""

_MARKS: Final = {ConditionMark.TRUE: "yes", ConditionMark.FALSE: "no", ConditionMark.UNKNOWN: "unknown"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """What is to be seen by who looks: the board, the rows that are looked for, the picture, and what is asked there.

    `requests` are those of the last minute.
    """

    look: Look
    board: Board
    rows: tuple[RouteRow, ...]
    columns: Columns
    requests: Mapping[RuleName, Requests]
    proxies: tuple[ProxyRow, ...]
    saved: Saved


class Fragments:
    """Makes the parts of the page; `rows_made` counts the rows of routes that were written since the start."""

    def __init__(self, source: PageSource) -> None:
        self.rows_made = 0
        self._source = source
        self._templates = Environment(
            loader=PackageLoader("gatewayd.page"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
        )
        self._templates.filters["shown"] = printable
        self._templates.globals["mark"] = _mark

    def page(self, question: Question, moment: Moment) -> str:
        """Return the whole page."""
        context = {"title": self._source.title, "look": moment.look, "question": question}
        return self._render("page", answer=self.answer(question), parts=dict(self.parts(moment)), **context)

    def parts(self, moment: Moment) -> Iterator[tuple[str, str]]:
        """Yield the id and the content of each part that changes by itself, in the order of the page."""
        self.rows_made += len(moment.rows)
        for name, context in PARTS.items():
            yield name, self._render(name, **context(moment))

    def refused(self, why: str, way_out: str) -> str:
        """Return the page of somebody who is not let in, or asks for what is not there."""
        return self._render("refused", why=why, way_out=way_out)

    def answer(self, question: Question) -> str:
        """Return what becomes of the request that the form asks about."""
        traces = () if question.sent is None else self._source.traces(question.sent, question.port)
        texts = ["\n".join(trace_lines(trace, self._source.place_of)) for trace in traces]
        return self._render("answer", question=question, texts=texts)

    def _render(self, template: str, **context: Any) -> str:
        return self._templates.get_template(f"{template}.html").render(**context)


def _summary(moment: Moment) -> Mapping[str, Any]:
    total = together(moment.requests.values())
    return {"board": moment.board, "proxies": len(moment.proxies), "requests": total}


def _problems(moment: Moment) -> Mapping[str, Any]:
    problems = moment.board.problems
    return {
        "problems": [str(problem) for problem in problems[:MOST_PROBLEMS]],
        "hidden": max(0, len(problems) - MOST_PROBLEMS),
        "notices": moment.board.notices[::-1],
    }


def _gateways(moment: Moment) -> Mapping[str, Any]:
    look, gateways = moment.look, moment.board.gateways
    return {"gateways": gateways, "chosen": chosen_gateway(look, moment.board), "look": look}


def _rows(moment: Moment) -> Mapping[str, Any]:
    requests = by_object(moment.requests)
    rows = [(row, requests.get(row.object, NO_REQUESTS)) for row in moment.rows]
    return {"rows": rows, "of": len(moment.board.routes), "look": moment.look}


def _columns(moment: Moment) -> Mapping[str, Any]:
    columns = moment.columns
    groups = (
        ("Listeners", columns.listeners),
        ("Hosts", columns.hosts),
        ("Rules", columns.rules),
        ("Backends", columns.backends),
    )
    return {"columns": columns, "groups": groups, "requests": moment.requests, "is_empty": columns == EMPTY}


def _proxies(moment: Moment) -> Mapping[str, Any]:
    return {"proxies": moment.proxies}


def _saved(moment: Moment) -> Mapping[str, Any]:
    saved = moment.saved
    return {"saved": saved, "lines": saved.lines[:MOST_LINES], "hidden": max(0, len(saved.lines) - MOST_LINES)}


PARTS: Final[Mapping[str, Callable[[Moment], Mapping[str, Any]]]] = MappingProxyType({
    "summary": _summary,
    "problems": _problems,
    "gateways": _gateways,
    "rows": _rows,
    "columns": _columns,
    "proxies": _proxies,
    "saved": _saved,
})  # fmt: skip
"""The parts that change by themselves: each has a template of its name, and this is what it shows."""


def chosen_gateway(look: Look, board: Board) -> str:
    """Return the Gateway whose columns are drawn: the one that was chosen, else the first; "" when there is none."""
    names = [row.name for row in board.gateways]
    return look.gateway if look.gateway in names else next(iter(names), "")


def fleet_of(name: str) -> GatewayFleet:
    """Return the fleet of the row of a Gateway."""
    namespace, _, own = name.partition("/")
    return GatewayFleet(namespace=namespace, name=own)


def admits(row: RouteRow, words: str) -> bool:
    """Say whether a route is one that is looked for; `words` in lower case, "" takes all."""
    if not words:
        return True
    texts = (f"{row.kind} {row.name}", *row.hostnames, *row.parents)
    return any(words in text.lower() for text in texts)


def _mark(condition: Condition) -> str:
    return _MARKS[condition.mark]

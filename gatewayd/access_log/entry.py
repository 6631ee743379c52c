"""One line of an access log -> a LogEntry, and which of them somebody asks for.

Nothing in a line is believed: clients choose the host, the path and more of it.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

_NAME: Final = r"[a-z0-9.-]+"
_ROUTE: Final = re.compile(
    rf"(?P<kind>[a-z]+)/(?P<namespace>{_NAME})/(?P<name>{_NAME})(?:/rule/(?P<rule>[0-9]{{1,9}})/[a-z0-9/]+)?"
)
_STATUS: Final = re.compile(r"[1-5](xx|[0-9][0-9])")


class RuleName(NamedTuple):
    """A route object, its kind in lower case, and which of its rules took a request; None where it has no rules."""

    kind: str
    namespace: str
    name: str
    rule: int | None

    @property
    def object(self) -> str:
        """The object alone, as the command line names it."""
        return f"{self.kind}/{self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEntry:
    """A request or a connection: the `fields` of its line, and the route that took it, None when none did."""

    fields: Mapping[str, object]
    route: RuleName | None

    def text(self, field: str) -> str:
        """Return a field as text, "" where it has no value."""
        value = self.fields.get(field)
        if value is None:
            return ""
        return value if isinstance(value, str) else json.dumps(value)

    @property
    def status(self) -> int:
        """The status of the answer; 0 when there was none."""
        value = self.fields.get("status")
        return value if type(value) is int else 0


Choice = Callable[[LogEntry], bool]


class BadChoiceError(Exception):
    """Nothing can be chosen by this text."""


def read_entry(line: bytes) -> LogEntry | None:
    """Read a line; None for what is no line of ours, such as one that was cut."""
    try:
        fields = json.loads(line.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None
    if not isinstance(fields, dict):
        return None
    route = fields.get("route")
    return LogEntry(fields=fields, route=read_route(route) if isinstance(route, str) else None)


def read_route(name: str) -> RuleName | None:
    """Read what Envoy calls a route: "httproute/shop/cart/rule/0/match/0", or "tcproute/shop/db"."""
    match = _ROUTE.fullmatch(name)
    if match is None:
        return None
    rule = match["rule"]
    return RuleName(match["kind"], match["namespace"], match["name"], None if rule is None else int(rule))


def by_status(text: str) -> Choice:
    """Return what chooses by statuses: "404", "5xx", several with commas; raises BadChoiceError."""
    wanted = text.lower().split(",")
    if not all(_STATUS.fullmatch(each) for each in wanted):
        raise BadChoiceError(f"--status {text!r} names no statuses; such as 404, 5xx or 404,5xx is allowed")
    beginnings = tuple(each.removesuffix("xx") for each in wanted)
    return lambda entry: str(entry.status).startswith(beginnings)


def by_gateway(text: str) -> Choice:
    """Return what chooses by the Gateway, NAMESPACE/NAME; raises BadChoiceError."""
    if len([part for part in text.split("/") if part]) != 2:
        raise BadChoiceError(f"--gateway {text!r} names no Gateway; NAMESPACE/NAME is allowed")
    return lambda entry: entry.text("gateway") == text


def by_namespace(text: str) -> Choice:
    """Return what chooses by the namespace of the Gateway."""
    return lambda entry: entry.text("gateway").startswith(f"{text}/")


def by_route(text: str) -> Choice:
    """Return what chooses by KIND/NAMESPACE/NAME, or KIND/NAME in the namespace default; raises BadChoiceError."""
    parts = text.lower().split("/")
    if len(parts) == 2:
        parts = [parts[0], "default", parts[1]]
    if len(parts) != 3 or not all(parts):
        raise BadChoiceError(f"--route {text!r} names no route; KIND/NAME or KIND/NAMESPACE/NAME is allowed")
    wanted = "/".join(parts)
    return lambda entry: entry.route is not None and entry.route.object == wanted

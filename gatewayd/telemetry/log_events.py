"""LOG_EVENTS: every event that gatewayd logs: what an operator greps for, its fields, and when it is written.

The call that logs an event stands where its facts are known; tests/unit/telemetry/test_log_events.py holds each of
them to its row here, and docs/operations.md shows the table.
"""

from typing import Final, NamedTuple


class LogEvent(NamedTuple):
    """One event. `fields` are those of its own: `level` and `timestamp` are on every line, a traceback on some."""

    name: str
    fields: tuple[str, ...]
    written: str


LOG_EVENTS: Final = (
    LogEvent(
        "batch",
        ("milliseconds", "rows", "queries", "published", "outcomes"),
        "a batch of changes led to a snapshot or to a status",
    ),
    LogEvent("query failed", ("query", "key"), "gatewayd failed on one object, which is a bug; the rest goes on"),
    LogEvent("snapshot failed", ("gateway",), "the proxies of a Gateway keep what they have, which is a bug"),
    LogEvent(
        "held back", ("gateway", "what", "key"), "a resource could not be built, which is a bug; the old one stays"
    ),
    LogEvent("nack", ("gateway", "names", "message"), "a proxy refused resources; `message` is Envoy's"),
    LogEvent(
        "stream ended",
        ("gateway", "node", "cause"),
        "a proxy's stream was cut: it takes no response for 60 s (`stalled`), said nothing to one for 60 s and is gone "
        "(`silent`), asks for too much (`exhausted`), may have nothing any more (`forbidden`), or what it says is no "
        "xDS (`malformed`); `gatewayd_xds_streams_ended` counts all, a line tells of the first in a minute",
    ),
    LogEvent("object not understood", ("kind", "key", "error"), "an object of the cluster could not be decoded"),
    LogEvent("listing again", ("kind", "reason"), "the API server no longer has the version that a watch goes on from"),
    LogEvent("watch ended", ("kind", "error", "again_in"), "a watch failed; seconds until the next"),
    LogEvent(
        "work failed",
        ("queue", "object", "failures", "again_in", "error"),
        "a request for one object failed: how often in a row, and seconds until the next try; `queue` says what for",
    ),
    LogEvent("kind no longer served", ("kind",), "the API server has no such kind any more; its objects stay in force"),
    LogEvent("elected", ("identity",), "this replica leads: it writes statuses and infrastructure"),
    LogEvent("leadership lost", ("identity",), "another replica may lead"),
    LogEvent("lease not renewed", ("error", "leader"), "the Lease could not be read or written"),
    LogEvent("fleet shared", (), "the other replicas were told of this one's proxies"),
    LogEvent("fleet shared in part", ("gateways",), "there is more to tell of these Gateways than a ConfigMap holds"),
    LogEvent("replica report not understood", ("name", "error"), "what another replica wrote could not be decoded"),
    LogEvent(
        "rollout takes long, others go on",
        ("object", "seconds"),
        "proxies of a Gateway are not all renewed after so long; those of the next Gateway are begun",
    ),
    LogEvent(
        "replicas of another edition came or went",
        ("newer",),
        "two versions of gatewayd run; `newer` is the one that renews proxies, none when it is this one",
    ),
    LogEvent(
        "key set not fetched",
        ("source", "why", "failures"),
        "keys of a token issuer, or what an OpenID provider says of itself, could not be had, so often in a row; "
        "what came last stays",
    ),
    LogEvent("limits refused", ("node", "why"), "a rate limit service did not take the limits; it has those of before"),
    LogEvent("keys not kept", ("source", "why"), "fetched keys could not be stored; a restart has to fetch them"),
    LogEvent("kept keys not read", ("folder", "file", "why"), "stored keys could not be read; they are fetched anew"),
    LogEvent("kept keys not forgotten", ("source", "why"), "keys that nobody names any more could not be removed"),
    LogEvent(
        "relay failed", (), "`gatewayd agent`: a stream of the node's Envoy ended, which is a bug; it begins anew"
    ),
    LogEvent("envoy alive", (), "`gatewayd agent`: the node's Envoy serves, and connections are led to it"),
    LogEvent("envoy away", (), "`gatewayd agent`: the node's Envoy does not serve; connections go as without routes"),
    LogEvent(
        "redirects not in place",
        ("error",),
        "`gatewayd agent`: the node's packet filter did not take a change; all of it is tried anew",
    ),
    LogEvent("member refused", ("secret", "why"), "a Secret declares no member cluster, or its kubeconfig is not used"),
    LogEvent("member listed", ("cluster", "exports"), "everything that a member offers is known, by a new watch"),
    LogEvent("member failed", (), "a member answered what nobody thought of, or gatewayd has a bug; it is asked anew"),
    LogEvent("member slowed", (), "a member says so much, or has itself asked so often, that it is read at a rate"),
    LogEvent("member not heard of", ("cluster", "seconds"), "a member is stale; what becomes of it, its Secret says"),
    LogEvent(
        "member warned of",
        ("cluster", "reason", "why"),
        "a member is over a limit, quiet or stale; an Event of its Secret",
    ),
    LogEvent("member removed", ("cluster",), "a member that is not declared any more has had its time to drain"),
    LogEvent(
        "members not loaded", ("why",), "what members said last could not be read; nothing is served before it is"
    ),
    LogEvent("member not kept", ("cluster", "why"), "what a member says could not be stored; a restart has to ask it"),
    LogEvent("memory not given back", (), "the allocator failed to return memory"),
    LogEvent("port refused", ("why",), "`gatewayd up`: a listener's port cannot be served on this machine"),
    LogEvent("file watch failed", ("why", "scan_seconds", "limits"), "files are scanned every so many seconds instead"),
    LogEvent("envoy says", ("component", "message"), "`gatewayd up`: a line of Envoy's log, with its level"),
    LogEvent("silent envoy killed", ("pid", "seconds"), "`gatewayd up`: an Envoy did not answer for so long"),
    LogEvent("lines lost", ("lines", "reason"), "the log could not be written for a while; so many lines are missing"),
)

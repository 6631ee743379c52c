"""What a member cluster can make a replica do at most: each limit with its reason.

A member may be hostile, or only broken. One that is over a limit keeps what it had, and that is said.
"""

MEMBERS = 32
"""Member clusters. Each has its own watches in each replica; what people run is a handful."""

MEMBER_NAMESPACES = 32
"""Namespaces that a member may be allowed: each has three watches, each of them a connection."""

MEMBER_EXPORTS = 2_000
"""Services that one member exports, all namespaces together."""

MEMBER_ENDPOINTS = 50_000
"""Endpoints of one member, those of each port counted: more than what a cluster of a thousand nodes has behind what it
exports. 30,000 take 20 MiB with all that follows from them, and 1.5 s of CPU (`python -m bench.members 30000`)."""

MEMBER_PORTS = 100
"""Ports of one Service of a member: each is looked for in each of its slices. Few have more than three."""

MEMBER_OBJECTS = 20_000
"""Objects of one member that are listed: Services, their slices and exports in the namespaces that are allowed."""

MEMBER_BYTES = 64 * 1024 * 1024
"""Of these objects, as the member's API server writes them: 50,000 endpoints take 25 MB."""

MEMBER_RESPONSE_BYTES = 32 * 1024 * 1024
"""Of one answer of a member's API server, or one line of a watch: a page of 500 slices of 100 endpoints has 20 MB."""

MEMBER_LEFT_OUT = 20
"""What is said of endpoints of one export that are left out; the rest is counted."""

MEMBER_CIDRS = 32
"""Networks of one member's pods: a few, in two families."""

MEMBER_KUBECONFIG_BYTES = 64 * 1024
"""Of a kubeconfig: one cluster and one user with their certificates take 8 KB."""

MEMBER_FIRST_SECONDS = 30.0
"""How long the first answer of a replica waits for members of which nothing is kept: one that is down must not keep all
others from being served."""

MEMBER_STALE_SECONDS = 300.0
"""After which a member that is not heard of is stale: an upgrade of an API server takes less."""

MEMBER_QUIET_SECONDS = 30.0
"""After which an Event says that a member is not heard of: an API server that is replaced is back sooner."""

MEMBER_WARNED_SECONDS = 300.0
"""How soon the same is said again of a member by an Event: one that is too much and is not, to and fro, would write
one a second, each of which the API server keeps for an hour."""

MEMBER_LOOK_SECONDS = 1.0
"""Between two looks at how long members have not been heard of, and whether what they say has to be kept anew."""

MEMBER_DRAIN_SECONDS = 30.0
"""For which a member that is removed has requests that it has begun to answer, and no new ones."""

MEMBER_KEPT_PARTS = 8
"""ConfigMaps for what one member says, each by a hash of namespace and name: a change writes one of them."""

MEMBER_KEPT_BYTES = 900 * 1024
"""Of such a ConfigMap, compressed; Kubernetes allows 1 MiB with all that stands around it. 30,000 endpoints
take 94 KB in all."""

MEMBER_KEEP_SECONDS = 5.0
"""The least time between two writes of it: what a restart may have missed, and what pods that come and go cost."""

MEMBER_UNIT_BYTES = 64 * 1024
"""What is read for the price of a request, which is the unit of what a member makes us do: both take about a
millisecond of CPU."""

MEMBER_UNIT_STEPS = 1_000
"""And how many endpoints of a Service are looked at anew for it, when one of its objects is another."""

MEMBER_LINE_UNITS = 0.1
"""What a line of a watch costs, beside its bytes."""

MEMBER_UNITS_A_SECOND = 20.0
"""How much a member may make us do for ever: 200 lines of a watch a second, or 1.25 MiB, or 20 requests. A rollout of a
thousand pods in a minute is a quarter of that."""

MEMBER_BURST = 1_500.0
"""How much at once: all lists and watches of a member that has as much as it may, and half as much again."""

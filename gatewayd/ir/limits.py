"""Limits that the translator checks and the proxies are configured with: one number on both sides."""

RE2_PROGRAM_SIZE = 5000
"""Instructions of a compiled expression. A pattern of a thousand characters has a few thousand."""

GUARDS = 4
"""ExternalAuth filters of one listener. Each has its place in every filter chain, so it costs where nobody uses it."""

MANY_DOMAINS = 100
"""With more domains a route table is discovered per host: Envoy builds a table anew at 33 us a domain at any change."""

CONTENT_READERS = 16
"""Requests for Secrets and ConfigMaps at a time: a thousand are read within seconds, and the API server is spared."""
LONGEST_HOLD_SECONDS = 2.0
"""How long an object waits for a Secret that it newly refers to: many times what a request takes, and no longer."""
LONGEST_PARAMETER = 16 * 1024
"""Characters of a ConfigMap's value that are kept, certificates aside: four times what any parameter may have."""

# --- what one client of the ADS server may cost ------------------------------------------------------------------

NODE_BYTES = 256
"""Of `node.id`, `node.cluster` and the name and version of the user agent, each. A pod's name has 253 characters."""

NAME_LENGTH = 1_024
"""Characters of a resource's name. Our longest names a host of a listener of a ListenerSet, which has about 830."""

VERSION_LENGTH = 64
"""Characters that are kept of a version that a client declares; ours have 16."""

REQUEST_BYTES = 16 * 1024 * 1024
"""Of one request. A client that comes back lists all that it has in one: 50,000 routes are 6 MiB."""

STRANGE_BYTES = 32 * 1024 * 1024
"""What the streams of one Gateway may make us keep of names that its snapshot does not have, beside four times what it
has. Clients that come back after all of 50,000 routes have gone name 150,000 such names, until they have let go of
them; where many do so at once some wait for others."""

STRANGE_SHARE = 4
"""Of the cost of the names that the snapshot has: a large Gateway changes by more."""

STRANGE_NAME = 150
"""Bytes that a name costs beside its characters: a string, its place in a set, and in a table until it is answered."""

STREAMS_A_REPLICA = 4
"""Open streams for each proxy that a Gateway asks for: an update doubles the pods, and a lost connection ends late."""

SPARE_STREAMS = 20
"""Open streams that each Gateway may have beside those: of `gatewayd status`, of proxies of a workload before."""

UNCOUNTED_STREAMS = 5_000
"""Open streams of a Gateway of which nobody knows how many proxies it has: one on each node of the largest cluster.
https://kubernetes.io/docs/setup/best-practices/cluster-large/"""

LEFT_OPEN_CLIENTS = 1_000
LEFT_OPEN_BYTES = 4 * 1024 * 1024
LEFT_OPEN_SECONDS = 600.0
"""What is kept of the lost streams of a Gateway for the next streams of the same clients: for so many clients, names of
so many bytes, for so long. A client comes back within half a minute; what was forgotten is right at its next change."""

REFUSAL_WORDS = 1_024
"""Characters that are kept of what a client says of a refused response. Envoy's longest are a few hundred."""

REFUSALS_IN_WORDS = 20
"""Different ones of them that are kept of one type on one stream; the names of what is refused are kept of all."""

LARGE_RESPONSE = 256 * 1024
"""Bytes of a response that has to wait for its turn. Smaller ones wait in the transport's windows anyway."""

PASSAGE_BYTES = 64 * 1024 * 1024
"""Of large responses that are on their way at a time, beside one of each Gateway: eight tables of 5,000 routes."""

TURN_SECONDS = 2.0
"""After which a response counts as waiting for its client alone: time for 8 MiB at 32 Mbit/s."""

STALLED_SECONDS = 60.0
"""After which a stream is ended that has not taken a response. An Envoy with little CPU reads within some seconds."""

STUCK_SECONDS = 540.0
"""More, after which it is cut off without a word. 8 MiB in ten minutes are 0.1 Mbit/s."""

HANDSHAKE_MILLISECONDS = 10_000
"""From a connection to the first settings of the client, TLS included; gRPC's default is two minutes. In a storm of a
thousand proxies that come back the last one needs some seconds."""

IDLE_MILLISECONDS = 300_000
"""For which a connection may have no stream. An Envoy has one as long as it is connected."""

# --- what is told of refusals ------------------------------------------------------------------------------------

REFUSALS_TOLD = 20
REFUSALS_TOLD_SECONDS = 60.0
"""Refusals of one Gateway's proxies that are logged, and made an Event, in so many seconds. An edit causes one."""

REFUSED_NAMES = 10
"""Names of refused resources in a line of the log, and in an Event."""

# --- health and metrics ------------------------------------------------------------------------------------------

ADMIN_CONNECTIONS = 512
"""Open at a time on each of the two ports. Of more, one that has said nothing yet is hung up on. A hundred may come in
one turn of the event loop, and what they say is read three turns later: so it is more than three hundred."""

ADMIN_HEAD = 8_192
"""Bytes of a request. A kubelet's has 120, and Prometheus' 300."""

HEAD_SECONDS = 1.0
"""For the whole of a request: a kubelet waits for an answer as long by default."""

ANSWER_SECONDS = 5.0
"""For taking an answer."""

METRICS_SECONDS = 1.0
"""For which metrics are not made anew."""

# --- what replicas tell each other -------------------------------------------------------------------------------

SHARE_BYTES = 900 * 1024
"""Of a replica's ConfigMap, which may have 1 MiB with all that stands around its data."""

SHARED_REFUSALS = 20
SHARED_WORDS = 256
SHARED_NAMES_BYTES = 16 * 1024
"""Of one Gateway: different words of refusals, characters of each, and bytes of what is refused: 200 resources."""

"""Limits that the translator checks and the proxies are configured with: one number on both sides."""

RE2_PROGRAM_SIZE = 5000
"""Instructions of a compiled expression. A pattern of a thousand characters has a few thousand."""

GUARDS = 4
"""ExternalAuth filters of one listener. Each has its place in every filter chain, so it costs where nobody uses it."""

ANSWER_BYTES = 4096
"""The longest body of an answer by the proxy itself: Envoy refuses a whole route table for a longer one."""

RATE_LIMIT_KEYS = 10_000
"""Clients, or values of headers, that a rate limit counts at a time at one rule. Envoy forgets the one that has not
come for longest, whose limit is then unused: with fewer a crowd undoes the limit, with more it costs memory."""

# --- what is done in a cluster, object by object ------------------------------------------------------------------

RETRY_FIRST_SECONDS = 1.0
"""The wait after the first failure for one object. It doubles with each further one."""
RETRY_LONGEST_SECONDS = 60.0
"""The ceiling of that wait: what somebody repairs elsewhere (a quota, a webhook) takes effect within a minute."""
SHORTEST_WAIT_SECONDS = 0.001
"""The least wait before an object is looked at again by itself: more than a timer may be early."""

LASTING_FAILURES = 3
"""So many failures in a row are said in a status, though they may pass: one hiccup turns no condition."""

PROBLEM_CHARACTERS = 1000
"""Of what is said of one object in a status: a webhook may answer with a book, and a condition holds 32,768."""

STATUS_WRITERS = 8
"""Statuses that are written at once: more than one, so that a slow answer holds up nobody; few beside other clients."""
INFRASTRUCTURE_WORKERS = 4
"""Gateways whose infrastructure is brought about at once."""

WAITING_EVENTS = 500
"""Events that wait to be written. Each says what a status says already, so the oldest may give way."""

MANY_DOMAINS = 100
"""With more domains a route table is discovered per host: Envoy builds a table anew at 33 us a domain at any change."""

HOST_GROUPS = 512
"""RouteConfigurations that the hosts of such a table share, by a hash of the host. Measured with Envoy 1.40.0 at 5,000
hosts (`python -m bench.hosts`): 140 MiB of Envoy, and 3.9 KB for a change of one host; with 128 of them 140 MiB and
11.6 KB, with 2,048 of them 151 MiB and 1.8 KB, with one for each host 176 MiB and 1.2 KB. Never to be changed: another
number would move the hosts of every proxy to other RouteConfigurations at once.
"""

MANY_LISTENERS = 64
"""On a port, as many as one Gateway object may have; more come from ListenerSets. They are too many for each of them to
be told of all others at any change."""

MANY_ROUTES = 32
"""Routes that name one host: with more, what each of them is there is remembered, so that an edit of one does not ask
for the others again. Below that it is as quickly done as remembered."""

CONSUMER_PORTS = 900
"""Namespaces that may have routes for Services of others: each has a port of every node's proxy. A port is chosen by a
hash, so that namespaces which come and go seldom move others: among 12 in 900, two meet once in 14 clusters."""

NAMED_CALLERS = 64
"""Namespaces that policies of one namespace may tell from others by naming them: each is a listener of every node's
proxy, and a route table for each address of the Services. More would let one team take what all nodes have."""

LONGEST_LIST = 100
"""A virtual host with no more rules stays a list: a tree would save less than a tenth of what a request costs."""

LEAF_RULES = 32
"""Rules under a key of such a tree that are not parted further: asking them costs less than a request does anyway."""

ALTERNATIVE_SECONDS = 3600
"""How long a client remembers that there is HTTP/3: after that it has forgotten one that was turned off."""

CLIENT_CONNECTIONS = 50_000
"""Open connections of clients to one proxy, on all its listeners; more are closed at once."""

LIMIT_STREAMS = 64
"""Streams of rate limit services at a replica of the control plane: each replica of such a service has one."""

AUTHORIZATION_SECONDS = 10
"""How long a server that is asked about a request may think; then the request is refused."""

RSA_BITS = 2048
"""The shortest RSA key that BoringSSL, as Envoy is built with it, accepts for server certificates."""

# --- infrastructure of Gateways ---------------------------------------------------------------------------------

PROXY_REPLICAS = 100
"""Pods that a Gateway's owner may ask for where the class says nothing: ten cores at what a proxy requests."""

PROXY_PORTS = (19000, 19001)
"""TCP ports of a proxy's pod that no listener gets: 19001 answers probes, and pods of earlier versions bind 19000."""

CONTENT_READERS = 16
"""Requests for Secrets and ConfigMaps at a time: a thousand are read within seconds, and the API server is spared."""
LONGEST_HOLD_SECONDS = 2.0
"""How long an object waits for a Secret that it newly refers to: many times what a request takes, and no longer."""
LONGEST_PARAMETER = 16 * 1024
"""Characters of a ConfigMap's value that are kept, certificates aside: four times what any parameter may have."""
CERTIFICATE_WARNING_DAYS = 30
"""So long before its end a certificate is spoken of: what renews certificates does so earlier, people need weeks."""

OUTPUT_PATIENCE = 0.1
"""Seconds that a log or a list of changes waits for a reader that does not read; then lines are dropped and counted.
Much more than a reader that works needs, and little enough that what is served meanwhile is not late."""

FOLDER_NAMES = 200_000
"""Names that are looked at below a folder of manifests, of whatever kind: 2 s. More is a mistake, such as a home."""

FOLDER_FILES = 20_000
"""Manifests of one folder. Twice as many as a first look reads in 5 s; a file may hold as many objects as it likes."""

FOLDER_BYTES = 64 * 1024 * 1024
"""Bytes of all manifests of one folder: 100,000 routes. What is made of them takes about ten times as much memory."""

# What routes may take up of a proxy that several teams share. Every match stands there once for each hostname of its
# route, and is counted so. The limits are far above what a team needs; they end what one of them could do to all.

ROUTE_RULES = 2048
"""Matches of one route: the 128 that the API allows, for each of 16 hostnames."""

ROUTE_REGEXES = 1024
"""Regular expressions of one route. Each is a program of 10 to 100 KB in the proxy, and is tried one by one."""

ROUTE_BYTES = 4 * 1024 * 1024
"""What is written in the rules of one route. An Envoy needs some four times that, twice while it changes."""

NAMESPACE_RULES = 100_000
"""Matches of all routes of a namespace on one Gateway: twice the largest number that is measured in bench/."""

NAMESPACE_REGEXES = 4096
"""Regular expressions of all routes of a namespace on one Gateway: 40 to 400 MB of a proxy's memory."""

NAMESPACE_BYTES = 32 * 1024 * 1024
"""What is written in the rules of all routes of a namespace on one Gateway: some 130 MB of a proxy's memory."""

SERVER_NAME_BYTES = 8 * 1024
"""What a server name counts for that an Ingress has a certificate for: a filter chain of 5.6 KB beside the listener's
own, in the one listener that all share, and what Envoy makes of it. So 512 of them are allowed in an Ingress."""

USAGE_STEP = 256
"""Bytes of a route are counted in steps, so that most edits change no sum."""

# What a client may send before anybody has looked at it.

HEADER_KIB = 60
"""KiB of a request's target and headers together; more is answered 431. A proxy holds them for each request."""

HEADERS = 100
"""Headers of a request; more are answered 431."""

CONNECTION_TOKENS = 9
"""Headers that Connection may take away with it; Envoy refuses more."""

# How long a client may be silent or slow. No connection has an end by itself: WebSockets, streams and downloads last.

HANDSHAKE_SECONDS = 15
"""For TLS to be agreed on. One that has sent its first message has no other end; the first one has Envoy's 15 s."""

HEADER_SECONDS = 60
"""From the first byte of a request to the last of its headers; then it is answered 408."""

STREAM_IDLE_SECONDS = 300
"""Without a byte in either direction of a request."""

CONNECTION_IDLE_SECONDS = 900
"""Without a request. Load balancers in front keep connections for up to 600 s and must not be the last to know."""

# --- what one client of the ADS server may cost ------------------------------------------------------------------

NODE_BYTES = 320
"""Of `node.id`, `node.cluster` and the name and version of the user agent, each. A pod's name has up to 253 characters;
node.cluster names a Gateway, whose namespace has up to 63 and whose name up to 253: 317 with the slash."""

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

REFUSED_SECRETS = 2_000
"""Contents of certificates and CA bundles that are remembered of one Gateway since its proxies refused them, each some
200 bytes. What a team writes is refused before, but for the oddest; of more, the oldest are tried again."""

LARGE_RESPONSE = 256 * 1024
"""Bytes of a response that has to wait for its turn. Smaller ones wait in the transport's windows anyway."""

PASSAGE_BYTES = 64 * 1024 * 1024
"""Of large responses that are on their way at a time, beside one of each Gateway: eight tables of 5,000 routes."""

TURN_SECONDS = 2.0
"""After which a response counts as waiting for its client alone: time for 8 MiB at 32 Mbit/s."""

RESOURCES_AT_ONCE = 250
"""Resources in one incremental response. Envoy unpacks a response as a whole and keeps for minutes what that took:
70 MiB for 5,000 RouteConfigurations at once, 14 for as many clusters. Each of them stands for itself, so it does not
matter which come first; what the order of types says of all of them waits for the last one."""

GATE_SECONDS = 10.0
"""A gate of the order of types that has not opened after so long lets go: something is broken, and waiting longer
breaks more."""

DEFAULT_DRAIN_SECONDS = 600.0
"""Envoy's default: of an Envoy that does not say what it was started with."""

LONGEST_DRAIN_SECONDS = 86_400.0
"""A day. An Envoy that says more is taken for one that does not say: what it says keeps removals from being sent."""

KEPT_RESPONSE_BYTES = 64 * 1024 * 1024
"""What is kept of responses at most, and only while streams send them."""

COMPARED_NAMES = 50_000
COMPARED_VERSIONS = 250_000
KEPT_DEPENDENCIES = 65_536
"""What is kept of work that streams of the same snapshots have in common: names that differ between two of them,
versions by name, and what clusters refer to. Two sweeps without a question drop it."""

STALLED_SECONDS = 60.0
"""After which a stream is ended that has not taken a response. An Envoy with little CPU reads within some seconds."""

SILENT_SECONDS = 60
"""For an answer to a ping; then the connection is closed. Envoy answers between two updates, and one of 5,000 hosts
takes it seconds when it has little CPU. A proxy that is cut has what it has, and costs all others when it returns."""

STUCK_SECONDS = 540.0
"""More, after which it is cut off without a word. 8 MiB in ten minutes are 0.1 Mbit/s."""

HANDSHAKE_MILLISECONDS = 10_000
"""From a connection to the first settings of the client, TLS included; gRPC's default is two minutes. In a storm of a
thousand proxies that come back the last one needs some seconds."""

IDLE_MILLISECONDS = 30_000
"""For which a connection may have no stream. An Envoy has one as long as it is connected. gRPC counts no connections:
with a certificate there are as many as streams are allowed, and those that this ends."""

STREAMS_IN_ALL = 20_000
"""Open streams of all Gateways: four of each proxy of the largest cluster. It is for memory; each Gateway has fewer."""

REQUESTS_A_SECOND = 100
REQUEST_BURST = 2_000
"""What may be read of one stream in the long run and at once; an ACK costs 1. One edit is followed by six at most, and
a proxy that starts with 50,000 routes asks and ACKs some hundred times. Read slower than it ACKs, a proxy gets several
edits at once."""

REQUEST_NACK = 10
"""What a NACK costs: it is followed by the next attempt, 0.6 ms of a core."""

REQUEST_NAMES = 200
"""Names of a request that cost 1."""

REQUEST_COST = 500
"""The most that one costs: five seconds."""

# --- what is told of refusals ------------------------------------------------------------------------------------

REFUSALS_TOLD = 20
REFUSALS_TOLD_SECONDS = 60.0
"""Refusals of one Gateway's proxies that are logged, and made an Event, in so many seconds. An edit causes one."""

REFUSED_ROUTES_TOLD = 100
"""Routes of one Gateway whose status says at a time that proxies refuse what is made of them. An Envoy that refuses
everything makes so many writes and no more, a few seconds' worth; `gatewayd why` says it of each route."""

ENDED_STREAMS_SECONDS = 60.0
"""For which no second line of the log tells of a stream of the same Gateway that ended for the same cause: a thousand
proxies of a node that is cut off end at once. The metric counts each."""

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

SHARED_SECRETS = 500
"""Of one Gateway: refused certificates and CA bundles, each its version: 10 KiB. A replica that is not told of one
learns of it from its own proxies."""

PER_HOST_RECORD = 64 * 1024
"""Characters of the annotation that records tables of hosts: a quarter of what all of an object may have."""

# --- the page in the browser --------------------------------------------------------------------------------------

PAGE_STREAMS = 20
"""Views of the page that are kept up to date at a time: the tabs of a few people; each costs rows at a change."""
PAGE_PAUSE_SECONDS = 0.05
"""Between two looks for one view: twenty in a second are more than eyes tell apart, and a save is seen at once."""
TRAFFIC_SECONDS = 1.0
"""Between two looks at access logs for who watches: they are counted by seconds."""

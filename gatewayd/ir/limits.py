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

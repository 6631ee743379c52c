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

"""Limits that the translator checks and the proxies are configured with: one number on both sides."""

RE2_PROGRAM_SIZE = 5000
"""Instructions of a compiled expression. A pattern of a thousand characters has a few thousand."""

GUARDS = 4
"""ExternalAuth filters of one listener. Each has its place in every filter chain, so it costs where nobody uses it."""

# --- what is done in a cluster, object by object ------------------------------------------------------------------

RETRY_FIRST_SECONDS = 1.0
"""The wait after the first failure for one object. It doubles with each further one."""
RETRY_LONGEST_SECONDS = 60.0
"""The ceiling of that wait: what somebody repairs elsewhere (a quota, a webhook) takes effect within a minute."""

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

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

"""Limits that the translator checks and the proxies are configured with: one number on both sides."""

RE2_PROGRAM_SIZE = 5000
"""Instructions of a compiled expression. A pattern of a thousand characters has a few thousand."""

GUARDS = 4
"""ExternalAuth filters of one listener. Each has its place in every filter chain, so it costs where nobody uses it."""

MANY_DOMAINS = 100
"""With more domains a route table is discovered per host: Envoy builds a table anew at 33 us a domain at any change."""

CERTIFICATE_WARNING_DAYS = 30
"""So long before its end a certificate is spoken of: what renews certificates does so earlier, people need weeks."""

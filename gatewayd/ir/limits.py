"""Limits that the translator checks and the proxies are configured with: one number on both sides."""

RE2_PROGRAM_SIZE = 5000
"""Instructions of a compiled expression. A pattern of a thousand characters has a few thousand."""

GUARDS = 4
"""ExternalAuth filters of one listener. Each has its place in every filter chain, so it costs where nobody uses it."""

# --- infrastructure of Gateways ---------------------------------------------------------------------------------

PROXY_REPLICAS = 100
"""Pods that a Gateway's owner may ask for where the class says nothing: ten cores at what a proxy requests."""

PROXY_PORTS = (19000, 19001)
"""TCP ports of a proxy's pod that no listener gets: 19001 answers probes, and pods of earlier versions bind 19000."""

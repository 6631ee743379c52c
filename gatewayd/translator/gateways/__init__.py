"""Gateways and ListenerSets -> listeners: which ones there are, what they accept, how they end TLS."""

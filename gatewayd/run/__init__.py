"""Processes that serve: what a replica and `gatewayd up` are composed of, from start to end."""

"""Reads what proxies have written down of requests."""

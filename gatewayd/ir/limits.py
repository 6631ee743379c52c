"""Limits that the translator checks and the proxies are configured with: one number on both sides."""

RE2_PROGRAM_SIZE = 1000
"""Instructions of a compiled expression. A path or header pattern of a hundred characters has about as many."""

"""Fetches the key sets of token issuers: a few requests an hour, bounded in every way."""

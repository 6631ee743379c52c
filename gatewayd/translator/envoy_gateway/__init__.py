"""Envoy Gateway's kinds -> sections of our own policies, and what of them is refused or has another effect."""

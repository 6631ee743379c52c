"""Envoy Gateway's policies and filters."""

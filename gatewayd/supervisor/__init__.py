"""Envoy processes of this machine: found, started, watched, started again."""

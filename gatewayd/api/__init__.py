"""Kubernetes wire shapes that gatewayd reads: frozen structs with the CRDs' limits and defaults, one file per kind."""

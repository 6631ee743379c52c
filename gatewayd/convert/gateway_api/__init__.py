"""Older versions of the Gateway API: v1alpha1 of networking.x-k8s.io, and what came before v1 in its own group."""

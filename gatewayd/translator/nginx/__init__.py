"""Annotations of ingress-nginx: what each asks for, as sections of policies, filters and forms of paths."""

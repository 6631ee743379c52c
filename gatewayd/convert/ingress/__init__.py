"""Ingress, with the annotations of ingress-nginx."""

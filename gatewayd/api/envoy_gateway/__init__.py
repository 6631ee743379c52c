"""Kinds of Envoy Gateway (gateway.envoyproxy.io), as far as they are read: what is known of each field."""

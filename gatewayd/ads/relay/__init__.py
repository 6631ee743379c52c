"""The way between an Envoy and the control plane when a node's agent stands on it."""

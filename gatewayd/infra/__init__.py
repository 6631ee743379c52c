"""What a cluster must run: for each Gateway, and for gatewayd itself. Values in, Kubernetes objects out."""

"""A real Kubernetes cluster out of plain processes, and the upstream conformance suite run in it."""

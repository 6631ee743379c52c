"""The shell around a Kubernetes API server: objects in as Deltas, statuses and infrastructure out."""

"""A control plane for the Kubernetes Gateway API that runs a fleet of Envoy proxies."""

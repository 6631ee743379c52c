"""gatewayd without a cluster: a folder of manifests, one Envoy as a child process, and a live table of both."""

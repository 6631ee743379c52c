"""The agent of a node: what pods send to Services with routes is led to the node's Envoy, as long as that is alive."""

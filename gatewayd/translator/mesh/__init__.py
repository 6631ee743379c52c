"""The mesh: routes whose parent is a Service, for the proxies of the nodes."""

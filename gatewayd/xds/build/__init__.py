"""ProxyConfig -> Snapshot: what is made of what, kept from one change to the next."""

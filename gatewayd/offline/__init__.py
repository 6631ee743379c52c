"""Objects translated with nobody connected: statuses and snapshots, and an Envoy's word on them."""

"""gatewayd beside other control planes, in the same rounds. `make bench-peers` runs it."""

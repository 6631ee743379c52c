"""What a cluster must run for a Gateway, within the bounds of its class."""

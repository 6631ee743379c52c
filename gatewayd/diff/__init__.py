"""What would change in Envoy and in statuses when one set of manifests takes the place of another."""

"""Istio's Gateway, VirtualService and DestinationRule."""

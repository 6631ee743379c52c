"""What gatewayd tells of itself: logs, metrics, and the pages of health."""

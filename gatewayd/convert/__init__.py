"""What was written for other controllers, and older versions of the Gateway API, as objects that gatewayd serves."""

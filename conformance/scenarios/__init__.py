"""What gatewayd must show in a cluster: scenarios with figures and pass bars, run against real Envoys."""

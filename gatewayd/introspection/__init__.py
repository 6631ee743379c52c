"""What a running gatewayd says of itself: values, their messages (protos/gatewayd/v1), a server and a client."""

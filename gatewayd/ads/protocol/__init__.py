"""One stream without I/O: what the client is subscribed to, has and was sent, and what may be sent next."""

"""One stream without I/O: what a client wants, has and was sent, and what may go next."""

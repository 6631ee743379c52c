"""Which rule takes a request, what happens to it, and why every other rule does not get it: decided on the IR alone."""

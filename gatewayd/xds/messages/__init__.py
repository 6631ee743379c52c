"""Values of the IR -> Envoy's messages, one module for each of them."""

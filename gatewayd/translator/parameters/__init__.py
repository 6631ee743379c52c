"""What may be set of the proxies of a Gateway, by its class and by itself, as far as the class allows."""

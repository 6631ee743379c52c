"""Rules of routes -> Routes: matches, filters, and what becomes of a request."""

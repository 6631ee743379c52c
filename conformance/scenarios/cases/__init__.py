"""The scenarios, one module a theme; `conformance.scenarios.catalogue` lists them."""

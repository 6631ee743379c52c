"""backendRefs -> backends and their clusters: what they are, where their endpoints are, who may go there."""

"""Manifests written for a user, and the files that they go to."""

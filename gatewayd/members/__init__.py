"""Clusters that offer endpoints: who they are, what they say, and what of it counts."""

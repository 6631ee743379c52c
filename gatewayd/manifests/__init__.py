"""Folders and files of YAML -> Deltas, each with its place; last good per object."""

"""Policies: one file each; whom they apply to is decided in `attach`."""

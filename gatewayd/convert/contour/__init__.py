"""Contour's HTTPProxy."""

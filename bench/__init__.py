"""Measurements. `make bench` runs them all; none of them passes or fails."""

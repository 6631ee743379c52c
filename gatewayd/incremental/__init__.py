"""Demand-driven queries over tables of inputs; knows nothing of Gateways."""

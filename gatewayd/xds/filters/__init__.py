"""The HTTP filters of Envoy that are used, one file each; `chain` puts them in order."""

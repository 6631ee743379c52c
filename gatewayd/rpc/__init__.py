"""The messages of protos/gatewayd/v1, written by `make protos`; nothing here is written by hand but this line."""

"""Rules that no single field can express, as the CRDs and the API server have them; `table` says where each applies."""

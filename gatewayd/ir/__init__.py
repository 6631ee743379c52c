"""The intermediate representation: what proxies must do and what is said about objects."""

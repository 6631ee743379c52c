"""How people see it: tables in a terminal, and the JSON of `-o json`."""

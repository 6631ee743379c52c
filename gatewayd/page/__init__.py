"""The page in the browser: what a run serves, as columns joined by lines, and what becomes of it, live."""

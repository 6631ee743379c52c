"""`gatewayd demo`: an example folder with two backends of its own, and what to ask it."""

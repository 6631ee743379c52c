"""What happened in a run, on one clock, and whether it kept what gatewayd guarantees (docs/guarantees.md)."""

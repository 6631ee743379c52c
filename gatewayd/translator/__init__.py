"""Rows in, ProxyConfigs and Outcomes out: pure queries, nothing decided twice."""

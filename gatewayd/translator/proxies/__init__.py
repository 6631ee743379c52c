"""Everything for the proxies of a Gateway: virtual hosts, filter chains, the ProxyConfig."""

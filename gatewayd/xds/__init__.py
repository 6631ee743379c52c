"""What a proxy must do, in Envoy's words: pure functions from `ir.proxy.ProxyConfig` to `xds.resource.Snapshot`."""

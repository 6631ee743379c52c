module gatewayd.io/conformance/loadclient

go 1.26

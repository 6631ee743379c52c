"""What the feature tests drive: gatewayd in this process, real Envoys, echoing backends and several clients."""

// Package suite holds the upstream Gateway API conformance suite as one Go test, to be compiled with `go test -c`.
package suite

import (
	"testing"

	"sigs.k8s.io/gateway-api/conformance"
)

// TestConformance runs the suite against the cluster of $KUBECONFIG with the options given as flags.
func TestConformance(t *testing.T) {
	conformance.RunConformance(t)
}

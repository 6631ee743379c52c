// Package suite holds the upstream Gateway API conformance suite as one Go test, to be compiled with `go test -c`.
package suite

import (
	"testing"

	"sigs.k8s.io/gateway-api/conformance"
	"sigs.k8s.io/gateway-api/pkg/features"
)

// TestConformance runs the suite against the cluster of $KUBECONFIG with the options given as flags.
//
// With -all-features every feature of a gateway is claimed; those of a mesh are not, since their tests concern another
// kind of product.
func TestConformance(t *testing.T) {
	options := conformance.DefaultOptions(t)
	if options.EnableAllSupportedFeatures {
		mesh := features.SetsToNamesSet(features.MeshCoreFeatures, features.MeshExtendedFeatures)
		options.ExemptFeatures = append(options.ExemptFeatures, mesh.UnsortedList()...)
	}
	conformance.RunConformanceWithOptions(t, options)
}

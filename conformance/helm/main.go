//go:build tools

// Package helm names the program that renders and installs the chart; nothing of ours is in it.
package helm

import _ "helm.sh/helm/v3/cmd/helm"

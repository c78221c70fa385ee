//go:build !linux

package loopback

import "testing"

// countDescriptors has nothing to count here.
func countDescriptors(*testing.T) int { return 0 }

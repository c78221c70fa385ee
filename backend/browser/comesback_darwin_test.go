package browser

import (
	"os"
	"path/filepath"
	"testing"
)

func TestComesBackToBundle(t *testing.T) {
	t.Parallel()
	contents := filepath.Join(t.TempDir(), "Product.app", "Contents")
	program := filepath.Join(contents, "MacOS", "product")
	if comesBackTo(t.Context(), "com.example.app", program) {
		t.Error("without a bundle")
	}
	if err := os.MkdirAll(contents, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(contents, "Info.plist"), []byte(propertyList), 0o600); err != nil {
		t.Fatal(err)
	}
	if !comesBackTo(t.Context(), "com.example.app", program) || comesBackTo(t.Context(), "com.example.none", program) {
		t.Error("the bundle is not read")
	}
	if comesBackTo(t.Context(), "com.example.app", filepath.Join(contents, "product")) {
		t.Error("a program elsewhere in the bundle")
	}
}

//go:build devnet

package config

import "testing"

// A development build can be one with a key; what the key needs beside it, it has too.
func TestKeyInEnvironment(t *testing.T) { // not parallel: it sets the environment
	t.Setenv(prefix+"CLIENT_ID", "https://app.example.com/client.json")
	t.Setenv(prefix+"CLIENT_KEY", "backend")
	_, err := Load()
	checkError(t, err, "environment", prefix+"ASSERTION_BACKEND")
	t.Setenv(prefix+"ASSERTION_BACKEND", "https://keys.example.com")
	t.Setenv(prefix+"CLIENT_KEY_FILE", "/some/where.json")
	c, err := Load()
	if err != nil || c.Brand.ClientKey != BackendKey || c.Brand.AssertionBackend != "https://keys.example.com" || c.Paths.ClientKey != "/some/where.json" || c.Paths.Data == "" {
		t.Errorf("got %+v, %v", c, err)
	}
}

//go:build devnet

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"latchkey/backend/config"
)

// The network alone says who is on it and how to use it, and ends without an error when it is told to.
func TestNetworkAlone(t *testing.T) { // not parallel: it changes the folder
	t.Chdir("../../../..")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	out, in := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		ended <- run(ctx, options{network: "private", alone: true, dir: filepath.Join(t.TempDir(), "dev")}, in)
		_ = in.Close()
	}()
	var file string
	people := 0
	lines := bufio.NewScanner(out)
	for file == "" && lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		if strings.HasPrefix(line, "alice.test ") || strings.HasPrefix(line, "bob.test ") {
			people++
		}
		if path, ok := strings.CutPrefix(line, "export "+config.Variable(config.NetworkFile)+"='"); ok {
			file = strings.TrimSuffix(path, "'")
		}
	}
	go func() { _, _ = io.Copy(io.Discard, out) }() // it ends with run
	data, err := os.ReadFile(file)
	if err != nil || people != 2 {
		t.Fatalf("%d people, and %v", people, err)
	}
	var network struct {
		PLC string `json:"plc_url"`
	}
	if err := json.Unmarshal(data, &network); err != nil {
		t.Fatal(err)
	}
	answers := func() bool {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, network.PLC+"/_health", nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := http.DefaultClient.Do(req)
		if err == nil {
			_ = res.Body.Close()
		}
		return err == nil && res.StatusCode == http.StatusOK
	}
	if !answers() {
		t.Error("the directory does not answer")
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if answers() {
		t.Error("the directory still answers")
	}
}

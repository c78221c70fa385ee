package browser

import (
	"strings"
	"testing"
)

// hostile: 23
func TestCheck(t *testing.T) {
	t.Parallel()
	tests := []struct {
		address string
		good    bool
	}{
		{"https://auth.pds.example.com/oauth/authorize?client_id=x&request_uri=y", true},
		{"https://pds.example.com:8443/", true},
		{"HTTPS://pds.example.com/", true},
		{"https://[2001:db8::1]/", true},
		{"http://127.0.0.1:40000/start/ABC", true},
		{"http://127.0.0.1/", true},

		{"http://pds.example.com/", false},
		{"http://localhost:40000/", false},
		{"http://127.0.0.2:40000/", false},
		{"http://127.0.0.1.example.com/", false},
		{"http://127.1/", false},
		{"http://2130706433/", false},
		{"http://[::1]:40000/", false},
		{"http://[::ffff:127.0.0.1]:40000/", false},
		{"http://0.0.0.0/", false},
		{"http://127.0.0.1@evil.example/", false},
		{"http://evil.example#127.0.0.1", false},
		{"http://alice@127.0.0.1/", false},
		{"https://alice@pds.example.com/", false},
		{"https://alice:pw@pds.example.com/", false},
		{"https://@pds.example.com/", false},
		{"javascript:alert(1)", false},
		{"JavaScript:alert(1)", false},
		{"javascript://pds.example.com/%0aalert(1)", false},
		{"file:///etc/hosts", false},
		{"file://pds.example.com/share", false},
		{"smb://pds.example.com/share", false},
		{`\\pds.example.com\share`, false},
		{"data:text/html,<script>alert(1)</script>", false},
		{"ms-msdt:/id PCWDiagnostic", false},
		{"ms-settings://x", false},
		{"search-ms:query=x", false},
		{"vbscript:x", false},
		{"ftp://pds.example.com/", false},
		{"ssh://pds.example.com/", false},
		{"view-source:https://pds.example.com/", false},
		{"about:blank", false},
		{"httpss://pds.example.com/", false},
		{" https://pds.example.com/", false},
		{"https://pds.example.com/\n--flag", false},
		{"\thttps://pds.example.com/", false},
		{"-https://pds.example.com/", false},
		{"--version", false},
		{"//pds.example.com/", false},
		{"/etc/hosts", false},
		{"https:", false},
		{"https://", false},
		{"https:///path", false},
		{"https://:443/", false},
		{"https:pds.example.com", false},
		{"pds.example.com", false},
		{"", false},
	}
	for _, tt := range tests {
		err := check(tt.address)
		if (err == nil) != tt.good {
			t.Errorf("check(%q) = %v", tt.address, err)
		}
		if err != nil && len(tt.address) > 3 && strings.Contains(err.Error(), tt.address) {
			t.Errorf("the error repeats the address: %v", err)
		}
	}
}

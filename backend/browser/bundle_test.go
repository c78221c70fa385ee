package browser

import (
	"strings"
	"testing"
)

const propertyList = `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
	<key>CFBundleIdentifier</key>
	<string>com.example.other</string>
	<key>CFBundleURLTypes</key>
	<array>
		<dict>
			<key>CFBundleURLName</key>
			<string>com.example.name</string>
			<key>CFBundleURLSchemes</key>
			<array>
				<string>com.example.first</string>
				<string>com.example.app</string>
			</array>
		</dict>
	</array>
	<key>CFBundleExecutable</key>
	<string>com.example.last</string>
</dict>
</plist>`

func TestClaimsScheme(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		list, scheme string
		want         bool
	}{
		"the second":         {propertyList, "com.example.app", true},
		"the first":          {propertyList, "com.example.first", true},
		"no scheme":          {propertyList, "com.example.none", false},
		"the identifier":     {propertyList, "com.example.other", false},
		"the name":           {propertyList, "com.example.name", false},
		"what comes after":   {propertyList, "com.example.last", false},
		"no schemes":         {strings.Replace(propertyList, "CFBundleURLSchemes", "LSItemContentTypes", 1), "com.example.app", false},
		"broken off":         {propertyList[:strings.Index(propertyList, "com.example.app")], "com.example.app", false},
		"too late":           {strings.Replace(propertyList, "<dict>", "<!--"+strings.Repeat("x", maxPropertyList)+"--><dict>", 1), "com.example.app", false},
		"nothing":            {"", "com.example.app", false},
		"not XML":            {"bplist00\xd1\x01\x02", "com.example.app", false},
		"nothing is claimed": {strings.Replace(propertyList, "com.example.app", "", 1), "com.example.app", false},
	} {
		if got := claimsScheme(strings.NewReader(c.list), c.scheme); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

package browser

import (
	"encoding/xml"
	"io"
)

// maxPropertyList bounds what is read of a property list, in bytes.
const maxPropertyList = 1 << 20

// claimsScheme tells whether the property list of a bundle, in XML, says that it opens addresses with a scheme: a
// string of the array CFBundleURLSchemes
// (https://developer.apple.com/documentation/bundleresources/information-property-list/cfbundleurltypes).
func claimsScheme(list io.Reader, scheme string) bool {
	d := xml.NewDecoder(io.LimitReader(list, maxPropertyList))
	inside, key := false, ""
	for {
		token, err := d.Token()
		if err != nil {
			return false
		}
		switch t := token.(type) {
		case xml.StartElement:
			var text string
			switch t.Name.Local {
			case "key":
				err = d.DecodeElement(&text, &t)
				inside, key = false, text
			case "array":
				inside = key == "CFBundleURLSchemes"
			case "string":
				if err = d.DecodeElement(&text, &t); inside && text == scheme {
					return err == nil
				}
			}
			if err != nil {
				return false
			}
		case xml.EndElement:
			inside = inside && t.Name.Local != "array"
		}
	}
}

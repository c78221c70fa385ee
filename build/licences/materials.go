package main

import (
	"bytes"
	"os"
	"strings"

	cdx "github.com/CycloneDX/cyclonedx-go"
)

// writeMaterials writes the parts as CycloneDX has them. There is neither a time nor a serial number in
// it, so that everybody gets the same of the same sources.
func writeMaterials(file, product string, parts []part) error {
	name, version, _ := strings.Cut(product, "@")
	bom := cdx.NewBOM()
	bom.Metadata = &cdx.Metadata{Component: &cdx.Component{BOMRef: product, Type: cdx.ComponentTypeApplication, Name: name, Version: version}}
	components, refs := []cdx.Component{}, []string{}
	for _, p := range parts {
		var licences cdx.Licenses
		for _, id := range p.licences {
			choice := cdx.LicenseChoice{License: &cdx.License{ID: id}}
			licences = append(licences, choice)
		}
		components = append(components, cdx.Component{BOMRef: p.url, Type: cdx.ComponentTypeLibrary, Name: p.name, Version: p.version,
			PackageURL: p.url, Licenses: &licences})
		refs = append(refs, p.url)
	}
	bom.Components = &components
	bom.Dependencies = &[]cdx.Dependency{{Ref: product, Dependencies: &refs}}
	var out bytes.Buffer
	if err := cdx.NewBOMEncoder(&out, cdx.BOMFileFormatJSON).SetPretty(true).EncodeVersion(bom, cdx.SpecVersion1_6); err != nil {
		return err
	}
	return os.WriteFile(file, out.Bytes(), 0o644) // #nosec G306 -- for everybody to read
}

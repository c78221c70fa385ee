package main

import (
	"bytes"
	"context"
	"debug/pe"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/tc-hib/winres"
	"github.com/tc-hib/winres/version"
)

// unpacked is where what is in an installer lies, with the installer itself beside it.
func (r receiver) unpacked(architecture string) string {
	return filepath.Join(r.work, "windows", architecture)
}

// installers looks into the installers for Windows: all that runs is signed, and is what it should be.
func (r receiver) installers(ctx context.Context, dir string, all records) error {
	for _, architecture := range windowsArchitectures {
		setup, folder := filepath.Join(dir, r.setupName(architecture)), r.unpacked(architecture)
		if err := errors.Join(os.MkdirAll(folder, 0o700), quietly(command(ctx, "7z", "x", "-y", "-o"+folder, setup))); err != nil {
			return err
		}
		if err := errors.Join(os.RemoveAll(filepath.Join(folder, "fetched")), os.Rename(filepath.Join(folder, "$PLUGINSDIR"), filepath.Join(folder, "fetched")),
			onlyThese(folder, append(r.installedNames(), "fetched")), quietly(command(ctx, "cp", setup, filepath.Join(folder, installerName)))); err != nil {
			return err
		}
		for _, name := range r.sealed() {
			if err := r.authenticode(ctx, filepath.Join(folder, name)); err != nil {
				return err
			}
		}
		if err := r.installerContents(ctx, dir, folder, architecture); err != nil {
			return fmt.Errorf("%s: %w", architecture, err)
		}
		if err := errors.Join(all.signed("Authenticode", r.setupName(architecture)), all.verified("contents", r.setupName(architecture))); err != nil {
			return err
		}
	}
	return nil
}

// installerContents compares what is in an installer with what the release and Microsoft have.
func (r receiver) installerContents(ctx context.Context, dir, folder, architecture string) error {
	licences, err := os.ReadFile(filepath.Join(dir, "licences.txt"))
	if err != nil {
		return err
	}
	fetcher, err := bootstrapper(ctx)
	if err != nil {
		return err
	}
	for name, want := range map[string][]byte{"licences.txt": crlf(licences), "fetched/" + bootstrapperName: fetcher} {
		data, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			return err
		}
		if !bytes.Equal(data, want) {
			return fmt.Errorf("%s is another", name)
		}
	}
	return errors.Join(r.executable(filepath.Join(folder, r.window()+".exe"), architecture, pe.IMAGE_SUBSYSTEM_WINDOWS_GUI),
		r.executable(filepath.Join(folder, r.Command+".exe"), architecture, pe.IMAGE_SUBSYSTEM_WINDOWS_CUI))
}

// executable looks at a program: for which processor and system it is, that it wants no library but Windows'
// own first one, and what Windows shows of it.
func (r receiver) executable(file, architecture string, subsystem uint16) (err error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	program, err := pe.NewFile(bytes.NewReader(data))
	if err != nil {
		return err
	}
	machine := map[string]uint16{"amd64": pe.IMAGE_FILE_MACHINE_AMD64, "arm64": pe.IMAGE_FILE_MACHINE_ARM64}[architecture]
	header, ok := program.OptionalHeader.(*pe.OptionalHeader64)
	if !ok || program.Machine != machine || header.Subsystem != subsystem {
		return fmt.Errorf("%s is for machine %#x", filepath.Base(file), program.Machine)
	}
	symbols, err := program.ImportedSymbols()
	if err != nil {
		return err
	}
	for _, symbol := range symbols {
		if !strings.HasSuffix(symbol, ":kernel32.dll") {
			return fmt.Errorf("%s is linked with %s", filepath.Base(file), symbol)
		}
	}
	resources, err := winres.LoadFromEXE(bytes.NewReader(data))
	if err != nil {
		return err
	}
	info, err := version.FromBytes(resources.Get(winres.RT_VERSION, winres.ID(1), version.LangDefault))
	if err != nil {
		return err
	}
	texts := info.Table()[version.LangDefault]
	if texts == nil || (*texts)[version.ProductName] != r.Name || (*texts)[version.ProductVersion] != r.version || (*texts)[version.OriginalFilename] != filepath.Base(file) {
		return fmt.Errorf("%s says of itself: %v", filepath.Base(file), texts)
	}
	icon, err := resources.GetIcon(winres.ID(3))
	if err != nil || icon == nil {
		return errors.Join(err, fmt.Errorf("%s has no icon", filepath.Base(file)))
	}
	manifest := string(resources.Get(winres.RT_MANIFEST, winres.ID(1), version.LangDefault))
	for _, want := range []string{`level="asInvoker"`, "permonitorv2", "longPathAware", "Microsoft.Windows.Common-Controls"} {
		if !strings.Contains(manifest, want) {
			return fmt.Errorf("the manifest of %s has no %s", filepath.Base(file), want)
		}
	}
	return nil
}

// tamperWindows attacks each program for Windows, in the folder in which the installers were unpacked.
func (r receiver) tamperWindows(ctx context.Context) (err error) {
	another, keys, err := r.anotherKey(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, another.close()) }()
	var all []attack
	other, unstamped := r, *another
	other.keys, unstamped.timestamp = keys, ""
	for _, architecture := range windowsArchitectures {
		for _, name := range r.sealed() {
			file := filepath.Join(architecture, name)
			check := func(ctx context.Context, dir string) error { return r.authenticode(ctx, filepath.Join(dir, file)) }
			all = append(all, attack{"a byte of " + file, flip(file), check, "MISMATCH!!!"},
				attack{"no signature of " + file, unsign(ctx, file), check, "No signature found"},
				attack{file + " signed by another key", both(unsign(ctx, file), sign(ctx, another.seal(r.product), file)), check, "Leaf hash match: failed"})
		}
	}
	// A signature without a time would end with its certificate. Only whose key it is can make such a one.
	file := filepath.Join("amd64", uninstallerName)
	all = append(all, attack{"a signature without a time stamp", both(unsign(ctx, file), sign(ctx, unstamped.seal(r.product), file)),
		func(ctx context.Context, dir string) error { return other.authenticode(ctx, filepath.Join(dir, file)) }, "does not say \"Timestamp"})
	return r.refused(ctx, filepath.Join(r.work, "windows"), all)
}

// unsign takes the signature off.
func unsign(ctx context.Context, name string) func(string) error {
	return func(dir string) error {
		file := filepath.Join(dir, name)
		if err := quietly(command(ctx, "osslsigncode", "remove-signature", "-in", file, "-out", file+".bare")); err != nil {
			return err
		}
		return os.Rename(file+".bare", file)
	}
}

func sign(ctx context.Context, seal *seal, name string) func(string) error {
	return func(dir string) error { return seal.put(ctx, "", "", filepath.Join(dir, name)) }
}

// anotherKey makes a key that nobody trusts, and the folder of those who do. It signs as it should: who trusts
// it accepts what it signed.
func (r receiver) anotherKey(ctx context.Context) (*authenticode, string, error) {
	keys, err := os.MkdirTemp(r.work, "another-")
	if err != nil {
		return nil, "", err
	}
	another, err := openAuthenticode(ctx, "test", keys)
	if err != nil {
		return nil, "", err
	}
	return another, keys, another.publish(keys)
}

// tokenKey puts another key into a token (here one of software), where a packager's has to lie
// (https://cabforum.org/working-groups/code-signing/requirements/, section 6.2.7.4). It answers the environment that
// names it, and what ends its server of time stamps.
func (r receiver) tokenKey(ctx context.Context, pin string) (map[string]string, func() error, error) {
	another, keys, err := r.anotherKey(ctx)
	if err != nil {
		return nil, nil, err
	}
	settings, tokens := filepath.Join(keys, "softhsm.conf"), filepath.Join(keys, "tokens")
	environment := map[string]string{
		"SOFTHSM2_CONF": settings, certificateVariable: another.certificate, codeKeyVariable: "pkcs11:token=test;object=code;type=private",
		moduleVariable: "/usr/lib/softhsm/libsofthsm2.so", codePassword: pin, timestampVariable: another.timestamp, rootsVariable: another.roots,
	}
	err = errors.Join(os.Mkdir(tokens, 0o700), os.WriteFile(settings, []byte("directories.tokendir = "+tokens+"\nobjectstore.backend = file\n"), 0o600))
	for _, args := range [][]string{{"--init-token", "--free", "--label", "test", "--so-pin", pin, "--pin", pin},
		{"--import", another.key, "--token", "test", "--label", "code", "--id", "01", "--pin", pin}} {
		if err == nil {
			err = with(environment, func() error { return quietly(command(ctx, "softhsm2-util", args...)) })
		}
	}
	return environment, another.close, errors.Join(err, os.Remove(another.key))
}

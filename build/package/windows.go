package main

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/draw"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/tc-hib/winres"
	"github.com/tc-hib/winres/version"
	"golang.org/x/image/bmp"
	"golang.org/x/sync/errgroup"
)

// windowsArchitectures are those that there is an installer for.
var windowsArchitectures = []string{"amd64", "arm64"}

// windows makes the installers, with programs in them that are sealed (nil for those that nobody signs). What
// was signed can be signed again by whoever has the signatures; they go to a folder beside the installers.
func (p product) windows(ctx context.Context, o options, seal *seal, overlay, work string, licences []byte) error {
	group, ctx := errgroup.WithContext(ctx) // packing takes one processor at a time
	for _, architecture := range windowsArchitectures {
		group.Go(func() error {
			icon, err := p.windowsIcon()
			if err != nil {
				return err
			}
			stage := filepath.Join(work, "windows-"+architecture)
			if err := p.windowsPrograms(ctx, o, architecture, overlay, stage, icon); err != nil {
				return err
			}
			if err := p.windowsTexts(ctx, stage, icon, licences); err != nil {
				return err
			}
			setup, err := p.installer(ctx, architecture, stage, seal)
			if err != nil {
				return err
			}
			if err := quietly(command(ctx, "cp", setup, filepath.Join(o.out, p.setupName(architecture)))); err != nil {
				return err
			}
			if seal == nil || o.signatures != "" {
				return nil
			}
			return p.publishSignatures(ctx, stage, filepath.Join(o.out, p.signaturesName(architecture)))
		})
	}
	return group.Wait()
}

func (p product) setupName(architecture string) string {
	return p.archiveName("windows-"+architecture) + "-setup.exe"
}

// windowsPrograms compiles both faces into a folder. Neither needs a C compiler there.
func (p product) windowsPrograms(ctx context.Context, o options, architecture, overlay, stage string, icon *winres.Icon) error {
	ldflags := p.ldflags()
	for _, c := range []struct {
		name, about, source, ldflags string
		tags                         []string
	}{
		{p.window(), p.Name, ".", ldflags + " -H windowsgui", []string{"desktop", "production"}},
		{p.Command, p.Name + " for the terminal", "./backend/cmd/latchkey", ldflags, nil},
	} {
		bare := filepath.Join(stage, "bare", c.name)
		cmd := command(ctx, "go", append(p.goFlags(overlay, c.tags...), "-ldflags="+c.ldflags, "-o", bare, c.source)...)
		cmd.Env = goEnvironment(o.cache, "GOOS=windows", "GOARCH="+architecture, "CGO_ENABLED=0")
		if err := quietly(cmd); err != nil {
			return err
		}
		if err := p.addResources(bare, filepath.Join(stage, c.name+".exe"), c.about, icon); err != nil {
			return err
		}
	}
	return nil
}

// addResources adds to a program what Windows shows of it, and what it wants of Windows.
func (p product) addResources(bare, program, about string, icon *winres.Icon) error {
	var resources winres.ResourceSet
	// The number where Wails looks for the icon of its window.
	if err := resources.SetIcon(winres.ID(3), icon); err != nil {
		return err
	}
	resources.SetManifest(winres.AppManifest{
		Compatibility: winres.Win10AndAbove, ExecutionLevel: winres.AsInvoker, DPIAwareness: winres.DPIPerMonitorV2,
		LongPathAware: true, UseCommonControlsV6: true,
	})
	numbers, err := p.windowsVersion()
	if err != nil {
		return err
	}
	license, err := os.ReadFile("LICENSE")
	if err != nil {
		return err
	}
	info := version.Info{FileVersion: numbers, ProductVersion: numbers}
	for key, value := range map[string]string{
		version.ProductName: p.Name, version.FileDescription: about, version.CompanyName: p.maintainerName(), version.LegalCopyright: rights(string(license)),
		version.ProductVersion: p.version, version.FileVersion: p.version, version.OriginalFilename: filepath.Base(program),
	} {
		if err := info.Set(version.LangDefault, key, value); err != nil {
			return err
		}
	}
	resources.SetVersionInfo(info)
	data, err := os.ReadFile(bare)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	if err := resources.WriteToEXE(&out, bytes.NewReader(data), winres.ForceCheckSum()); err != nil {
		return err
	}
	return os.WriteFile(program, out.Bytes(), 0o755) // #nosec G306 -- a program
}

// windowsVersion is the version as Windows has them: four numbers of 16 bits, without what comes behind
// 1.2.3.
func (p product) windowsVersion() ([4]uint16, error) {
	var numbers [4]uint16
	for i, text := range strings.Split(p.versionNumber(), ".") {
		n, err := strconv.ParseUint(text, 10, 16)
		if err != nil {
			return numbers, fmt.Errorf("%s is no version that Windows takes: %w", p.version, err)
		}
		numbers[i] = uint16(n)
	}
	return numbers, nil
}

// windowsSizes are those of icons that Windows looks for, in pixels.
var windowsSizes = []int{16, 20, 24, 32, 40, 48, 64, 128, 256}

func (p product) windowsIcon() (*winres.Icon, error) {
	picture, err := p.picture()
	if err != nil {
		return nil, err
	}
	var all []image.Image
	for _, size := range windowsSizes {
		all = append(all, scaled(picture, size))
	}
	return winres.NewIconFromImages(all)
}

// windowsTexts writes what the installer has beside the programs.
func (p product) windowsTexts(ctx context.Context, stage string, icon *winres.Icon, licences []byte) error {
	readme, err := p.fill("readme.txt")
	if err != nil {
		return err
	}
	license, err := os.ReadFile("LICENSE")
	if err != nil {
		return err
	}
	bootstrapper, err := bootstrapper(ctx)
	if err != nil {
		return err
	}
	var ico bytes.Buffer
	if err := icon.SaveICO(&ico); err != nil {
		return err
	}
	side, err := p.side()
	if err != nil {
		return err
	}
	for name, data := range map[string][]byte{
		"side.bmp":   side,
		"README.txt": crlf(readme), "LICENSE.txt": crlf(license), "licences.txt": crlf(licences), "icon.ico": ico.Bytes(), bootstrapperName: bootstrapper,
	} {
		if err := os.WriteFile(filepath.Join(stage, name), data, 0o644); err != nil { // #nosec G306 -- for everybody to read
			return err
		}
	}
	return nil
}

// side is the picture beside the last words of the installer, which takes 164 by 314 pixels where nothing is
// magnified: the icon.
func (p product) side() ([]byte, error) {
	picture, err := p.picture()
	if err != nil {
		return nil, err
	}
	const width, height, size = 2 * 164, 2 * 314, 160
	paper := image.NewRGBA(image.Rect(0, 0, width, height))
	draw.Draw(paper, paper.Bounds(), image.White, image.Point{}, draw.Src)
	place := image.Rect(0, 0, size, size).Add(image.Pt((width-size)/2, (height-size)/3))
	draw.Draw(paper, place, scaled(picture, size), image.Point{}, draw.Over)
	var out bytes.Buffer
	err = bmp.Encode(&out, paper)
	return out.Bytes(), err
}

func crlf(text []byte) []byte { return bytes.ReplaceAll(text, []byte("\n"), []byte("\r\n")) }

const bootstrapperName = "MicrosoftEdgeWebview2Setup.exe"

// bootstrapper is Microsoft's program that fetches the WebView2 runtime, as Wails has it.
func bootstrapper(ctx context.Context) ([]byte, error) {
	const wails = "github.com/wailsapp/wails/v2"
	// Nothing was compiled yet where the keys are tried, so the module may not be on this machine.
	if err := quietly(command(ctx, "go", "mod", "download", wails)); err != nil {
		return nil, err
	}
	module, err := output(ctx, "go", "list", "-m", "-f", "{{.Dir}}", wails)
	if err != nil {
		return nil, err
	}
	return os.ReadFile(filepath.Join(module, "internal", "webview2runtime", bootstrapperName))
}

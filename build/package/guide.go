package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

// guideFile is the packager's guide. Its commands stand in blocks with names.
const guideFile = "build/README.md"

var guideBlock = regexp.MustCompile("(?ms)^```sh ([a-z]+)\n(.*?)^```$")

// guideBlocks are the commands of the guide, by the names of the blocks.
func guideBlocks() (map[string]string, error) {
	text, err := os.ReadFile(guideFile)
	if err != nil {
		return nil, err
	}
	blocks := map[string]string{}
	for _, m := range guideBlock.FindAllStringSubmatch(string(text), -1) {
		blocks[m[1]] = m[2]
	}
	return blocks, nil
}

// guided prepares the commands of a block to be run in dir as they stand there, but for what is an example: replace
// has that, and what is put in its place.
func guided(ctx context.Context, block, dir string, replace ...string) (*exec.Cmd, error) {
	blocks, err := guideBlocks()
	if err != nil {
		return nil, err
	}
	if blocks[block] == "" {
		return nil, fmt.Errorf("%s has no commands named %s", guideFile, block)
	}
	cmd := command(ctx, "bash", "-euc", strings.NewReplacer(replace...).Replace(blocks[block]))
	cmd.Dir = dir
	return cmd, nil
}

// publish puts the release where a web server would have it, and checks it there with the tools that everybody has, all
// with the commands of the guide.
func (r receiver) publish(ctx context.Context, out string) (string, error) {
	server := filepath.Join(r.work, "www")
	if err := os.Mkdir(server, 0o755); err != nil { // #nosec G301 -- apt's own user reads it
		return "", err
	}
	published := filepath.Join(server, r.Command)
	for _, c := range []struct {
		block, dir string
		replace    []string
	}{
		{"publish", r.work, []string{"build/dist", out, "/srv/www/harbour", published}},
		{"receive", published, []string{minisignPublic, filepath.Join(r.keys, minisignPublic)}},
	} {
		cmd, err := guided(ctx, c.block, c.dir, c.replace...)
		if err != nil {
			return "", err
		}
		if err := quietly(cmd); err != nil {
			return "", err
		}
	}
	return published, nil
}

// guideKeys makes keys with the commands of the guide, under a password that a person would type, in folder/keys. It
// answers the environment that names them.
func guideKeys(ctx context.Context, folder, password string) (map[string]string, error) {
	home := filepath.Join(folder, "home")
	if err := os.Mkdir(home, 0o700); err != nil {
		return nil, err
	}
	typed := filepath.Join(home, "typed")
	if err := errors.Join(os.WriteFile(typed, []byte(password+"\n"), 0o600),
		os.WriteFile(filepath.Join(home, "gpg.conf"), []byte("batch\npinentry-mode loopback\npassphrase-file "+typed+"\n"), 0o600)); err != nil {
		return nil, err
	}
	cmd, err := guided(ctx, "keys", home)
	if err != nil {
		return nil, err
	}
	cmd.Env = append(os.Environ(), "GNUPGHOME="+home, "HOME="+home)
	cmd.Stdin = strings.NewReader(password + "\n" + password + "\n")
	own := filepath.Join(folder, "keys")
	return map[string]string{
		gpgVariable: filepath.Join(own, "gpg.asc"), gpgPassphrase: password,
		minisignVariable: filepath.Join(own, "release.key"), minisignPassword: password,
	}, errors.Join(quietly(cmd), (&keys{gpgHome: home}).close())
}

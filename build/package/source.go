package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// command prepares a program whose complaints are seen.
func command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stderr = os.Stderr
	return cmd
}

// output runs a program and answers what it says, without the line end.
func output(ctx context.Context, name string, args ...string) (string, error) {
	out, err := command(ctx, name, args...).Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w", name, err)
	}
	return strings.TrimSpace(string(out)), nil
}

// quietly runs a program whose words matter only if it fails.
func quietly(cmd *exec.Cmd) error {
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args, " "), err, said.Bytes())
	}
	return nil
}

var versionPattern = regexp.MustCompile(`^[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.]+)?(\+[0-9A-Za-z.]+)?$`)

// fromSources adds what the clone says: the commit, its time, and the version unless one was named.
// What is not committed can't be built again by anybody, so it is not built at all.
func (p product) fromSources(ctx context.Context, version string) (product, error) {
	changed, err := output(ctx, "git", "status", "--porcelain")
	if err != nil {
		return p, err
	}
	if changed != "" {
		return p, fmt.Errorf("there are changes that are not committed; commit or stash them, so that others can build the same:\n%s", changed)
	}
	if p.commit, err = output(ctx, "git", "rev-parse", "HEAD"); err != nil {
		return p, err
	}
	seconds, err := output(ctx, "git", "log", "-1", "--format=%ct")
	if err != nil {
		return p, err
	}
	unix, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		return p, err
	}
	p.time = time.Unix(unix, 0).UTC()
	if p.version = version; version == "" {
		if p.version, err = described(ctx); err != nil {
			return p, err
		}
	}
	if !versionPattern.MatchString(p.version) {
		return p, fmt.Errorf("%q is no version such as 1.2.3 or 1.2.3-rc.1", p.version)
	}
	return p, nil
}

// described is the version that the tags tell, such as v1.2.3. Commits behind a tag count up from it, and
// where there is no tag, from nothing.
func described(ctx context.Context) (string, error) {
	text, err := exec.CommandContext(ctx, "git", "describe", "--tags", "--long", "--match", "v[0-9]*").Output()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		count, err := output(ctx, "git", "rev-list", "--count", "HEAD")
		if err != nil {
			return "", err
		}
		hash, err := output(ctx, "git", "rev-parse", "--short=12", "HEAD")
		return "0.0.0+" + count + ".g" + hash, err
	} else if err != nil {
		return "", err
	}
	return versionOf(strings.TrimSpace(string(text)))
}

var describedPattern = regexp.MustCompile(`^v(.+)-([0-9]+)-(g[0-9a-f]+)$`)

// versionOf reads what git describe --long says.
func versionOf(text string) (string, error) {
	m := describedPattern.FindStringSubmatch(text)
	switch {
	case m == nil:
		return "", fmt.Errorf("git describes the sources as %q", text)
	case m[2] == "0":
		return m[1], nil
	}
	return m[1] + "+" + m[2] + "." + m[3], nil
}

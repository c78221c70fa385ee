package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
)

// try builds both programs of a brand for this machine, to look at and not to ship: without a version they are
// anybody's own.
func try(ctx context.Context, o options) (err error) {
	p, err := readProduct(o.brand)
	if err != nil {
		return err
	}
	p.version = o.version
	work, err := os.MkdirTemp("", "try-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	if err := page(ctx); err != nil {
		return err
	}
	_, err = p.here(ctx, work, o.out)
	return err
}

// here builds both programs in dir as quickly as possible: nobody else gets the same.
func (p product) here(ctx context.Context, work, dir string) (programs, error) {
	overlay, err := p.overlay(work)
	if err != nil {
		return programs{}, err
	}
	made := programs{window: filepath.Join(dir, p.window()), terminal: filepath.Join(dir, p.Command)}
	build := []string{"build", "-overlay=" + overlay, "-ldflags=" + p.ldflags()}
	terminal := command(ctx, "go", append(build, "-o", made.terminal, "./backend/cmd/latchkey")...)
	terminal.Env = append(os.Environ(), "CGO_ENABLED=0")
	return made, errors.Join(quietly(terminal), quietly(command(ctx, "go", append(build, "-tags=desktop,production,webkit2_41", "-o", made.window, ".")...)))
}

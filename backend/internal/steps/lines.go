//go:build unix

package main

import (
	"bytes"
	"io"
	"sync"
)

// kept is how many lines of a step are printed once more if it fails.
const kept = 40

// screen is what several steps print to, one line at a time.
type screen struct {
	mu  sync.Mutex
	out io.Writer
}

// lines is what one step prints to. Its lines appear whole, with the prefix before each.
type lines struct {
	screen *screen
	prefix string
	part   []byte // of a line that has no end yet
	tail   []string
}

func (s *screen) lines(prefix string) *lines { return &lines{screen: s, prefix: prefix} }

// Write implements [io.Writer].
func (l *lines) Write(p []byte) (int, error) {
	l.part = append(l.part, p...)
	for {
		line, rest, whole := bytes.Cut(l.part, []byte("\n"))
		if !whole {
			return len(p), nil
		}
		if err := l.print(string(line)); err != nil {
			return 0, err
		}
		l.part = rest
	}
}

// flush prints what has no end.
func (l *lines) flush() {
	if len(l.part) > 0 {
		_ = l.print(string(l.part))
		l.part = nil
	}
}

func (l *lines) print(line string) error {
	l.tail = append(l.tail, line)
	l.tail = l.tail[max(0, len(l.tail)-kept):]
	l.screen.mu.Lock()
	defer l.screen.mu.Unlock()
	_, err := io.WriteString(l.screen.out, l.prefix+line+"\n")
	return err
}

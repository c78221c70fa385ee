package devnet

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
)

// process is the one that runs the servers. Its standard input is its lease of life: it ends when the
// pipe closes, and the system closes the pipe when we die.
type process struct {
	cmd   *exec.Cmd
	stdin io.WriteCloser
	said  tail
	ended chan struct{}
	err   error // how it ended; to be read after ended
}

// ready is what network.mjs prints when the network may be used.
type ready struct {
	PLC      string `json:"plc"`
	PDS      string `json:"pds"`
	Accounts []struct {
		DID string `json:"did"`
		PDS string `json:"pds"`
	} `json:"accounts"`
	Suggestions struct {
		Origin  string `json:"origin"`
		Address string `json:"address"`
	} `json:"suggestions"`
	Email  *emailReady  `json:"email"`
	Second *secondReady `json:"second"`
}

func startProcess(ctx context.Context, node nodeDir, options Options, plan plan) (*process, ready, error) {
	p := &process{cmd: exec.Command(node.binary(), node.script("network.mjs"), options.Dir), ended: make(chan struct{})}
	if plan.Clients != nil {
		p.cmd.Env = append(os.Environ(), "NODE_EXTRA_CA_CERTS="+filepath.Join(options.Dir, clientHostCA))
	}
	apart(p.cmd)
	p.cmd.Stderr = &p.said
	if options.Log != nil {
		p.cmd.Stderr = io.MultiWriter(&p.said, options.Log)
	}
	var err error
	if p.stdin, err = p.cmd.StdinPipe(); err != nil {
		return nil, ready{}, fmt.Errorf("devnet: %w", err)
	}
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, ready{}, fmt.Errorf("devnet: %w", err)
	}
	if err := p.cmd.Start(); err != nil {
		return nil, ready{}, fmt.Errorf("devnet: cannot run the Node of the private network; run: make setup: %w", err)
	}

	// This goroutine ends with the process, which stop and a failed start wait for.
	lines := make(chan []byte, 1)
	go func() {
		defer close(p.ended)
		line, _ := bufio.NewReader(stdout).ReadBytes('\n') // what is wrong with it, Unmarshal says
		lines <- line
		_, _ = io.Copy(io.Discard, stdout)
		p.err = p.cmd.Wait()
	}()

	// A process that is gone before it read its plan says why on standard error.
	_ = json.NewEncoder(p.stdin).Encode(plan)
	select {
	case line := <-lines:
		var at ready
		if err := json.Unmarshal(line, &at); err != nil {
			_ = p.stdin.Close()
			<-p.ended
			return nil, ready{}, p.failure("did not start", errors.Join(p.err, err))
		}
		return p, at, nil
	case <-ctx.Done():
		_ = p.cmd.Process.Kill()
		<-p.ended
		return nil, ready{}, p.failure("did not start in time", context.Cause(ctx))
	}
}

func (p *process) stop(ctx context.Context) error {
	_ = p.stdin.Close()
	select {
	case <-p.ended:
	case <-ctx.Done():
		_ = p.cmd.Process.Kill()
		<-p.ended
		return p.failure("did not end in time and was killed", context.Cause(ctx))
	}
	if p.err != nil {
		return p.failure("ended badly", p.err)
	}
	return nil
}

// failure may be called once the process has ended.
func (p *process) failure(what string, cause error) error {
	return fmt.Errorf("devnet: the private network %s: %w\n%s", what, cause, p.said)
}

// tail keeps the last words of the process, for the error message.
type tail []byte

func (t *tail) Write(data []byte) (int, error) {
	const enough = 4096
	*t = append(*t, data...)
	if len(*t) > enough {
		*t = append(tail(nil), (*t)[len(*t)-enough:]...)
	}
	return len(data), nil
}

package main

import (
	"context"
	"errors"
	"os"
	"sync"
	"syscall"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	latchkey "latchkey/backend"
	"latchkey/backend/config"
	"latchkey/backend/wire"
)

func vaultCommand(out *printer) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "vault",
		Short: "Keep keys in a file under a passphrase, where there is no keychain",
		Long: `Keep keys in a file under a passphrase, where there is no keychain.

It is for computers without a keychain, such as a server that is reached by SSH. From the moment
that the file is there, keys are kept in it and nowhere else, and the passphrase is asked for at the
terminal when it is needed. A program that can't ask reads it from the first line of the file that
` + config.Variable(config.PassphraseFile) + ` names, which nobody else may be able to read (chmod 600).`,
		Args: usage(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error {
			return usageError{errors.New("say what to do: " + command + " vault create or remove")}
		},
	}
	cmd.AddCommand(
		vaultAction("create", "Make the file, with a passphrase that you choose", "Choose a passphrase: ", "The same once more: ", wire.CreateVault, out.vaultCreated),
		vaultAction("remove", "Delete the file", "", "", wire.RemoveVault, out.vaultRemoved),
	)
	return cmd
}

func vaultAction(name, short, question, again string, action func(context.Context, config.Config, wire.Options) (string, error), done func(path string)) *cobra.Command {
	return &cobra.Command{
		Use:   name,
		Short: short,
		Args:  usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := config.Load()
			if err != nil {
				return err
			}
			person := newTerminal(question, again)
			defer person.leave()
			path, err := action(cmd.Context(), cfg, wire.Options{Passphrase: person.passphrase})
			if err != nil {
				return err
			}
			done(path)
			return nil
		},
	}
}

// terminal asks the person at the terminal for something, without showing it. For a passphrase it asks
// once in the life of the program, whoever needs the answer and however often.
type terminal struct {
	question, again string

	once    sync.Once
	done    chan struct{} // closed with the answer
	answer  latchkey.Secret
	err     error
	mu      sync.Mutex
	restore func() // what puts the terminal back while it is asked; nil otherwise
	asking  bool   // a question stands there without an answer
	left    bool   // nothing is asked any more
}

// newTerminal asks a question and, unless again is empty, for the same answer again.
func newTerminal(question, again string) *terminal {
	return &terminal{question: question, again: again, done: make(chan struct{})}
}

// passphrase implements [wire.Options].Passphrase. Nothing can interrupt the reading from a terminal:
// when ctx ends it is left behind, and leave puts the terminal back.
func (t *terminal) passphrase(ctx context.Context) (latchkey.Secret, error) {
	t.once.Do(func() {
		go func() {
			defer close(t.done)
			t.answer, t.err = t.ask()
		}()
	})
	select {
	case <-t.done:
		return t.answer, t.err
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// leave puts the terminal back as it was, on a line of its own. It is called when the answer is of no
// use any more, at the latest when the program ends.
func (t *terminal) leave() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.restore != nil {
		t.restore()
	}
	if t.asking && !t.left {
		_, _ = os.Stderr.WriteString("\n")
	}
	t.left = true
}

// begin makes ready to ask, until end is called. The code VaultLocked says that there is no terminal.
func (t *terminal) begin() (in int, end func(), err error) {
	in, out := int(os.Stdin.Fd()), int(os.Stderr.Fd()) // #nosec G115 -- small numbers
	if !term.IsTerminal(in) || !term.IsTerminal(out) {
		return 0, nil, latchkey.NewError(latchkey.VaultLocked, errors.New("there is no terminal to ask at"))
	}
	before, err := term.GetState(in)
	if err != nil {
		return 0, nil, latchkey.NewError(latchkey.VaultLocked, err)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.left {
		return 0, nil, latchkey.NewError(latchkey.VaultLocked, errors.New("too late to ask"))
	}
	t.restore = func() { _ = term.Restore(in, before) }
	return in, func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		if !t.left { // else leave is called once more, for whatever was asked meanwhile
			t.restore = nil
		}
	}, nil
}

func (t *terminal) ask() (latchkey.Secret, error) {
	in, end, err := t.begin()
	if err != nil {
		return "", err
	}
	defer end()
	first, err := t.line(in, t.question)
	if err != nil || t.again == "" {
		return first, err
	}
	second, err := t.line(in, t.again)
	if err == nil && first != second {
		err = latchkey.NewError(latchkey.PassphraseDiffers, nil)
	}
	return first, err
}

func (t *terminal) line(in int, question string) (latchkey.Secret, error) {
	t.mu.Lock()
	t.asking = !t.left
	if t.asking {
		_, _ = os.Stderr.WriteString(question)
	}
	t.mu.Unlock()
	text, err := term.ReadPassword(in)
	for errors.Is(err, syscall.EINTR) { // a signal came: whether it ends the program is not decided here
		text, err = term.ReadPassword(in)
	}
	t.mu.Lock()
	t.asking = false
	if !t.left {
		_, _ = os.Stderr.WriteString("\n") // the person's own was not shown
	}
	t.mu.Unlock()
	if err != nil {
		return "", latchkey.NewError(latchkey.VaultLocked, err)
	}
	return latchkey.Secret(text), nil
}

package wire

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	latchkey "latchkey/backend"
	"latchkey/backend/auth"
	"latchkey/backend/config"
	"latchkey/backend/keychain"
	"latchkey/backend/loopback"
	"latchkey/backend/sqlite"
)

// vaultTime is how long a vault may take to open for a report.
const vaultTime = time.Minute

// Report looks at this installation and says what it finds. It needs no network, asks the person
// nothing, and leaves everything as it is.
//
// service is the one of this process, or nil; failed is why there is none although there should be, or
// why cfg could not be loaded. What can be found out then is reported all the same.
func Report(ctx context.Context, cfg config.Config, service *auth.Service, failed error) latchkey.Report {
	r := latchkey.Report{
		{Name: latchkey.FoundProgram, Value: program(cfg)},
		{Name: latchkey.FoundSignature, Value: signature(config.IsRelease())},
		{Name: latchkey.FoundBuild, Value: builtWith()},
		{Name: latchkey.FoundSystem, Value: system()},
		{Name: latchkey.FoundDesktop, Value: desktop()},
	}
	var settings *config.Error
	if errors.As(failed, &settings) {
		r = append(r, latchkey.Finding{Name: latchkey.FoundConfig, Value: settings.Error(), Trouble: latchkey.NewError(latchkey.ConfigInvalid, failed)})
		failed = nil
	} else {
		r = append(r, installation(ctx, cfg, service)...)
	}
	r = append(r, listener(ctx, cfg))
	said := func(f latchkey.Finding) bool { return f.Trouble != nil && f.Trouble.Code == latchkey.CodeOf(failed) }
	if failed != nil && !slices.ContainsFunc(r, said) {
		r = append(r, latchkey.Finding{Name: latchkey.FoundStart, Value: "failed", Trouble: latchkey.AsError(failed)})
	}
	home, _ := os.UserHomeDir()
	return r.Clean(home)
}

// installation is everything that depends on the configuration.
func installation(ctx context.Context, cfg config.Config, service *auth.Service) latchkey.Report {
	found, err := sqlite.Inspect(ctx, cfg.Paths.Database(), cfg.Paths.FormerDatabase())
	r := latchkey.Report{
		client(cfg),
	}
	if cfg.Brand.ClientKey != "" {
		r = append(r, clientKey(ctx, cfg))
	}
	r = append(r, latchkey.Report{
		{Name: latchkey.FoundScopes, Value: strings.Join(cfg.Brand.Scopes, " ")},
		{Name: latchkey.FoundEmail, Value: emailProvider(cfg.Brand, found.EmailProvider)},
		keysFound(ctx, cfg, service),
		{Name: latchkey.FoundFolder, Value: cfg.Paths.Data, Trouble: latchkey.AsError(sqlite.Writable(cfg.Paths.Data))},
		{Name: latchkey.FoundLocks, Value: cfg.Paths.Locks(), Trouble: latchkey.AsError(sqlite.Writable(cfg.Paths.Locks()))},
		{Name: latchkey.FoundDatabase, Value: database(found, err), Trouble: latchkey.AsError(err)},
	}...)
	if err == nil && found.Schema == found.Latest {
		r = append(r, accounts(found), latchkey.Finding{
			Name:  latchkey.FoundPending,
			Value: fmt.Sprintf("%d sign-ins waiting, %d sign-outs that servers were not told of yet", found.SignIns, found.Revocations),
		})
	}
	if service != nil {
		r = append(r, notices(service.Notices()))
	}
	return r
}

// signature says what can be known of the signature of this program, which may be a release. It is looked for, not
// checked: the system does that before it starts a program.
func signature(release bool) string {
	program, err := os.Executable()
	if err != nil {
		return "can't be read"
	}
	return signatureOf(program, release)
}

func signatureOf(program string, release bool) string {
	signed, err := carriesSignature(program)
	switch {
	case err != nil && !errors.Is(err, errOutside):
		return "can't be read"
	case signed:
		return "the program carries one"
	case !release:
		return "none, because this is a development build"
	case err != nil:
		return "not in the program; on this system packages are signed"
	}
	return "none, nobody signed this build"
}

// client says as what servers know the program. That a release is none of its own is no fault of its person's, but
// explains what they see.
func client(cfg config.Config) latchkey.Finding {
	f := latchkey.Finding{Name: latchkey.FoundClient, Value: cfg.Brand.ClientID}
	if cfg.Brand.ClientID != config.Loopback {
		return f
	}
	f.Value = "a program in development (loopback)"
	if cfg.Release {
		f.Trouble = latchkey.NewError(latchkey.ClientUnnamed, nil)
	}
	return f
}

// clientKey says how the product proves to servers that it is itself, without a question to the person or a request.
func clientKey(ctx context.Context, cfg config.Config) latchkey.Finding {
	f := latchkey.Finding{Name: latchkey.FoundClientKey}
	if cfg.Brand.ClientKey == config.BackendKey {
		f.Value = fmt.Sprintf("the service at %s", cfg.Brand.AssertionBackend)
		return f
	}
	k := keychain.New(cfg.Brand.ID)
	local, where, err := readClientKey(ctx, cfg, k.ProbeText)
	f.Trouble = latchkey.AsError(err)
	if where == "" {
		where = k.Name()
	}
	var why keyError
	switch {
	case err == nil:
		f.Value = fmt.Sprintf("the key %s in %s", shownID(local.Key().ID()), where)
	case errors.As(err, &why):
		f.Value = fmt.Sprintf("a key that can't be used: %s", why)
	case latchkey.CodeOf(err) == latchkey.ClientKeyMissing:
		f.Value = fmt.Sprintf("a key that is neither in %s nor in the keychain", cfg.Paths.ClientKey)
	default:
		f.Value = "a key that may be in the keychain"
	}
	return f
}

// shownID is enough of a key's id to tell it from another.
func shownID(id string) string {
	if runes := []rune(id); len(runes) > 12 {
		return string(runes[:12]) + "..."
	}
	return id
}

// emailProvider names a server only if the product does: another one may be as small as a household.
func emailProvider(brand config.Brand, chosen string) string {
	if chosen == "" {
		chosen = brand.EmailProvider
	}
	switch {
	case chosen == "":
		return "none chosen"
	case chosen == brand.EmailProvider || slices.Contains(brand.EmailProviders, chosen):
		return chosen
	}
	return "another server, chosen on this computer"
}

func database(found sqlite.Condition, err error) string {
	size := fmt.Sprintf("%d KB", (found.Bytes+1023)/1024)
	switch {
	case err != nil && !found.Exists:
		return "can't be reached"
	case err != nil:
		return "can't be read, " + size
	case !found.Exists:
		return "not made yet"
	case found.Schema != found.Latest:
		return fmt.Sprintf("version %d, becomes %d at the next start, %s", found.Schema, found.Latest, size)
	}
	return fmt.Sprintf("whole, version %d, %s", found.Schema, size)
}

// codePattern keeps what somebody else put into the database out of a report.
var codePattern = regexp.MustCompile(`^[a-z_]{1,40}$`)

// accounts counts them. That one has to sign in again is for its person to do.
func accounts(found sqlite.Condition) latchkey.Finding {
	f := latchkey.Finding{Name: latchkey.FoundAccounts, Value: fmt.Sprintf("%d signed in", found.Active)}
	if found.InMemory > 0 {
		f.Value += fmt.Sprintf(" (%d until the program is closed)", found.InMemory)
	}
	for _, reason := range slices.Sorted(maps.Keys(found.Ended)) {
		code := reason
		if !codePattern.MatchString(string(code)) {
			code = latchkey.Internal
		}
		f.Value += fmt.Sprintf(", %d to sign in again (%s)", found.Ended[reason], code)
		if f.Trouble == nil {
			f.Trouble = latchkey.NewError(code, nil)
		}
	}
	return f
}

func notices(codes []latchkey.Code) latchkey.Finding {
	f := latchkey.Finding{Name: latchkey.FoundNotices, Value: "none"}
	var names []string
	for _, code := range codes {
		names = append(names, string(code))
	}
	if len(codes) > 0 {
		f.Value, f.Trouble = strings.Join(names, " "), latchkey.NewError(codes[0], nil)
	}
	return f
}

// listener tries whether a browser could find its way back.
func listener(ctx context.Context, cfg config.Config) latchkey.Finding {
	f := latchkey.Finding{Name: latchkey.FoundListener, Value: "127.0.0.1 can be used"}
	l, err := loopback.Loopback{Product: cfg.Brand.Name}.Listen(ctx, latchkey.Secret(rand.Text()), "", "")
	if err != nil {
		f.Value, f.Trouble = "127.0.0.1 can't be used", latchkey.AsError(err)
		return f
	}
	l.Finish(ctx, nil, latchkey.NewError(latchkey.Cancelled, nil))
	return f
}

func keysFound(ctx context.Context, cfg config.Config, service *auth.Service) latchkey.Finding {
	k := newKeys(cfg, Options{})
	if service == nil {
		defer k.vault.Close()
	} else if own, ok := service.Keychain.(keys); ok {
		k = own
	}
	value, err := k.condition(ctx, service != nil)
	return latchkey.Finding{Name: latchkey.FoundKeys, Value: value, Trouble: latchkey.AsError(err)}
}

// condition says what keeps the keys, and how it is. Of a vault that has not been opened it says so,
// unless this program should have been able to open it.
func (k keys) condition(ctx context.Context, working bool) (string, error) {
	if k.vault.Exists() {
		what := "a file under a passphrase, " + k.vault.Path()
		if _, file := config.Lookup(config.PassphraseFile); !working && file == "" {
			return what, k.vault.Check()
		}
		ctx, cancel := context.WithTimeout(ctx, vaultTime)
		defer cancel()
		_, err := k.vault.Get(ctx, "probe")
		if latchkey.CodeOf(err) == latchkey.KeychainItemMissing {
			err = nil
		}
		return what, err
	}
	err := k.keychain.Probe(ctx)
	name := k.keychain.Name()
	switch {
	case k.keychain.Remembers(err):
		return "the memory of this program, until it is closed", err
	case name == "":
		return "no keychain", err
	}
	return name, err
}

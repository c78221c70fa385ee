// Package devnet runs a private AT Protocol network for development and tests: the real DID directory, a
// real PDS, accounts on it, and a browser without a screen that signs them in. Everything listens on
// loopback only and talks to nothing else.
//
// A test that needs a network writes
//
//	network := devnet.MustStart(t)
//	alice := network.Accounts[0]
//
// gives the program under test LATCHKEY_NETWORK=network.NetworkFile(), and has the authorization URL
// visited by
//
//	pages, err := devnet.Browser{Password: alice.Password}.Visit(ctx, url)
//
// A test that uses the keyring takes an unlocked one that is not the person's own:
//
//	func TestMain(m *testing.M) { devnet.Main(m) }
//
// A whole [Desktop] has a screen as well, on which a [Window] is used through the accessibility bus;
// command cmd/demo shows how.
//
// With [Options].Email the network has an email provider as well, where people sign in with a code from
// their mail; see [Network.EmailProvider], [Network.Mail] and [Browser]. With [Options].Second it has a second
// PDS, to which accounts move with [Network.Move]; with [Options].ClientHost it has a host for client metadata,
// on which documents are put with [Network.HostClient].
//
// The servers are npm packages that "make setup" installs in the folder node: network.mjs there starts
// plc.mjs, pds.mjs and suggestions.mjs (second.mjs and move.mjs when asked; the email provider is in the folder email), loopback.mjs keeps them to this
// machine, approve.mjs is the browser. The package finds the folder by walking up from the working directory, so it works in a checkout of the source only.
package devnet

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Options of a network.
type Options struct {
	// Dir keeps the network: accounts, keys, sessions, ports. It is created when missing; a Dir that was
	// used before brings the same network back.
	Dir string
	// Log, when set, receives what the servers' process has to say about itself. Their own logs, request
	// by request, are in Dir/servers.log.
	Log io.Writer
	// Email adds an email provider; see [Network.EmailProvider].
	Email bool
	// Second adds a second PDS; see [Network.SecondPDS] and [Network.Move].
	Second bool
	// ClientHost adds a host where programs keep their client metadata; see [Network.HostClient].
	ClientHost bool
	// TokenLife is how long an access token is good that any of the servers grants to a program. Tokens
	// end with a whole second, up to one early. Zero leaves it to the servers: an hour.
	TokenLife time.Duration
}

// Account is a person on the network.
type Account struct {
	Handle   string
	DID      string
	Password string
	PDS      string // URL of the PDS that has the account
}

// Network is a private network. Its methods are not for concurrent use; its servers are.
type Network struct {
	PLC      string    // URL of the DID directory
	PDS      string    // URL of the PDS, which is its issuer too
	Accounts []Account // alice.test and bob.test

	// Suggestions is the origin of a host that suggests the accounts of the PDSes while somebody types.
	Suggestions string

	// EmailProvider is the origin of the server that signs people in by email, and MailBox the URL where
	// a [Browser] finds their codes. Both are empty without Options.Email.
	EmailProvider, MailBox string

	// SecondPDS is the URL of the second PDS, which is its own issuer; empty without Options.Second. It
	// has no accounts until some move there or are made there, with handles under .new.test.
	SecondPDS string

	// TrustedClient is the client id of a program that the first PDS trusts, which shows its name and logo;
	// of others people see the address. Empty without Options.ClientHost.
	TrustedClient string
	// ClientHost is the host for client metadata, as Browser.ClientHost takes it; empty without Options.ClientHost.
	ClientHost string

	clients *clientHost
	control string // where moves are asked for; empty while stopped
	options Options
	node    nodeDir
	process *process // nil while stopped
}

// Start runs a network and returns when it is ready to use, about two seconds later. The context bounds
// the start only; end the network with Close. The network also ends, whatever happens, with this process.
func Start(ctx context.Context, options Options) (*Network, error) {
	if options.Dir == "" {
		return nil, errors.New("devnet: Options.Dir is empty; name the directory that keeps the network")
	}
	dir, err := filepath.Abs(options.Dir)
	if err != nil {
		return nil, fmt.Errorf("devnet: %w", err)
	}
	options.Dir = dir
	node, err := findNode()
	if err != nil {
		return nil, err
	}
	n := &Network{options: options, node: node}
	if options.ClientHost {
		if n.clients, err = startClientHost(dir); err != nil {
			return nil, err
		}
		n.TrustedClient, n.ClientHost = trustedClient, clientHostName+" "+n.clients.address
	}
	if err := n.start(ctx); err != nil {
		return nil, errors.Join(err, n.clients.close())
	}
	return n, nil
}

// Stop ends the servers and waits until they are gone; what they know stays in Dir. When the context ends
// first, they are killed. Stopping a stopped network does nothing.
func (n *Network) Stop(ctx context.Context) error {
	if n.process == nil {
		return nil
	}
	err := n.process.stop(ctx)
	n.process, n.control = nil, ""
	return err
}

// Restart stops the network if it runs and starts it again, at the same URLs and with all it knew.
func (n *Network) Restart(ctx context.Context) error {
	if err := n.Stop(ctx); err != nil {
		return err
	}
	return n.start(ctx)
}

// Close ends the network. It leaves Dir alone.
func (n *Network) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	return errors.Join(n.Stop(ctx), n.clients.close())
}

// NetworkFile returns the path of the description that a development build reads: the value for
// LATCHKEY_NETWORK.
func (n *Network) NetworkFile() string { return filepath.Join(n.options.Dir, "network.json") }

// plan is what a network is started with, as network.mjs reads it. It is kept in Dir, because the ports
// stand in every DID document and the passwords exist nowhere else.
type plan struct {
	PLCPort  string        `json:"plc_port"` // "0" for any that is free
	PDSPort  string        `json:"pds_port"`
	Accounts []planAccount `json:"accounts"`
	Email    *emailPlan    `json:"email,omitempty"`
	Second   *secondPlan   `json:"second,omitempty"`

	SuggestionsPort string `json:"suggestions_port,omitempty"` // empty before the first start

	// Both are asked for at every start anew.
	Clients   *clientPlan `json:"clients,omitempty"`
	TokenLife int64       `json:"token_life,omitempty"` // in milliseconds
}

// asked is the plan to start with. A Dir that once had an email provider or a second PDS may be used without.
func (p plan) asked(options Options) plan {
	switch {
	case !options.Email:
		p.Email = nil
	case p.Email == nil:
		p.Email = &emailPlan{PDSPort: "0", AuthPort: "0", MailPort: "0"}
	}
	switch {
	case !options.Second:
		p.Second = nil
	case p.Second == nil:
		p.Second = &secondPlan{PDSPort: "0"}
	}
	p.Clients, p.TokenLife = nil, options.TokenLife.Milliseconds()
	return p
}

// free reports a port that somebody else has taken since the last start. Other ports will not do: they stand in every
// DID document.
func (p plan) free(dir string) error {
	ports := []string{p.PLCPort, p.PDSPort, p.SuggestionsPort}
	if p.Email != nil {
		ports = append(ports, p.Email.PDSPort, p.Email.AuthPort, p.Email.MailPort)
	}
	if p.Second != nil {
		ports = append(ports, p.Second.PDSPort)
	}
	for _, port := range ports {
		if port == "" {
			continue
		}
		listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", port))
		if err != nil {
			return fmt.Errorf("devnet: the private network needs port %s, where it has been before; end what uses it, "+
				"or remove %s to begin anew: %w", port, dir, err)
		}
		if err := listener.Close(); err != nil {
			return fmt.Errorf("devnet: %w", err)
		}
	}
	return nil
}

type planAccount struct {
	Handle   string `json:"handle"`
	Password string `json:"password"`
}

func (n *Network) start(ctx context.Context) error {
	if err := os.MkdirAll(n.options.Dir, 0o700); err != nil {
		return fmt.Errorf("devnet: %w", err)
	}
	plan, err := n.readPlan()
	if err != nil {
		return err
	}
	asked := plan.asked(n.options)
	if err := asked.free(n.options.Dir); err != nil {
		return err
	}
	asked.Clients = n.clients.plan()
	process, ready, err := startProcess(ctx, n.node, n.options, asked)
	if err != nil {
		return err
	}
	if err := n.remember(plan, ready); err != nil {
		return errors.Join(err, process.stop(ctx))
	}
	n.process = process
	return nil
}

func (n *Network) planFile() string { return filepath.Join(n.options.Dir, "plan.json") }

func (n *Network) readPlan() (plan, error) {
	data, err := os.ReadFile(n.planFile())
	if errors.Is(err, fs.ErrNotExist) {
		return plan{PLCPort: "0", PDSPort: "0", Accounts: []planAccount{
			{Handle: "alice.test", Password: rand.Text()},
			{Handle: "bob.test", Password: rand.Text()},
		}}, nil
	}
	if err != nil {
		return plan{}, fmt.Errorf("devnet: %w", err)
	}
	var p plan
	if err := json.Unmarshal(data, &p); err != nil {
		return plan{}, fmt.Errorf("devnet: %s is damaged; remove %s to begin anew: %w", n.planFile(), n.options.Dir, err)
	}
	return p, nil
}

// remember takes over where the network is now, for the caller, for the next start and for the program.
func (n *Network) remember(p plan, at ready) error {
	plc, err := url.Parse(at.PLC)
	if err != nil {
		return fmt.Errorf("devnet: %w", err)
	}
	pds, err := url.Parse(at.PDS)
	if err != nil {
		return fmt.Errorf("devnet: %w", err)
	}
	if len(at.Accounts) != len(p.Accounts) {
		return fmt.Errorf("devnet: asked for %d accounts, got %d", len(p.Accounts), len(at.Accounts))
	}
	n.PLC, n.PDS, n.Suggestions, n.Accounts = at.PLC, at.PDS, at.Suggestions.Origin, nil
	for i, account := range p.Accounts {
		n.Accounts = append(n.Accounts, Account{
			Handle: account.Handle, DID: at.Accounts[i].DID, Password: account.Password, PDS: at.Accounts[i].PDS,
		})
	}

	if _, p.SuggestionsPort, err = net.SplitHostPort(at.Suggestions.Address); err != nil {
		return fmt.Errorf("devnet: %w", err)
	}
	p.PLCPort, p.PDSPort = plc.Port(), pds.Port()
	resolve := map[string]string{
		"*.test": "http://127.0.0.1:" + pds.Port(),
		strings.TrimPrefix(at.Suggestions.Origin, "https://"): "http://" + at.Suggestions.Address,
	}
	plain := []string{pds.Host}
	if at.Email != nil {
		provider, err := at.Email.parse()
		if err != nil {
			return err
		}
		n.EmailProvider, n.MailBox = at.Email.PDS, at.Email.Mail
		p.Email = provider.plan()
		resolve["*"+emailHandles] = "http://127.0.0.1:" + provider.pds.Port()
		plain = append(plain, provider.pds.Host, provider.auth.Host)
	}
	if at.Second != nil {
		second, err := at.Second.parse()
		if err != nil {
			return err
		}
		n.SecondPDS, n.control = at.Second.PDS, at.Second.Control
		p.Second = &secondPlan{PDSPort: second.Port()}
		plain = append(plain, second.Host)
	}
	if err := writeJSON(n.planFile(), p); err != nil {
		return err
	}
	file := map[string]any{
		"plc_url":    n.PLC,
		"resolve":    resolve,
		"plain_http": plain,
		"dns":        "off",
	}
	if n.clients != nil {
		resolve[clientHostName], file["ca_file"] = n.clients.address, clientHostCA
	}
	return writeJSON(n.NetworkFile(), file)
}

func writeJSON(file string, value any) error {
	data, err := json.MarshalIndent(value, "", "  ")
	if err == nil {
		err = os.WriteFile(file, append(data, '\n'), 0o600)
	}
	if err != nil {
		return fmt.Errorf("devnet: %w", err)
	}
	return nil
}

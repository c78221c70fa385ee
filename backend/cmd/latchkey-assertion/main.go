// Command latchkey-assertion is the server of an organisation whose product authenticates itself with a key (package
// assertion; build/README.md, "The assertion backend"): it keeps the key, and makes assertions with it for
// installations of the product. It speaks plain HTTP, to a reverse proxy in front of it.
//
//	latchkey-assertion -metadata client.json -key key.json
//
// It ends on SIGINT and SIGTERM, when it has answered what was asked. Exit status: 0 done; 1 failed, with the
// reason on standard error; 2 wrong usage.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"latchkey/backend/assertion"
	"latchkey/backend/clientauth"
	"latchkey/backend/redact"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	status := run(ctx, os.Args[1:], os.Stderr)
	stop()
	os.Exit(status)
}

// Exit statuses.
const (
	statusDone   = 0
	statusFailed = 1
	statusUsage  = 2
)

// endTime is how long what was asked before the end may take.
const endTime = 10 * time.Second

// maxFile is far above the size of any honest document, in bytes.
const maxFile = 512 << 10

// files are the paths of a flag that can be given again.
type files []string

func (f *files) String() string { return fmt.Sprint(*f) }

// Set implements [flag.Value].
func (f *files) Set(path string) error {
	*f = append(*f, path)
	return nil
}

// options are the command line.
type options struct {
	listen, metadata, origin, header string
	keys                             files
	perAddress, perKey               int
}

// run is the whole program but for the process: the tests start here.
func run(ctx context.Context, args []string, stderr io.Writer) int {
	var o options
	flags := flag.NewFlagSet("latchkey-assertion", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&o.listen, "listen", "127.0.0.1:8080", "address to listen on, behind a reverse proxy")
	flags.StringVar(&o.metadata, "metadata", "", "file with the client metadata, as \"latchkey client-metadata\" prints it")
	flags.Var(&o.keys, "key", "file with a key of \"latchkey client-key generate\"; given again, the first one signs and all are published")
	flags.StringVar(&o.origin, "origin", "", "https address that the reverse proxy is reached at; that of the client id unless given")
	flags.StringVar(&o.header, "address-header", "", "header in which the reverse proxy names the address of whoever asks, such as X-Forwarded-For; without a proxy anybody could write it")
	flags.IntVar(&o.perAddress, "per-address", 300, "requests for assertions that an address may make a minute")
	flags.IntVar(&o.perKey, "per-key", 30, "requests for assertions that an installation may make a minute")
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return statusDone
	} else if err != nil {
		return statusUsage
	}
	if flags.NArg() > 0 || o.metadata == "" || len(o.keys) == 0 {
		_, _ = fmt.Fprintln(stderr, "latchkey-assertion: there are flags only, and -metadata and -key are needed; see latchkey-assertion -help")
		return statusUsage
	}
	log := slog.New(redact.New(slog.NewTextHandler(stderr, nil)))
	if err := serve(ctx, o, log); err != nil {
		_, _ = fmt.Fprintf(stderr, "latchkey-assertion: %v\n", err)
		return statusFailed
	}
	return statusDone
}

func serve(ctx context.Context, o options, log *slog.Logger) error {
	document, err := read(o.metadata)
	if err != nil {
		return err
	}
	var keys []*clientauth.Key
	for _, path := range o.keys {
		data, err := read(path)
		if err != nil {
			return err
		}
		k, err := clientauth.ParseKey(data)
		if err != nil {
			return fmt.Errorf("%s %w", path, err)
		}
		keys = append(keys, k)
	}
	handler, err := assertion.New(assertion.Config{
		Document: document, Keys: keys, Origin: o.origin, AddressHeader: o.header,
		PerAddress: o.perAddress, PerKey: o.perKey, Log: log,
	})
	if err != nil {
		return err
	}
	socket, err := (&net.ListenConfig{}).Listen(ctx, "tcp", o.listen)
	if err != nil {
		return err
	}
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      10 * time.Second,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    16 << 10,
		// What net/http says of single connections has addresses of people in it.
		ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError),
	}
	log.Info("listening", "on", socket.Addr())
	served := make(chan error, 1)
	go func() { served <- server.Serve(socket) }()
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), endTime)
	defer cancel()
	if err := server.Shutdown(end); err != nil {
		log.Warn("not everything was answered", "reason", err)
	}
	return nil
}

// read reads a file that is not larger than it may be.
func read(path string) ([]byte, error) {
	file, err := os.Open(path) // #nosec G304 -- named on the command line
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	data, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if err == nil && len(data) > maxFile {
		err = fmt.Errorf("%s is too large", path)
	}
	return data, err
}

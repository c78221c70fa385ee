package devnet

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"testing"
	"time"
)

// MustStart runs a network of its own for a test and ends it with the test.
func MustStart(tb testing.TB) *Network {
	tb.Helper()
	return MustStartWith(tb, Options{})
}

// MustStartEmail is MustStart for a network with an email provider.
func MustStartEmail(tb testing.TB) *Network {
	tb.Helper()
	return MustStartWith(tb, Options{Email: true})
}

// MustStartWith is MustStart for a network with options. Their Dir and Log are the test's.
func MustStartWith(tb testing.TB, options Options) *Network {
	tb.Helper()
	options.Dir, options.Log = tb.TempDir(), tb.Output()
	ctx, cancel := context.WithTimeout(tb.Context(), 2*time.Minute)
	defer cancel()
	network, err := Start(ctx, options)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := network.Close(); err != nil {
			tb.Error(err)
		}
	})
	return network
}

// MustDesktop runs a desktop session without a screen for a test and ends it with the test. It is for the
// programs that the test starts; a test that uses the keyring itself needs [Main].
func MustDesktop(tb testing.TB) *Desktop {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), time.Minute)
	defer cancel()
	desktop, err := StartDesktop(ctx, DesktopOptions{Dir: tb.TempDir()})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := desktop.Close(); err != nil {
			tb.Error(err)
		}
	})
	return desktop
}

// Main gives the tests of a package an unlocked keyring that is not the person's own:
//
//	func TestMain(m *testing.M) { devnet.Main(m) }
//
// It is one for all tests of the package, because the keyring's library connects once per process. On
// other systems than Linux it just runs the tests.
func Main(m *testing.M) {
	if runtime.GOOS != "linux" {
		m.Run()
		return
	}
	if err := withDesktop(func() { m.Run() }); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func withDesktop(run func()) error {
	dir, err := os.MkdirTemp("", "devnet-desktop-")
	if err != nil {
		return fmt.Errorf("devnet: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	desktop, err := StartDesktop(ctx, DesktopOptions{Dir: dir})
	if err != nil {
		return err
	}
	if err := os.Setenv("DBUS_SESSION_BUS_ADDRESS", desktop.BusAddress()); err != nil {
		return fmt.Errorf("devnet: %w", err)
	}
	run()
	return desktop.Close()
}

package app

import (
	"strings"

	latchkey "latchkey/backend"
)

// What the operating system hands to the window: that the program was started once more, and addresses with the
// product's own scheme. Any program can make it do so, and any web page that the person lets, at any time and as often
// as it likes. So none of it is logged, shown or answered, and what does not fit is as if it had never come.

// maxHanded bounds how much waits to be looked at. The system must not wait for us: on Windows and macOS it would be
// the window that stands still.
const maxHanded = 16

// isAddress tells arguments that are an address with the product's own scheme.
func (a *App) isAddress(args []string) bool {
	scheme := a.config.Brand.Scheme()
	return scheme != "" && len(args) == 1 && strings.HasPrefix(args[0], scheme+":")
}

// hand takes the arguments of a program that ends in favour of this one.
func (a *App) hand(args []string) {
	address := latchkey.Secret("")
	if a.isAddress(args) {
		address = latchkey.Secret(args[0])
	}
	select {
	case a.handed <- address:
	default:
	}
}

// receive looks at what is handed over, one after the other, until the window is closed.
func (a *App) receive() {
	<-a.started
	for {
		select {
		case address := <-a.handed:
			a.comeBack(address)
		case <-a.ended:
			return
		}
	}
}

// comeBack goes on with the sign-in that the address belongs to; the window comes to the front with its end. A stray
// address changes nothing while a sign-in waits. Otherwise the person may come from a page that is out of date, and
// the window shows how things stand: once, so that nobody can keep it in front of everything else.
func (a *App) comeBack(address latchkey.Secret) {
	if address == "" || a.failure != nil {
		a.toFront(a.window)
		return
	}
	select {
	case <-a.resumed: // only then is a sign-in of an earlier run there
	case <-a.ended:
		return
	}
	err := a.service.HandOver(address)
	if latchkey.CodeOf(err) == latchkey.NoSignIn && a.strayed.CompareAndSwap(false, true) {
		a.toFront(a.window)
	}
}

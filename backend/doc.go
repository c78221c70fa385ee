// Package latchkey holds the nouns of the house and the small interfaces between its rooms.
//
// A person signs in once: a [SignIn] is that attempt, from the click to the [Account] or to the
// [Error] that says why not. What the server granted is a [Session]; the private DPoP key of a
// session and the key that seals its row are its [Keys], and live in the operating system's
// keychain, never in the database. What changed reaches the faces as an [Event].
//
// The package does nothing by itself and knows nothing of HTTP, SQL or windows. The adapters beside
// it (oauth, identity, loopback, browser, sqlite, keychain) implement the interfaces of rooms.go and
// do not know each other; package auth is the service that uses them; package wire puts all of it
// together. To build your own program on Latchkey, start at wire.New.
package latchkey

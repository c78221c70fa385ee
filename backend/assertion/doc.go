// Package assertion is the server of an organisation whose product authenticates itself with a key, which stays
// here: it makes client assertions for installations of the product (see package clientauth, whose Remote is the
// client for it), and serves what a product with a key has to host: the client metadata document, the public keys,
// and the page that hands a browser on to the program it came from.
//
// Whoever asks is not known, and need not be: an assertion lets nobody sign in who could not before, because the
// person approves each sign-in. What it tells a server is that the product's people still vouch for the product.
// So it is bound to the key of the one session that it is for, to one server and to less than a minute; whoever
// asks has to own that key, and is slowed down.
package assertion

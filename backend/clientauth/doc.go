// Package clientauth proves to servers that a request comes from the product itself: it makes client assertions
// with a key that the product's people hold (RFC 7523; https://atproto.com/specs/oauth, "Confidential Clients").
// There are two ways to have one made. [Local] has the key, in an organisation that gives it to its computers;
// [Remote] asks a server that has it (package assertion), so that no key ships with the product.
//
// Each assertion names the key of the session that it is for, as proposal 0010 of the AT Protocol has it ("Client
// assertion backend for browser-based applications"). The PDS does not look at that yet (@atproto/oauth-provider
// 0.22.9, observed): until then an assertion is good for any key, once, at one server, for less than a minute.
package clientauth

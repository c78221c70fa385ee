// Package safehttp is the HTTP client that everything in the house uses to talk to servers that it
// does not know yet: a handle, a DID document or a server's metadata can name any address at all.
//
// What it promises: connections go to public addresses only, checked when dialling, so that a name
// which changes its address between check and use gains nothing; https only; no redirects (but for
// handle documents, see [Client]); every answer is bounded in time and size, after decompression.
// A private development network is allowed through by [Exceptions], name by name.
package safehttp

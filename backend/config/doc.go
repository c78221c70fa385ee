// Package config says what this build is: its brand and client identity, where its data lies, and
// which network it talks to.
//
// The brand file (build/brand/brand.json) is embedded when the program is built. Development builds (Go
// build tag devnet) also listen to the environment: LATCHKEY_NAME, LATCHKEY_CLIENT_ID,
// LATCHKEY_SCHEME_REDIRECT (true or false), LATCHKEY_SCOPES (separated by spaces), LATCHKEY_EMAIL_PROVIDER
// and LATCHKEY_SUGGESTIONS override the brand, and LATCHKEY_NETWORK names the file that describes a private network. Release builds
// read none of these and talk to the public network only; those that a packager made, with a version set by
// the linker, need a client identity of their own as well.
//
// Whatever is wrong stops the start with an [Error] that names the key.
package config

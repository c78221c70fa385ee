// Package config says what this build is: its brand and client identity, where its data lies, and
// which network it talks to.
//
// The brand file (build/brand/brand.json) is embedded when the program is built. Development builds (Go
// build tag devnet) also listen to the environment. The names of its variables are the brand's id in capitals and a
// key (see [Variable]), such as LATCHKEY_NETWORK: NAME, CLIENT_ID, SCHEME_REDIRECT (true or false), CLIENT_KEY,
// ASSERTION_BACKEND, JWKS_URI, SCOPES (separated by spaces), EMAIL_PROVIDER and SUGGESTIONS override the brand,
// CLIENT_KEY_FILE names the file with the product's own key, and NETWORK the one that describes a private network.
// Release builds read none of these and talk to the public network only (they say so where NETWORK is set); those that
// a packager made, with a version set by the linker, need a client identity of their own as well.
//
// Whatever is wrong stops the start with an [Error] that names the key.
package config

// Package config says what this build is: its brand and client identity, where its data lies, and
// which network it talks to.
//
// The brand file (build/brand/brand.json) is embedded when the program is built. Development builds (Go
// build tag devnet) also listen to the environment: LATCHKEY_NAME, LATCHKEY_CLIENT_ID, LATCHKEY_SCHEME_REDIRECT
// (true or false), LATCHKEY_CLIENT_KEY, LATCHKEY_ASSERTION_BACKEND, LATCHKEY_JWKS_URI, LATCHKEY_SCOPES (separated by
// spaces), LATCHKEY_EMAIL_PROVIDER and LATCHKEY_SUGGESTIONS override the brand, LATCHKEY_CLIENT_KEY_FILE names the file
// with the product's own key, and LATCHKEY_NETWORK the one that describes a private network. Release builds read none
// of these and talk to the public network only (they say so where LATCHKEY_NETWORK is set); those that a packager made, with a version set by the linker, need
// a client identity of their own as well.
//
// Whatever is wrong stops the start with an [Error] that names the key.
package config

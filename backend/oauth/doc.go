// Package oauth speaks the AT Protocol's profile of OAuth (https://atproto.com/specs/oauth) to an
// authorization server: discovery, the pushed authorization request (RFC 9126) with PKCE (RFC 7636),
// the exchange of the code, refresh, revocation (RFC 7009), and requests to a PDS with a DPoP proof
// (RFC 9449).
//
// Keys, proofs, PKCE and the metadata types are indigo's. Its high-level flow is not used, because
// it lets answers through that a careful client must refuse: every document and every token
// response is checked here, errors keep their meaning, and a request that may have changed something
// on the server is told apart from one that never left.
//
// The package keeps no state but the DPoP nonces that servers handed out last.
package oauth

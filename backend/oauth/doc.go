// Package oauth speaks the AT Protocol's profile of OAuth (https://atproto.com/specs/oauth) to an
// authorization server: discovery, the pushed authorization request (RFC 9126) with PKCE (RFC 7636),
// the exchange of the code, refresh, revocation (RFC 7009), and requests to a PDS with a DPoP proof
// (RFC 9449).
//
// Keys, signatures, PKCE and the metadata types are indigo's; proofs are made here, because indigo's
// carry this computer's time, and a clock that is wrong must not lock anybody out. Its high-level
// flow is not used, because it lets answers through that a careful client must refuse: every document
// and every token response is checked here, errors keep their meaning, and a request that may have
// changed something on the server is told apart from one that never left.
//
// The package keeps no state but what servers let it know in passing: the DPoP nonce that they handed
// out last, by how much their clocks differ from ours, and when they answered.
package oauth

-- +goose Up
-- Times are Unix milliseconds. Every id names a keychain item, and stands in one of sign_ins,
-- sessions and revocations only: what is in none of them has no business in the keychain.

CREATE TABLE accounts (
    did       TEXT PRIMARY KEY,
    handle    TEXT NOT NULL, -- empty unless verified
    server    TEXT NOT NULL,
    status    TEXT NOT NULL CHECK (status IN ('active', 'needs_sign_in')),
    reason    TEXT NOT NULL,
    last_used INTEGER NOT NULL
) STRICT;

CREATE TABLE sign_ins (
    id        TEXT PRIMARY KEY,
    did       TEXT NOT NULL, -- empty while only a server is known
    client_id TEXT NOT NULL,
    deadline  INTEGER NOT NULL,
    used      INTEGER NOT NULL DEFAULT 0 CHECK (used IN (0, 1)),
    sealed    BLOB NOT NULL
) STRICT;

CREATE TABLE sessions (
    id                  TEXT PRIMARY KEY,
    did                 TEXT NOT NULL UNIQUE REFERENCES accounts (did) ON DELETE CASCADE,
    client_id           TEXT NOT NULL,
    issuer              TEXT NOT NULL,
    server              TEXT NOT NULL,
    token_endpoint      TEXT NOT NULL,
    revocation_endpoint TEXT NOT NULL,
    scopes              TEXT NOT NULL, -- separated by spaces, as in the protocol
    created             INTEGER NOT NULL,
    access_ends         INTEGER NOT NULL, -- 0: the server did not say
    unconfirmed         INTEGER NOT NULL DEFAULT 0, -- refreshes sent without a recorded outcome
    sealed              BLOB NOT NULL
) STRICT;

CREATE TABLE settings (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

-- Sessions that ended here and of which the server was not told yet.
CREATE TABLE revocations (
    id                  TEXT PRIMARY KEY,
    did                 TEXT NOT NULL,
    client_id           TEXT NOT NULL,
    issuer              TEXT NOT NULL,
    server              TEXT NOT NULL,
    token_endpoint      TEXT NOT NULL,
    revocation_endpoint TEXT NOT NULL,
    scopes              TEXT NOT NULL,
    created             INTEGER NOT NULL,
    access_ends         INTEGER NOT NULL,
    unconfirmed         INTEGER NOT NULL,
    sealed              BLOB NOT NULL
) STRICT;

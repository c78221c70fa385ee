-- +goose Up
-- Accounts that were signed out here, so that a person can sign in to them again without typing. Whoever
-- stands in accounts does not stand here.

CREATE TABLE used_accounts (
    did       TEXT PRIMARY KEY,
    handle    TEXT NOT NULL, -- empty unless it was verified
    server    TEXT NOT NULL,
    last_used INTEGER NOT NULL
) STRICT;

PRAGMA user_version = 3;

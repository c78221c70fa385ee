-- +goose Up
-- Sessions know when they began, were renewed and end; those of before get the two weeks that servers
-- give. Accounts know what was asked for beyond the product's scopes, and when the directory was asked
-- last. Revocations know when they are due again.

ALTER TABLE accounts ADD COLUMN raised TEXT NOT NULL DEFAULT ''; -- separated by spaces
ALTER TABLE accounts ADD COLUMN confirmed INTEGER NOT NULL DEFAULT 0;

ALTER TABLE sessions ADD COLUMN ends INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN renewed INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN in_memory INTEGER NOT NULL DEFAULT 0 CHECK (in_memory IN (0, 1));
UPDATE sessions SET renewed = created, ends = created + 14 * 24 * 60 * 60 * 1000;

ALTER TABLE revocations ADD COLUMN ends INTEGER NOT NULL DEFAULT 0;
ALTER TABLE revocations ADD COLUMN renewed INTEGER NOT NULL DEFAULT 0;
ALTER TABLE revocations ADD COLUMN in_memory INTEGER NOT NULL DEFAULT 0 CHECK (in_memory IN (0, 1));
ALTER TABLE revocations ADD COLUMN tries INTEGER NOT NULL DEFAULT 0;
ALTER TABLE revocations ADD COLUMN due INTEGER NOT NULL DEFAULT 0;
UPDATE revocations SET renewed = created, ends = created + 14 * 24 * 60 * 60 * 1000;

-- The number of the schema, where it can be read without understanding the schema: every migration
-- says its own.
PRAGMA user_version = 2;

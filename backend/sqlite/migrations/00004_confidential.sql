-- +goose Up
-- Sessions know whether their server knows them as those of a product with a key of its own.

ALTER TABLE sessions ADD COLUMN confidential INTEGER NOT NULL DEFAULT 0 CHECK (confidential IN (0, 1));
ALTER TABLE revocations ADD COLUMN confidential INTEGER NOT NULL DEFAULT 0 CHECK (confidential IN (0, 1));

PRAGMA user_version = 4;

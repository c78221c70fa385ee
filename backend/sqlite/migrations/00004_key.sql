-- +goose Up
-- Sessions know the id of the product's key that their server knows them by; it is empty for a product without one.

ALTER TABLE sessions ADD COLUMN key_id TEXT NOT NULL DEFAULT '';
ALTER TABLE revocations ADD COLUMN key_id TEXT NOT NULL DEFAULT '';

PRAGMA user_version = 4;

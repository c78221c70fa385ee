// Package sqlite keeps accounts, sessions, sign-ins in progress and revocations to come in one
// SQLite database, through database/sql and modernc.org/sqlite (no cgo).
//
// The columns are readable; tokens and the secrets of an attempt are sealed with the key that lies
// in the keychain, bound to the row they stand in. A copy of the file gives away who signs in here
// and when, but no session. Each method is one transaction, written through to the disk.
//
// A file that can't be read as a database is put aside under another name and a new one begun; a
// folder of lock files, one for each id, remembers whose keychain items are left over then.
package sqlite

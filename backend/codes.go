package latchkey

// What was typed, and whom it means.
const (
	IdentifierMissing   Code = "identifier_missing"
	InvalidIdentifier   Code = "invalid_identifier"
	HandleNotFound      Code = "handle_not_found"
	DIDNotFound         Code = "did_not_found"
	DIDNotSupported     Code = "did_not_supported"
	IdentityMismatch    Code = "identity_mismatch"
	IdentityUnreachable Code = "identity_unreachable"
	AccountHasNoServer  Code = "account_has_no_server"
	EmailProviderNotSet Code = "email_provider_not_set"
	HandleUnconfirmed   Code = "handle_unconfirmed"
	HandleStrange       Code = "handle_strange"
	HandleLooksAlike    Code = "handle_looks_alike"
)

// The server.
const (
	ServerUnreachable  Code = "server_unreachable"
	ServerUnsafe       Code = "server_unsafe"
	ServerBusy         Code = "server_busy"
	ServerUnfit        Code = "server_unfit"
	NotAnATProtoServer Code = "not_an_atproto_server"
	ServerRefused      Code = "server_refused"
	ResponseInvalid    Code = "response_invalid"
	IssuerMismatch     Code = "issuer_mismatch"
	SubjectMismatch    Code = "subject_mismatch"
	RequestRefused     Code = "request_refused"
	ClientRefused      Code = "client_refused"
	ClientUnvouched    Code = "client_unvouched"
)

// How an attempt ended.
const (
	Denied           Code = "denied"
	Cancelled        Code = "cancelled"
	TimedOut         Code = "timed_out"
	SignInInProgress Code = "sign_in_in_progress"
	NoSignIn         Code = "no_sign_in"
	SignInUsed       Code = "sign_in_used"
	SignInLost       Code = "sign_in_lost"
	ListenerFailed   Code = "listener_failed"
	BrowserFailed    Code = "browser_failed"
	CallbackInvalid  Code = "callback_invalid"
	CallbackOther    Code = "callback_other"
)

// The account and its session.
const (
	NotSignedIn     Code = "not_signed_in"
	AccountUnknown  Code = "account_unknown"
	SessionMissing  Code = "session_missing"
	SessionRejected Code = "session_rejected"
	SessionExpired  Code = "session_expired"
	SessionUnsaved  Code = "session_unsaved"
	RenewalUnknown  Code = "renewal_unknown"
	AccessEnded     Code = "access_ended"
	AccountMoved    Code = "account_moved"
	ClientChanged   Code = "client_changed"
	ScopeInvalid    Code = "scope_invalid"
	ScopeUndeclared Code = "scope_undeclared"
)

// This computer.
const (
	KeychainUnavailable Code = "keychain_unavailable"
	KeychainLocked      Code = "keychain_locked"
	KeychainUnanswered  Code = "keychain_unanswered"
	KeychainDismissed   Code = "keychain_dismissed"
	KeychainDenied      Code = "keychain_denied"
	KeychainItemMissing Code = "keychain_item_missing"
	KeychainItemForeign Code = "keychain_item_foreign"
	KeysNotKept         Code = "keys_not_kept"
	VaultLocked         Code = "vault_locked"
	VaultDamaged        Code = "vault_damaged"
	VaultExists         Code = "vault_exists"
	VaultMissing        Code = "vault_missing"
	VaultInUse          Code = "vault_in_use"
	PassphraseWeak      Code = "passphrase_weak"
	PassphraseDiffers   Code = "passphrase_differs"
	SealBroken          Code = "seal_broken"
	StorageFailed       Code = "storage_failed"
	StorageFull         Code = "storage_full"
	StorageBusy         Code = "storage_busy"
	StorageNewer        Code = "storage_newer"
	StorageDamaged      Code = "storage_damaged"
	StorageReplaced     Code = "storage_replaced"
	StorageEmptied      Code = "storage_emptied"
	AlreadyOpen         Code = "already_open"
	ConfigInvalid       Code = "config_invalid"
	ClientUnnamed       Code = "client_unnamed"
	ClientKeyMissing    Code = "client_key_missing"
	ClientKeyUnusable   Code = "client_key_unusable"
	Internal            Code = "internal"
)

// catalogue has one sentence for each code: what happened, and what to do now. {} is the place of
// what it is about; where that is not known, otherwise stands there.
var catalogue = map[Code]struct {
	sentence  string
	retryable bool
	otherwise string
}{
	IdentifierMissing:   {"Type your handle, your email or your server's address.", false, ""},
	InvalidIdentifier:   {"This is not a handle, an email or a server's address. Type it in full, like alice.example.com.", false, ""},
	HandleNotFound:      {"There is no account with this handle. Check the spelling.", false, ""},
	DIDNotFound:         {"There is no account with this DID. Check that it was copied whole.", false, ""},
	DIDNotSupported:     {"This kind of DID is not known here. Use one that starts with did:plc: or did:web:.", false, ""},
	IdentityMismatch:    {"This handle names an account that does not confirm it. Sign in with the account's DID, or ask whoever runs the handle's domain.", false, ""},
	IdentityUnreachable: {"The directory of accounts could not be reached. Check your connection, then try again.", true, ""},
	AccountHasNoServer:  {"This account has no server, so there is nowhere to sign in. Check that it is the right account.", false, ""},
	EmailProviderNotSet: {"No email provider is chosen yet. Choose one, or sign in with your handle or your server's address.", false, ""},
	HandleUnconfirmed:   {"This account has no handle that could be confirmed. Make sure by its DID that it is the right one.", false, ""},
	HandleStrange:       {"Some letters of this name look like others. Make sure that it is the right one.", false, ""},
	HandleLooksAlike:    {"This handle only looks like {}. Make sure that it is the right account.", false, "another one"},

	ServerUnreachable:  {"The server could not be reached. Check the address and your connection, then try again.", true, ""},
	ServerUnsafe:       {"This address leads into a private network, so it was not opened. Check the spelling.", false, ""},
	ServerBusy:         {"The server is busy or out of order right now. Wait a little, then try again.", true, ""},
	ServerUnfit:        {"This server's sign-in lacks a protection that is needed here. Ask the people who run it to update it.", false, ""},
	NotAnATProtoServer: {"There is no AT Protocol server at this address. Check the spelling.", false, ""},
	ServerRefused:      {"The server refused to sign you in. Try again, and if it stays so, ask the people who run the server.", true, ""},
	ResponseInvalid:    {"The server's answer made no sense, so it was not used. Try again later, or tell the people who run the server.", true, ""},
	IssuerMismatch:     {"The answer came from another server than the one that was asked, so nothing was signed in. Try again; if it happens again, do not trust this server.", true, ""},
	SubjectMismatch:    {"Another account was approved than the one asked for, so nothing was signed in. Try again and pick the right account in the browser.", true, ""},
	RequestRefused:     {"The server refused this request. Check what was asked of it.", false, ""},
	ClientRefused:      {"The server did not recognise this app by its key. Nothing was changed; tell the people who look after the app.", false, ""},
	ClientUnvouched:    {"The service that vouches for this app could not be reached. Check your connection, then try again.", true, ""},

	Denied:           {"The sign-in was declined in the browser. Nothing was changed; start again when you like.", true, ""},
	Cancelled:        {"The sign-in was cancelled.", true, ""},
	TimedOut:         {"Nobody approved the sign-in in time. Try again for a fresh one.", true, ""},
	SignInInProgress: {"A sign-in is already waiting in your browser. Finish it there, or cancel it first.", false, ""},
	NoSignIn:         {"No sign-in is waiting. Start a new one.", false, ""},
	SignInUsed:       {"This sign-in was already used. Start a new one.", true, ""},
	SignInLost:       {"The sign-in that was waiting could not be picked up again. Start a new one.", true, ""},
	ListenerFailed:   {"This computer did not let the app wait for your browser. Check its firewall, then try again.", true, ""},
	BrowserFailed:    {"No browser could be opened. Copy the link and open it yourself.", true, ""},
	CallbackInvalid:  {"This is not the address of the page that the sign-in ended on. Copy it whole from the browser's address bar.", false, ""},
	CallbackOther:    {"This address belongs to another sign-in, perhaps an earlier one. Copy the one of the page that this sign-in ended on.", false, ""},

	NotSignedIn:     {"Nobody is signed in. Sign in first.", false, ""},
	AccountUnknown:  {"This account is not signed in here. Check the name.", false, ""},
	SessionMissing:  {"This sign-in is not there any more. Sign in again to go on.", false, ""},
	SessionRejected: {"Your server did not recognise this sign-in any more. Sign in again to go on.", false, ""},
	SessionExpired:  {"Your sign-in ran its full time and ended. Sign in again to go on.", false, ""},
	SessionUnsaved:  {"Your renewed sign-in could not be saved yet. Make room on the disk before you close the app, or you will have to sign in again.", true, ""},
	RenewalUnknown:  {"The connection broke while your sign-in was being renewed, so it can't be trusted any more. Sign in again to go on.", false, ""},
	AccessEnded:     {"Your server did not accept this sign-in just now. Try again, and if it stays so, sign in again.", true, ""},

	AccountMoved:    {"Your account has moved to {}. Sign in there to go on.", false, "another server"},
	ClientChanged:   {"Your server knows this app in another way now than when you signed in. Sign in again to go on.", false, ""},
	ScopeInvalid:    {"This permission does not exist: {}. Check the spelling; nothing was asked for.", false, "one of those asked for"},
	ScopeUndeclared: {"This app may not ask for this permission: {}. Ask the people who made it to declare it; nothing was asked for.", false, "one of those wanted"},

	KeychainUnavailable: {"This computer has no keychain that can be used. Start one (on Linux: GNOME Keyring or KWallet), then try again.", true, ""},
	KeychainLocked:      {"Your keychain is locked. Unlock it, then try again.", true, ""},
	KeychainItemMissing: {"The key of this sign-in is not in your keychain any more. Sign in again to go on.", false, ""},
	KeychainUnanswered:  {"Your keychain did not answer. Look for its question behind other windows, then try again.", true, ""},
	KeychainDismissed:   {"The question of your keychain was closed, so nothing was kept there. Try again and answer it.", true, ""},
	KeychainDenied:      {"Your keychain did not let this app in. Allow it in the settings of the keychain, then try again.", true, ""},
	KeychainItemForeign: {"What is kept in place of this sign-in's key was not put there by you with this app. Sign in again to go on.", false, ""},
	KeysNotKept:         {"There was no keychain to keep this sign-in in, so it ended when the app was closed. Sign in again to go on.", false, ""},
	VaultLocked:         {"The file that keeps your keys did not open: nobody gave its right passphrase. Try again with it.", true, ""},
	VaultDamaged:        {"The file that keeps your keys can't be read any more; it was left as it is. Put a copy back, or sign out, remove it, and sign in again.", false, ""},
	VaultExists:         {"There is a file for your keys already, and nothing was changed. To begin another one, remove it first.", false, ""},
	VaultMissing:        {"There is no file for your keys. Create one first, if you want them kept in a file.", false, ""},
	VaultInUse:          {"Somebody is signed in here, and the keys of that sign-in would be lost. Sign out first, then try again.", true, ""},
	PassphraseWeak:      {"This passphrase is too short. Try again with at least twelve characters, such as four words.", true, ""},
	PassphraseDiffers:   {"The two passphrases are not the same, so nothing was changed. Try again.", true, ""},
	SealBroken:          {"What was stored of this sign-in can't be opened any more. Sign in again to go on.", false, ""},
	StorageFailed:       {"The app's data could not be read or written. Check that the disk is not full, then try again.", true, ""},
	StorageFull:         {"The disk is full, so nothing was saved. Make room, then try again.", true, ""},
	StorageBusy:         {"The app's data is in use by another program. Try again in a moment.", true, ""},
	StorageNewer:        {"The app's data was written by a newer version. Install that version to go on; nothing was changed.", false, ""},
	StorageDamaged:      {"The app's data is damaged and can't be read. Nothing was changed: close every window of the app, then start it again.", false, ""},
	StorageReplaced:     {"The app's data was damaged, so it was put aside and begun anew. Sign in again to go on.", false, ""},
	StorageEmptied:      {"The app's data was empty, though somebody was signed in here before. Sign in again to go on.", false, ""},
	AlreadyOpen:         {"The app is open in another window already. Go on there, or close both windows and start it again.", false, ""},
	ConfigInvalid:       {"The app's settings are wrong, so it did not start. Correct them, then start it again.", false, ""},
	ClientUnnamed:       {"This app has no identity of its own: servers take it for a program in development. Ask the people who made it for one that has.", false, ""},
	ClientKeyMissing:    {"The key by which servers know this app is not on this computer. Ask the people who look after the computer to put it there.", false, ""},
	ClientKeyUnusable:   {"The key by which servers know this app can't be used. Ask the people who look after the computer to put it right.", false, ""},
	Internal:            {"Something went wrong inside the app. Try again; if it stays so, report it.", true, ""},
}

package auth

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"

	latchkey "latchkey/backend"
)

// LoginWithEmail signs in through the email provider. A provider that mails codes is told the
// address by the browser; on another server's page it is typed once more. The code
// EmailProviderNotSet says that a provider has to be chosen first.
func (s *Service) LoginWithEmail(ctx context.Context, email string, more ...string) (latchkey.Account, error) {
	mailbox, err := parseMailbox(email)
	if err != nil {
		return latchkey.Account{}, err
	}
	provider, err := s.ChosenEmailProvider(ctx)
	if err != nil {
		return latchkey.Account{}, err
	}
	if provider == "" {
		return latchkey.Account{}, latchkey.NewError(latchkey.EmailProviderNotSet, nil)
	}
	return s.login(ctx, target{Identifier: latchkey.Identifier{Server: provider}, mailbox: mailbox, more: more})
}

func parseMailbox(email string) (latchkey.Secret, error) {
	id, err := latchkey.ParseIdentifier(email)
	if err != nil {
		return "", err
	}
	if id.Email == "" {
		return "", latchkey.NewError(latchkey.InvalidIdentifier, errors.New("not an email"))
	}
	return latchkey.Secret(strings.ToLower(id.Email)), nil
}

// ChosenEmailProvider is the origin of the server that signs people in by email: the person's own
// choice, else the brand's; "" for none.
func (s *Service) ChosenEmailProvider(ctx context.Context) (string, error) {
	chosen, err := s.Store.Setting(ctx, latchkey.EmailProvider)
	if err != nil || chosen != "" {
		return chosen, err
	}
	return s.EmailProvider, nil
}

// ChooseEmailProvider makes a server the email provider and remembers it. It is asked first whether
// it is an AT Protocol server at all; the errors are those of a sign-in there.
func (s *Service) ChooseEmailProvider(ctx context.Context, address string) (string, error) {
	server, err := originIn(address)
	if err != nil {
		return "", err
	}
	as, err := s.Protocol.Discover(ctx, server)
	if err != nil {
		return "", err
	}
	if as.Server == "" {
		server = as.Issuer
	} else {
		server = as.Server
	}
	return server, s.Store.SaveSetting(ctx, latchkey.EmailProvider, server)
}

// originIn is the origin of the server whose address was typed.
func originIn(address string) (string, error) {
	id, err := latchkey.ParseIdentifier(address)
	if err != nil {
		return "", err
	}
	if handle, err := id.Account.AsHandle(); err == nil {
		return "https://" + handle.String(), nil // a host name looks like a handle
	}
	if id.Server == "" {
		return "", latchkey.NewError(latchkey.NotAnATProtoServer, errors.New("not the address of a server"))
	}
	return id.Server, nil
}

// AccountForEmail is an account whose session was signed in with this address. The code
// AccountUnknown says that there is none. It asks no server.
func (s *Service) AccountForEmail(ctx context.Context, email string) (latchkey.Account, error) {
	mailbox, err := parseMailbox(email)
	if err != nil {
		return latchkey.Account{}, err
	}
	accounts, err := s.Store.Accounts(ctx)
	if err != nil {
		return latchkey.Account{}, err
	}
	for _, account := range accounts {
		// An account that can't be opened now is none that can be offered.
		if session, _, err := s.open(ctx, account.DID); err == nil && session.Email == mailbox {
			return account, nil
		}
	}
	return latchkey.Account{}, latchkey.NewError(latchkey.AccountUnknown, nil)
}

// mailbox is the address that a new session belongs to, as far as it can be known: what the server
// tells where the scopes let it, else the address that it mailed its code to.
func (s *Service) mailbox(ctx context.Context, req latchkey.AuthorizationRequest, session latchkey.Session, keys latchkey.Keys) latchkey.Secret {
	reveals := func(scope string) bool {
		return scope == "transition:email" || scope == "account:email" || strings.HasPrefix(scope, "account:email?")
	}
	if slices.ContainsFunc(session.Scopes, reveals) {
		if email := s.revealedEmail(ctx, session, keys); email != "" {
			return email
		}
	}
	if req.Server.TakesEmail() {
		return req.Email
	}
	return ""
}

// revealedEmail asks the account's own server. Not to learn it is no reason to fail.
func (s *Service) revealedEmail(ctx context.Context, session latchkey.Session, keys latchkey.Keys) latchkey.Secret {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, session.Server+"/xrpc/com.atproto.server.getSession", nil)
	if err != nil {
		return ""
	}
	res, err := s.Protocol.Do(ctx, session, keys, req)
	if err != nil {
		s.Log.Info("the server did not tell the email", "reason", err)
		return ""
	}
	defer func() { _ = res.Body.Close() }()
	var body struct {
		Email string `json:"email"`
	}
	if res.StatusCode != http.StatusOK || json.NewDecoder(res.Body).Decode(&body) != nil {
		return ""
	}
	return latchkey.Secret(strings.ToLower(body.Email))
}

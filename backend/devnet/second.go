package devnet

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
)

// Move moves an account from the first PDS to the second, as the account migration of the protocol does
// it (https://atproto.com/guides/account-migration): the DID, the handle, the password, the repository and
// its blobs go, the DID document names the second PDS and its key, and the account on the first is
// deactivated. What the first granted to programs is left to it.
//
// It returns the account as it is now, which Accounts has too. A move that fails may be half done.
func (n *Network) Move(ctx context.Context, a Account) (Account, error) {
	if n.control == "" {
		return Account{}, errors.New("devnet: this network has no second PDS, or is stopped; set Options.Second")
	}
	body, err := json.Marshal(map[string]string{"did": a.DID, "password": a.Password})
	if err != nil {
		return Account{}, fmt.Errorf("devnet: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, n.control+"/move", bytes.NewReader(body))
	if err != nil {
		return Account{}, fmt.Errorf("devnet: %w", err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return Account{}, fmt.Errorf("devnet: cannot move %s: %w", a.Handle, err)
	}
	defer func() { _ = res.Body.Close() }()
	var answer struct{ Message string }
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil {
		return Account{}, fmt.Errorf("devnet: cannot move %s: %w", a.Handle, err)
	}
	if res.StatusCode != http.StatusOK {
		return Account{}, fmt.Errorf("devnet: cannot move %s: %s", a.Handle, answer.Message)
	}
	a.PDS = n.SecondPDS
	for i := range n.Accounts {
		if n.Accounts[i].DID == a.DID {
			n.Accounts[i].PDS = a.PDS
		}
	}
	return a, nil
}

// secondPlan is where the second PDS listens; "0" is any port that is free.
type secondPlan struct {
	PDSPort string `json:"pds_port"`
}

// secondReady is where the second PDS is, as network.mjs prints it.
type secondReady struct {
	PDS     string `json:"pds"`
	Control string `json:"control"` // where moves are asked for; elsewhere at every start
}

func (r secondReady) parse() (*url.URL, error) {
	pds, err := url.Parse(r.PDS)
	if err != nil {
		return nil, fmt.Errorf("devnet: %w", err)
	}
	return pds, nil
}

package devnet

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
)

// emailHandles ends the handles of the accounts that the email provider makes.
const emailHandles = ".mail.test"

// Mail is the last mail to an address.
type Mail struct {
	To      string `json:"to"` // in lower case
	Subject string `json:"subject"`
	Text    string `json:"text"`
	Code    string `json:"code"`  // the one-time code in the text; empty without one
	Count   int    `json:"count"` // how many mails have come to this address since the network started
}

// ErrNoMail is what [Network.Mail] answers for an address that no mail came to.
var ErrNoMail = errors.New("devnet: no mail came to this address")

// Mail returns the last mail that the email provider sent to an address.
func (n *Network) Mail(ctx context.Context, address string) (Mail, error) {
	if n.MailBox == "" {
		return Mail{}, errors.New("devnet: this network has no mail; set Options.Email")
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, n.MailBox+"?"+url.Values{"to": {address}}.Encode(), nil)
	if err != nil {
		return Mail{}, fmt.Errorf("devnet: %w", err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return Mail{}, fmt.Errorf("devnet: %w", err)
	}
	defer func() { _ = res.Body.Close() }()
	switch res.StatusCode {
	case http.StatusOK:
	case http.StatusNotFound:
		return Mail{}, ErrNoMail
	default:
		body, _ := io.ReadAll(res.Body)
		return Mail{}, fmt.Errorf("devnet: the mail box answers %s: %s", res.Status, body)
	}
	var mail Mail
	if err := json.NewDecoder(res.Body).Decode(&mail); err != nil {
		return Mail{}, fmt.Errorf("devnet: the mail box: %w", err)
	}
	return mail, nil
}

// emailPlan is where the email provider listens; "0" is any port that is free.
type emailPlan struct {
	PDSPort  string `json:"pds_port"`
	AuthPort string `json:"auth_port"`
	MailPort string `json:"mail_port"`
}

// emailReady is where the email provider is, as network.mjs prints it.
type emailReady struct {
	PDS  string `json:"pds"`
	Auth string `json:"auth"`
	Mail string `json:"mail"`
}

type emailURLs struct{ pds, auth, mail *url.URL }

func (r emailReady) parse() (emailURLs, error) {
	pds, pdsErr := url.Parse(r.PDS)
	auth, authErr := url.Parse(r.Auth)
	mail, mailErr := url.Parse(r.Mail)
	if err := errors.Join(pdsErr, authErr, mailErr); err != nil {
		return emailURLs{}, fmt.Errorf("devnet: %w", err)
	}
	return emailURLs{pds, auth, mail}, nil
}

func (u emailURLs) plan() *emailPlan {
	return &emailPlan{PDSPort: u.pds.Port(), AuthPort: u.auth.Port(), MailPort: u.mail.Port()}
}

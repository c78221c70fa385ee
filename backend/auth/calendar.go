package auth

import "time"

// How long servers let sessions live (observed of @atproto/oauth-provider 0.22.9).
const (
	// sessionLife is for a public client's, from the sign-in on and whatever is refreshed.
	sessionLife = 14 * 24 * time.Hour
	// confidentialLife is that for a client with a key of its own: two years. Without a refresh its session ends
	// after confidentialRest: a quarter of a year.
	confidentialLife = 2 * year
	confidentialRest = year / 4

	year = 365*24*time.Hour + 6*time.Hour
)

// sessionEnd is when a session ends that is refreshed no more.
func sessionEnd(created, renewed time.Time, confidential bool) time.Time {
	if !confidential {
		return created.Add(sessionLife)
	}
	rest, life := renewed.Add(confidentialRest), created.Add(confidentialLife)
	if rest.Before(life) {
		return rest
	}
	return life
}

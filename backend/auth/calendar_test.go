package auth_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	latchkey "latchkey/backend"
	"latchkey/backend/internal/hostile"
)

// calendar checks an account's first and last moment, and when it was renewed last.
func calendar(t *testing.T, a latchkey.Account, signedIn, renewed time.Time) {
	t.Helper()
	near := func(a, b time.Time) bool { return a.Sub(b).Abs() < time.Minute }
	if !near(a.SignedIn, signedIn) || !near(a.Renewed, renewed) || !near(a.SessionEnds, signedIn.Add(14*24*time.Hour)) {
		t.Errorf("signed in %v, renewed %v, ends %v", a.SignedIn, a.Renewed, a.SessionEnds)
	}
}

// age makes all sessions begin that much earlier.
func (h *house) age(by time.Duration) {
	ms := by.Milliseconds()
	h.exec(fmt.Sprintf(`UPDATE sessions SET created = created - %[1]d, renewed = renewed - %[1]d, ends = ends - %[1]d`, ms))
}

// A session ends two weeks after its sign-in, whatever is refreshed. A new sign-in begins a new calendar.
func TestCalendar(t *testing.T) {
	t.Parallel()
	h := newHouse(t, hostile.New(t))
	calendar(t, h.mustLogin("alice.example.net"), time.Now(), time.Now())
	calendar(t, h.mustAccount(hostile.AliceDID), time.Now(), time.Now())
	const week = 7 * 24 * time.Hour
	h.age(week)
	old := h.mustAccount(hostile.AliceDID)
	h.net.EndAccess()
	h.mustBeActive()
	renewed := h.mustAccount(hostile.AliceDID)
	calendar(t, renewed, time.Now().Add(-week), time.Now())
	if !renewed.SignedIn.Equal(old.SignedIn) || !renewed.SessionEnds.Equal(old.SessionEnds) {
		t.Errorf("a refresh moved the calendar: %+v", renewed)
	}
	h.waitFor(func(e latchkey.Event) bool {
		return e.Kind == latchkey.AccountChanged && e.Account.Renewed.Equal(renewed.Renewed) && e.Account.SessionEnds.Equal(old.SessionEnds)
	})
	calendar(t, h.mustLogin("alice.example.net"), time.Now(), time.Now())
	calendar(t, h.mustAccount(hostile.AliceDID), time.Now(), time.Now())
}

// A refusal at the end of the calendar has another reason than one in the middle. The account is kept
// with either.
func TestRejectedAtTheEnd(t *testing.T) {
	t.Parallel()
	const life = 14 * 24 * time.Hour
	for name, test := range map[string]struct {
		age   time.Duration
		token http.HandlerFunc // answers invalid_grant unless set
		calls int
		want  latchkey.Code
	}{
		"in the middle":          {age: life / 2, want: latchkey.SessionRejected},
		"two hours before":       {age: life - 2*time.Hour, want: latchkey.SessionRejected},
		"half an hour before":    {age: life - 30*time.Minute, want: latchkey.SessionExpired},
		"after it":               {age: life + time.Hour, want: latchkey.SessionExpired},
		"after it, answers lost": {age: life + time.Hour, token: hostile.HangUp, calls: 1, want: latchkey.SessionExpired},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := signedIn(t, hostile.New(t))
			h.age(test.age)
			h.net.EndSessions()
			h.net.Change(func() { h.net.Token = test.token })
			for range test.calls {
				mustCode(t, h.call(t.Context(), hostile.AliceDID), latchkey.ServerUnreachable)
			}
			mustCode(t, h.call(t.Context(), hostile.AliceDID), test.want)
			h.mustNeedSignIn(test.want)
			if a := h.mustAccount(hostile.AliceDID); !a.SignedIn.IsZero() || !a.Renewed.IsZero() || !a.SessionEnds.IsZero() {
				t.Errorf("a calendar without a session: %+v", a)
			}
			h.net.Change(func() { h.net.Token = nil })
			calendar(t, h.mustLogin("alice.example.net"), time.Now(), time.Now())
			h.mustBeActive()
		})
	}
}

// A session that ended by our calendar only goes on: the server decides.
// hostile: 39
func TestCalendarAloneEndsNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t, hostile.New(t))
	h.mustLogin("alice.example.net")
	h.age(30 * 24 * time.Hour)
	h.mustBeActive()
	h.net.EndAccess()
	h.mustBeActive()
}

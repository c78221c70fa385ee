package soak

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"

	latchkey "latchkey/backend"
)

// How many a [Crowd] are.
const (
	Processes  = 4
	Goroutines = 64 // in each process
)

// Crowd is processes that do the same at the same time.
type Crowd []*Child

// StartCrowd starts [Processes] children, each of which attends.
func StartCrowd(tb testing.TB, program string, input any) Crowd {
	tb.Helper()
	crowd := Crowd{}
	for range Processes {
		crowd = append(crowd, Start(tb, program, input))
	}
	for _, child := range crowd {
		child.Hear(&Tally{}) // it is there
	}
	return crowd
}

// Tally is what came of a round.
type Tally struct {
	Calls     int
	Failed    map[string]int // by what went wrong
	Refreshes int            // requests that were sent
}

// Add adds what came of others.
func (t *Tally) Add(other Tally) {
	t.Calls += other.Calls
	t.Refreshes += other.Refreshes
	for why, n := range other.Failed {
		if t.Failed == nil {
			t.Failed = map[string]int{}
		}
		t.Failed[why] += n
	}
}

// Failures counts the calls that failed.
func (t Tally) Failures() (n int) {
	for _, some := range t.Failed {
		n += some
	}
	return n
}

// order is what a crowd is told.
type order struct {
	End   bool
	Whose string // else the account that the calls are for
}

// Round has each goroutine of each process make its call for an account.
func (c Crowd) Round(whose string) Tally {
	for _, child := range c {
		child.tb.Helper()
		child.Order(order{Whose: whose})
	}
	var sum Tally
	for _, child := range c {
		var t Tally
		child.Hear(&t)
		sum.Add(t)
	}
	return sum
}

// Dismiss lets the children end. It answers the refreshes that were sent after the last round.
func (c Crowd) Dismiss() (refreshes int) {
	for _, child := range c {
		child.tb.Helper()
		child.Order(order{End: true})
		var t Tally
		child.Hear(&t)
		refreshes += t.Refreshes
		child.Finish()
	}
	return refreshes
}

// Attend is the part of one process in a crowd. End ends what is called, and waits for it.
func (p *Parent) Attend(protocol *Counted, call func(whose string) error, end func() error) {
	p.Say(Tally{})
	for {
		var o order
		p.Read(&o)
		if o.End {
			if err := end(); err != nil {
				p.Fail(err)
			}
			p.Say(Tally{Refreshes: protocol.taken()})
			return
		}
		t := Tally{Failed: map[string]int{}}
		var counting sync.Mutex
		var work sync.WaitGroup
		for range Goroutines {
			work.Go(func() {
				err := call(o.Whose)
				counting.Lock()
				defer counting.Unlock()
				t.Calls++
				if err != nil {
					t.Failed[err.Error()]++
				}
			})
		}
		work.Wait()
		t.Refreshes = protocol.taken()
		p.Say(t)
	}
}

// Counted counts the refreshes that a protocol is asked for.
type Counted struct {
	latchkey.Protocol
	refreshes atomic.Int64
}

// Refresh implements [latchkey.Protocol].
func (c *Counted) Refresh(ctx context.Context, s latchkey.Session, keys latchkey.Keys) (latchkey.Grant, error) {
	c.refreshes.Add(1)
	return c.Protocol.Refresh(ctx, s, keys)
}

// taken counts from one answer to the next.
func (c *Counted) taken() int { return int(c.refreshes.Swap(0)) }

package soak_test

import (
	"context"
	"testing"

	"latchkey/backend/auth"
	"latchkey/backend/internal/hostile"
	"latchkey/backend/internal/soak"
)

// The access token ends again and again under everybody who uses it. Beside this test, which is quick,
// there is one with real servers, whose tokens end with time, in package wire.
//
// hostile: 33, 34
func TestCrowdRefreshesOnce(t *testing.T) {
	t.Parallel()
	net := hostile.New(t)
	in := newInstallation(t, net)
	service, closeAll, err := in.open(t.Context(), func(r *auth.Rooms) { r.Browser = net.Browser(t) })
	if err != nil {
		t.Fatal(err)
	}
	if _, err := service.Login(t.Context(), "alice.example.net"); err != nil {
		t.Fatal(err)
	}
	if err := closeAll(); err != nil {
		t.Fatal(err)
	}
	crowd := soak.StartCrowd(t, "crowd", in)
	before := net.Requests("token")
	var all soak.Tally
	rounds := soak.Times(3, 5)
	for i := range rounds {
		net.EndAccess()
		round := crowd.Round(hostile.AliceDID.String())
		if round.Calls != soak.Processes*soak.Goroutines || round.Refreshes != 1 || round.Failures() > 0 {
			t.Errorf("expiry %d: %+v", i+1, round)
		}
		all.Add(round)
	}
	if late := crowd.Dismiss(); late != 0 {
		t.Errorf("%d refreshes afterwards", late)
	}
	if n := net.Requests("token") - before; n != rounds {
		t.Errorf("the server has seen %d refreshes", n)
	}
	if n := len(net.Sessions()); n != 1 || net.Replays() != 0 {
		t.Errorf("%d sessions on the server, %d replays", n, net.Replays())
	}
	soak.Figure(t, "%d processes x %d goroutines x %d expiries: refreshes sent %d, replays %d, failed calls %d of %d",
		soak.Processes, soak.Goroutines, rounds, all.Refreshes, net.Replays(), all.Failures(), all.Calls)
}

// crowd is one of its processes.
func crowd(parent *soak.Parent) {
	var in installation
	parent.Read(&in)
	ctx := context.Background()
	counted := &soak.Counted{}
	service, closeAll, err := in.open(ctx, func(r *auth.Rooms) {
		counted.Protocol = r.Protocol
		r.Protocol = counted
	})
	if err != nil {
		parent.Fail(err)
	}
	client, err := service.Client(ctx, hostile.AliceDID)
	if err != nil {
		parent.Fail(err)
	}
	parent.Attend(counted, func(string) error { return client.Get(ctx, "com.example.whoami", nil, nil) }, closeAll)
}

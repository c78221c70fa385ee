//go:build devnet

package wire_test

import (
	"bytes"
	"image"
	"image/png"
	"testing"

	"latchkey/backend/devnet"
)

// The private network has a host that suggests its accounts, which is asked over https as any other.
func TestSuggestionsOnRealServers(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	suggested := func(text string, want ...devnet.Account) {
		t.Helper()
		found, err := h.Suggest(t.Context(), text)
		if err != nil || len(found) != len(want) {
			t.Fatalf("%q: %+v, %v", text, found, err)
		}
		for i, s := range found {
			if s.DID.String() != want[i].DID || s.Handle.String() != want[i].Handle {
				t.Errorf("%q: %+v, want %s", text, s, want[i].Handle)
			}
		}
	}
	suggested("ali")
	if host, err := h.ChooseSuggestionHost(t.Context(), network.Suggestions); err != nil || host != network.Suggestions {
		t.Fatalf("chose %s, %v", host, err)
	}
	suggested("nobody-of-that-name")
	suggested("@Ali", alice())

	var picture bytes.Buffer
	if err := png.Encode(&picture, image.NewGray(image.Rect(0, 0, 64, 64))); err != nil {
		t.Fatal(err)
	}
	publish(t, alice(), "Alice of the Network", picture.Bytes())
	suggested("alice of", alice())
	found, err := h.Suggest(t.Context(), "ali")
	if err != nil || len(found) != 1 || found[0].Name != "Alice of the Network" {
		t.Fatalf("alice: %+v, %v", found, err)
	}
	if got, err := h.SuggestedAvatar(t.Context(), found[0].DID); err != nil || got.Type != "image/png" || !bytes.Equal(got.Data, picture.Bytes()) {
		t.Errorf("picture: %s, %d bytes, %v", got.Type, len(got.Data), err)
	}
}

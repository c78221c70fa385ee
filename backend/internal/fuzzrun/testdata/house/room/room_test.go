package room

import "testing"

func FuzzGood(f *testing.F) {
	f.Add([]byte("seed"))
	f.Fuzz(func(*testing.T, []byte) {})
}

func FuzzPanic(f *testing.F) {
	f.Add(1)
	f.Fuzz(func(_ *testing.T, n int) { _ = make([]int, 1)[min(max(n, 0), 1)] })
}

func FuzzBroken(f *testing.F) {
	f.Add(1)
	f.Fuzz(func(t *testing.T, n int) {
		if n > 0 {
			t.Error("not what was promised")
		}
	})
}

func FuzzSkipped(f *testing.F) { f.Skip("not today") }

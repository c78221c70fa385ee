package assertion

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"sync"
	"time"
)

// fresh is how long a nonce is taken, and so how old a proof may be.
const fresh = 3 * time.Minute

// nonces makes nonces for DPoP proofs that tell their own age (RFC 9449 section 8). None is remembered. The secret
// is that of the process: after a restart everybody is given another nonce.
type nonces struct{ secret [32]byte }

func newNonces() *nonces {
	n := &nonces{}
	_, _ = rand.Read(n.secret[:]) // never fails (crypto/rand)
	return n
}

// make is a nonce of this time: its second, and a code of that.
func (n *nonces) make(now time.Time) string {
	nonce := binary.BigEndian.AppendUint64(nil, uint64(now.Unix())) // #nosec G115 -- not before 1970
	return base64.RawURLEncoding.EncodeToString(append(nonce, n.code(nonce)...))
}

func (n *nonces) good(nonce string, now time.Time) bool {
	all, err := base64.RawURLEncoding.DecodeString(nonce)
	if err != nil || len(all) != 8+16 || !hmac.Equal(all[8:], n.code(all[:8])) {
		return false
	}
	made := time.Unix(int64(binary.BigEndian.Uint64(all)), 0) // #nosec G115 -- it is ours
	return now.Sub(made) < fresh
}

func (n *nonces) code(of []byte) []byte {
	mac := hmac.New(sha256.New, n.secret[:])
	_, _ = mac.Write(of) // never fails (hash)
	return mac.Sum(nil)[:16]
}

// manyProofs bounds the memory for proofs: twice as many are remembered at most, of 32 bytes.
const manyProofs = 1 << 18

// replays knows the proofs that were used, for as long as their nonces are good.
type replays struct {
	mu            sync.Mutex
	current, last map[[32]byte]struct{}
	began         time.Time // of current
	most          int
}

func newReplays() *replays {
	return &replays{current: map[[32]byte]struct{}{}, most: manyProofs}
}

// first tells whether a proof is used for the first time. When there are more proofs than can be remembered, it is
// for none.
func (p *replays) first(id string, now time.Time) bool {
	sum := sha256.Sum256([]byte(id))
	p.mu.Lock()
	defer p.mu.Unlock()
	if age := now.Sub(p.began); age >= fresh {
		p.last, p.current, p.began = p.current, map[[32]byte]struct{}{}, now
		if age >= 2*fresh {
			p.last = nil
		}
	}
	_, used := p.current[sum]
	_, usedBefore := p.last[sum]
	if used || usedBefore || len(p.current) >= p.most {
		return false
	}
	p.current[sum] = struct{}{}
	return true
}

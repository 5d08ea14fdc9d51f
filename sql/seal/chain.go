package seal

import (
	"encoding/binary"
	"fmt"
	"iter"
)

// Link returns the digest of the next entry of a chain:
//
//	SM3( uint32 len(domain) ‖ domain ‖ prev ‖ uint64 len(canonical) ‖ canonical )
//
// with lengths in big endian. The domain (such as "record.v1/17") keeps an entry of
// one chain from being passed off as an entry of another. The first entry's prev is
// the zero Digest or whatever the chain's owner starts from.
func Link(domain string, prev Digest, canonical []byte) Digest {
	h := NewSM3()
	var n [8]byte
	binary.BigEndian.PutUint32(n[:4], uint32(len(domain)))
	h.Write(n[:4])
	h.Write([]byte(domain))
	h.Write(prev[:])
	binary.BigEndian.PutUint64(n[:], uint64(len(canonical)))
	h.Write(n[:])
	h.Write(canonical)
	return sum(h)
}

// ChainEntry is one stored entry: the bytes as they were hashed, and the digests
// stored beside them.
type ChainEntry struct {
	Canonical []byte
	Prev      Digest
	Digest    Digest
}

// ChainBreak is the error that names the first entry that does not fit.
type ChainBreak struct {
	Index  int    // position in the run, from 0
	Gap    bool   // Prev is not the digest before it: an entry was removed, inserted or moved
	Want   Digest // what the chain demands
	Stored Digest // what stands in the entry
}

// Error says which entry is wrong and in which way.
func (b *ChainBreak) Error() string {
	if b.Gap {
		return fmt.Sprintf("seal: chain broken at entry %d: it follows %s, but the entry before it is %s", b.Index, b.Stored, b.Want)
	}
	return fmt.Sprintf("seal: chain broken at entry %d: its bytes give %s, stored is %s", b.Index, b.Want, b.Stored)
}

// ChainVerifier checks a chain entry by entry, in constant memory.
type ChainVerifier struct {
	domain string
	head   Digest
	count  int
}

// NewChainVerifier starts behind start: the zero Digest for a whole chain, or a
// head that was verified before (an anchor) for a later piece of it.
func NewChainVerifier(domain string, start Digest) *ChainVerifier {
	return &ChainVerifier{domain: domain, head: start}
}

// Next checks the following entry and moves the head to it. Its error is a
// *ChainBreak; the verifier then stays in front of the broken entry.
func (v *ChainVerifier) Next(e ChainEntry) error {
	if e.Prev != v.head {
		return &ChainBreak{Index: v.count, Gap: true, Want: v.head, Stored: e.Prev}
	}
	d := Link(v.domain, v.head, e.Canonical)
	if d != e.Digest {
		return &ChainBreak{Index: v.count, Want: d, Stored: e.Digest}
	}
	v.head, v.count = d, v.count+1
	return nil
}

// Pass moves the head over an entry whose bytes are kept elsewhere: only its place
// is checked, not its content. Its error is as that of Next.
func (v *ChainVerifier) Pass(prev, digest Digest) error {
	if prev != v.head {
		return &ChainBreak{Index: v.count, Gap: true, Want: v.head, Stored: prev}
	}
	v.head, v.count = digest, v.count+1
	return nil
}

// Head returns the digest of the last good entry, or the start.
func (v *ChainVerifier) Head() Digest { return v.head }

// Count returns how many entries were good. A cut tail is a good chain that is too
// short: compare head and count with a signed anchor.
func (v *ChainVerifier) Count() int { return v.count }

// VerifyChain checks a whole run and returns its head, the number of good entries
// and, for the first bad one, a *ChainBreak.
func VerifyChain(domain string, start Digest, run iter.Seq[ChainEntry]) (Digest, int, error) {
	v := NewChainVerifier(domain, start)
	for e := range run {
		if err := v.Next(e); err != nil {
			return v.Head(), v.Count(), err
		}
	}
	return v.Head(), v.Count(), nil
}

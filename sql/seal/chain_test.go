package seal

import (
	"errors"
	"fmt"
	"slices"
	"testing"
)

func run(n int) []ChainEntry {
	var out []ChainEntry
	var prev Digest
	for i := range n {
		b := fmt.Appendf(nil, "entry %d", i)
		d := Link("test", prev, b)
		out = append(out, ChainEntry{Canonical: b, Prev: prev, Digest: d})
		prev = d
	}
	return out
}

func TestVerifyChain(t *testing.T) {
	good := run(5)
	head, n, err := VerifyChain("test", Digest{}, slices.Values(good))
	if err != nil || n != 5 || head != good[4].Digest {
		t.Fatal(head, n, err)
	}
	if _, n, err := VerifyChain("test", good[1].Digest, slices.Values(good[2:])); err != nil || n != 3 {
		t.Errorf("from an anchor: %d, %v", n, err)
	}
	if _, _, err := VerifyChain("other", Digest{}, slices.Values(good)); err == nil {
		t.Error("verifies under another domain")
	}
}

func TestVerifyChainNamesTheFirstBreak(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func([]ChainEntry) []ChainEntry
		at    int
		gap   bool
	}{
		"flipped bit":    {func(e []ChainEntry) []ChainEntry { e[2].Canonical[0] ^= 1; return e }, 2, false},
		"digest altered": {func(e []ChainEntry) []ChainEntry { e[2].Digest[0] ^= 1; return e }, 2, false},
		"prev altered":   {func(e []ChainEntry) []ChainEntry { e[2].Prev[0] ^= 1; return e }, 2, true},
		"removed":        {func(e []ChainEntry) []ChainEntry { return slices.Delete(e, 2, 3) }, 2, true},
		"first removed":  {func(e []ChainEntry) []ChainEntry { return e[1:] }, 0, true},
		"swapped":        {func(e []ChainEntry) []ChainEntry { e[2], e[3] = e[3], e[2]; return e }, 2, true},
		"repeated":       {func(e []ChainEntry) []ChainEntry { return slices.Insert(e, 2, e[1]) }, 2, true},
		"rewritten in place": {func(e []ChainEntry) []ChainEntry {
			e[2].Canonical = []byte("other")
			e[2].Digest = Link("test", e[2].Prev, e[2].Canonical)
			return e
		}, 3, true},
	} {
		t.Run(name, func(t *testing.T) {
			_, n, err := VerifyChain("test", Digest{}, slices.Values(c.spoil(run(5))))
			var b *ChainBreak
			if !errors.As(err, &b) || b.Index != c.at || b.Gap != c.gap || n != c.at {
				t.Errorf("%d good, %v", n, err)
			}
		})
	}
}

// A cut tail cannot be seen in the chain itself: that is what anchors are for.
func TestVerifyChainCutTail(t *testing.T) {
	good := run(5)
	head, n, err := VerifyChain("test", Digest{}, slices.Values(good[:3]))
	if err != nil || n != 3 || head == good[4].Digest {
		t.Error(head, n, err)
	}
}

func TestLinkBordersMatter(t *testing.T) {
	seen := map[Digest]string{}
	for _, domain := range []string{"", "a", "ab"} {
		for _, bytes := range []string{"", "a", "b", "bc", "abc"} {
			for _, prev := range []Digest{{}, {1}} {
				d := Link(domain, prev, []byte(bytes))
				what := fmt.Sprintf("%q %v %q", domain, prev[0], bytes)
				if other, ok := seen[d]; ok {
					t.Errorf("%s and %s have one digest", what, other)
				}
				seen[d] = what
			}
		}
	}
}

func TestDigestText(t *testing.T) {
	d := SM3([]byte("abc"))
	if got, err := ParseDigest(d.String()); err != nil || got != d {
		t.Error(got, err)
	}
	if got, err := DigestOf(d[:]); err != nil || got != d {
		t.Error(got, err)
	}
	for _, bad := range []string{"", "zz", d.String()[:62], d.String() + "00"} {
		if _, err := ParseDigest(bad); !errors.Is(err, ErrFormat) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if d.IsZero() || !(Digest{}).IsZero() || d.Equal(nil) || !d.Equal(d[:]) {
		t.Error("IsZero or Equal is wrong")
	}
	h := NewSM3()
	h.Write([]byte("a"))
	h.Write([]byte("bc"))
	if sum(h) != d {
		t.Error("NewSM3 differs from SM3")
	}
}

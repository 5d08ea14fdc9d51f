package seal

import (
	"bytes"
	"testing"
)

func BenchmarkSeal(b *testing.B) {
	s := NewSealer(NewMemoryKeys())
	for b.Loop() {
		if _, err := s.SealString("patient", "patient.phone/42", "13800000000"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOpen(b *testing.B) {
	s := NewSealer(NewMemoryKeys())
	sealed, err := s.SealString("patient", "patient.phone/42", "13800000000")
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := s.OpenString("patient", "patient.phone/42", sealed); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSeal8K(b *testing.B) {
	k := testKey(b, "k1")
	plain := bytes.Repeat([]byte("x"), 8192)
	b.SetBytes(8192)
	for b.Loop() {
		if _, err := k.Seal(nil, plain); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkIndex(b *testing.B) {
	s := NewSealer(NewMemoryKeys())
	for b.Loop() {
		if _, err := s.Index("patient", "13800000000"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkChain(b *testing.B) {
	_, canonical := sample(b)
	var prev Digest
	b.SetBytes(int64(len(canonical)))
	for b.Loop() {
		prev = Link("record.v1/17", prev, canonical)
	}
}

func BenchmarkEncode(b *testing.B) {
	r, _ := sample(b)
	for b.Loop() {
		if _, err := r.Encode(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSign(b *testing.B) {
	k := mustSM2()
	for b.Loop() {
		if _, err := k.Sign([]byte("head")); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerify(b *testing.B) {
	k := mustSM2()
	sig, err := k.Sign([]byte("head"))
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if err := k.Public().Verify([]byte("head"), sig); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPasswordProduction(b *testing.B) {
	for b.Loop() {
		if _, err := HashPassword("password", ProductionRounds); err != nil {
			b.Fatal(err)
		}
	}
}

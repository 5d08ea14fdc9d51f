package session

import (
	"encoding/hex"
	"flag"
	"os"
	"testing"
	"time"

	"github.com/google/uuid"

	"jingfang/sql/seal"
)

var update = flag.Bool("update", false, "write the vectors anew")

// TestLateVectors hold recipe 2 and the signed head to the bytes that RECORD.md
// publishes: a change here would make every stored one look altered to other
// verifiers.
func TestLateVectors(t *testing.T) {
	at := time.Date(2026, 11, 23, 9, 40, 0, 654321000, time.UTC)
	visit := uuid.MustParse("6f1c1a52-0f7e-4c39-9d50-0b8f5f6a7c11")
	first, err := composeRecord(visit, vectorHead(), vectorLines(), nil)
	if err != nil {
		t.Fatal(err)
	}
	old := seal.Link(chainDomain(7, mainChain), seal.Digest{}, first)
	late, err := composeLate(visit, vectorHead(), vectorLines(), nil, lateness{kind: lateCorrection, text: "取药人应为本人",
		old: oldRecord{Chain: mainChain, Seq: 1, Digest: old[:]}, writtenAt: at, writtenByID: 5, writtenBy: "演示药师甲"})
	if err != nil {
		t.Fatal(err)
	}
	digest := seal.Link(chainDomain(7, supplementChain), seal.Digest{}, late)
	held(t, "testdata/record-v2.txt", late, digest)

	e := Equation{Taken: 500, Given: 312, Home: 150, Rolled: 37, Explained: 1}
	head, err := composeHead(Session{ID: 7, HeldOn: at, Site: "演示新华"}, mainChain, 1, old[:], "0123456789abcdef", at,
		closingFields(e, []Confirmation{{StaffID: 5, Name: "演示药师甲", Part: confirmLead, At: at}, {StaffID: 3, Name: "演示医生甲", Part: confirmTeam, At: at}}))
	if err != nil {
		t.Fatal(err)
	}
	held(t, "testdata/session-head-v1.txt", head, headDigest(7, mainChain, head))
}

// held compares bytes and their digest with a published vector.
func held(t *testing.T, path string, canonical []byte, digest seal.Digest) {
	t.Helper()
	got := "canonical " + hex.EncodeToString(canonical) + "\ndigest " + digest.String() + "\n"
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s: this program gives\n%s", path, got)
	}
}

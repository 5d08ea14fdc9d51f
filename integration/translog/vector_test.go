package translog

import (
	"encoding/hex"
	"encoding/json"
	"flag"
	"os"
	"testing"
	"time"

	"github.com/google/uuid"

	"jingfang/sql/seal"
)

var update = flag.Bool("update", false, "write testdata/vector.json anew (nonces and keys are random)")

// vector is a whole small log: what a stranger needs to try a reader on.
type vector struct {
	OfficerPrivateKeyPEM string        `json:"officer_private_key_pem"`
	Writer               string        `json:"writer"`
	HeaderCanonical      []byte        `json:"header_canonical_base64"`
	HeaderDigest         string        `json:"header_digest"`
	DataKeyHex           string        `json:"data_key_hex"`
	Entries              []vectorEntry `json:"entries"`
}

type vectorEntry struct {
	Seq       int64  `json:"seq"`
	AAD       string `json:"aad"`
	Canonical []byte `json:"canonical_base64"`
	Prev      string `json:"prev"`
	Digest    string `json:"digest"`
	Payload   []byte `json:"payload_canonical_base64"`
	Request   string `json:"request"`
	Answer    string `json:"answer"`
}

const vectorFile = "testdata/vector.json"

// TestVector reads the published log with the rules of FORMAT.md alone: seal's
// documented functions and the layouts, not the package's own chain code.
func TestVector(t *testing.T) {
	if *update {
		writeVector(t)
	}
	text, err := os.ReadFile(vectorFile)
	if err != nil {
		t.Fatal(err)
	}
	var v vector
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	officer, err := seal.ParsePrivatePEM([]byte(v.OfficerPrivateKeyPEM), "")
	if err != nil {
		t.Fatal(err)
	}
	h, err := decodeHeader(v.HeaderCanonical)
	if err != nil || h.ID.String() != v.Writer || h.OfficerKey != officer.ID() {
		t.Fatalf("header %+v, %v", h, err)
	}
	if again, err := h.canonical(); err != nil || string(again) != string(v.HeaderCanonical) {
		t.Errorf("the header is not written as it was read: %v", err)
	}
	head := seal.Link("translog.v1/"+v.Writer, seal.Digest{}, v.HeaderCanonical)
	if head.String() != v.HeaderDigest {
		t.Fatalf("header digest %s", head)
	}
	key, err := officer.UnwrapKey(h.DataKey, h.WrappedKey)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range v.Entries {
		head = checkVectorEntry(t, v.Writer, key, head, e)
	}
}

func checkVectorEntry(t *testing.T, writer string, key seal.DataKey, head seal.Digest, v vectorEntry) seal.Digest {
	t.Helper()
	if v.Prev != head.String() {
		t.Errorf("entry %d follows %s, want %s", v.Seq, v.Prev, head)
	}
	head = seal.Link("translog.v1/"+writer, head, v.Canonical)
	if v.Digest != head.String() {
		t.Errorf("entry %d has digest %s", v.Seq, head)
	}
	e, err := decodeEntry(v.Canonical)
	if err != nil || e.Seq != v.Seq {
		t.Fatalf("entry %d: %+v, %v", v.Seq, e, err)
	}
	if again, err := e.canonical(); err != nil || string(again) != string(v.Canonical) {
		t.Errorf("entry %d is not written as it was read: %v", v.Seq, err)
	}
	plain, err := key.Open([]byte(v.AAD), e.Sealed)
	if err != nil || string(plain) != string(v.Payload) {
		t.Fatalf("entry %d does not open: %v", v.Seq, err)
	}
	p, err := decodePayload(plain)
	if err != nil || string(p.Request) != v.Request || string(p.Answer) != v.Answer {
		t.Errorf("entry %d: %+v, %v", v.Seq, p, err)
	}
	return head
}

func writeVector(t *testing.T) {
	t.Helper()
	keys := seal.NewMemoryKeys()
	at := time.Date(2026, 3, 2, 1, 0, 0, 123456000, time.UTC)
	w, err := newWriter(keys, "演示服务器", at.Add(-time.Hour), at, Head{})
	if err != nil {
		t.Fatal(err)
	}
	index, err := seal.NewSealer(keys).Index(Purpose, "receipts@17")
	if err != nil {
		t.Fatal(err)
	}
	about := Exchange{System: "HIS", Service: "HIS.RECEIPT.PULL", Direction: Out, Key: "receipts@17", Person: "系统定时拉取",
		Target: "POST http://127.0.0.1:9301/his/receipts", Body: []byte(`{"since":"17","limit":50}`)}
	id := uuid.New()
	intent := draft{exchange: id, phase: Intent, about: about, at: at, keyIndex: index, bodyBytes: int64(len(about.Body))}
	answer := Outcome{Result: OK, Status: 200, Body: []byte(`{"code":"0","message":"成功"}`)}
	outcome := draft{exchange: id, phase: OutcomePhase, about: about, outcome: answer, at: at.Add(42 * time.Millisecond),
		duration: 42 * time.Millisecond, keyIndex: index, bodyBytes: int64(len(answer.Body))}
	rows, _, err := w.chain([]draft{intent, outcome})
	if err != nil {
		t.Fatal(err)
	}
	saveVector(t, keys, w, rows)
}

func saveVector(t *testing.T, keys *seal.MemoryKeys, w *writer, rows []row) {
	t.Helper()
	pem, err := keys.LogOfficer().MarshalPEM()
	if err != nil {
		t.Fatal(err)
	}
	raw, err := keys.LogOfficer().Unwrap(w.header.WrappedKey)
	if err != nil {
		t.Fatal(err)
	}
	v := vector{OfficerPrivateKeyPEM: string(pem), Writer: w.header.ID.String(), HeaderCanonical: w.bytes,
		HeaderDigest: w.head.Digest.String(), DataKeyHex: hex.EncodeToString(raw)}
	for _, r := range rows {
		plain, err := w.key.Open(aad(r.Writer, r.Seq), r.Sealed)
		if err != nil {
			t.Fatal(err)
		}
		p, err := decodePayload(plain)
		if err != nil {
			t.Fatal(err)
		}
		v.Entries = append(v.Entries, vectorEntry{Seq: r.Seq, AAD: string(aad(r.Writer, r.Seq)), Canonical: r.canonical,
			Prev: r.prev.String(), Digest: r.digest.String(), Payload: plain, Request: string(p.Request), Answer: string(p.Answer)})
	}
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(vectorFile, append(text, '\n'), 0o644); err != nil {
		t.Fatal(err)
	}
}

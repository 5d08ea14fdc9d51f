package identity

import (
	"encoding/hex"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"jingfang/sql/seal"
)

// The vectors of FORMAT.md: whoever changes the bytes changes the page, and has
// to write a version 2, because rows of version 1 stay for ever.
func TestFormat(t *testing.T) {
	chain := uuid.MustParse("00112233-4455-6677-8899-aabbccddeeff")
	staff, site := int64(7), int64(3)
	at := time.Date(2026, 11, 23, 2, 42, 7, 123456000, time.UTC)
	row := auditRow{ChainID: chain, Seq: 1, At: at, StaffID: &staff, LoginID: &chain, Roles: "doctor@3", Addr: "10.0.0.9", RequestID: "K7M2-Q9XD",
		Event: "login", Outcome: OK, ObjectKind: "staff", ObjectID: "7", SiteID: &site, Detail: "演示"}
	canonical, err := row.canonical()
	if err != nil {
		t.Fatal(err)
	}
	digest := seal.Link(auditDomain(chain), seal.Digest{}, canonical)

	anchor, err := sealAnchor(fixedSigner{}, anchorRow{}, []Head{{auditPrefix + chain.String(), 1, digest}}, at)
	if err != nil {
		t.Fatal(err)
	}
	grant, err := grantRow{StaffID: 7, RoleName: "doctor", SiteID: &site, GrantedAt: at}.canonical()
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile("FORMAT.md")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Join(strings.Fields(string(page)), "")
	for name, value := range map[string]string{
		"audit bytes": hex.EncodeToString(canonical), "audit digest": digest.String(),
		"anchor bytes": hex.EncodeToString(anchor.Canonical), "anchor digest": hex.EncodeToString(anchor.Digest),
		"grant bytes": hex.EncodeToString(grant),
	} {
		if !strings.Contains(text, value) {
			t.Errorf("FORMAT.md lacks the %s\n%s", name, value)
		}
	}
}

// fixedSigner has a fixed id; what it signs is not part of the vectors.
type fixedSigner struct{ seal.Signer }

func (fixedSigner) ID() string                  { return "0123456789abcdef" }
func (fixedSigner) Sign([]byte) ([]byte, error) { return []byte{1}, nil }

package session

import (
	"encoding/hex"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"jingfang/sql/seal"
)

// TestRecordVector holds recipe 1 to the bytes that RECORD.md publishes: a
// change here would make every stored record look altered to other verifiers.
func TestRecordVector(t *testing.T) {
	canonical, err := composeRecord(uuid.MustParse("6f1c1a52-0f7e-4c39-9d50-0b8f5f6a7c11"), vectorHead(), vectorLines(),
		[]recordRefusal{{Raw: "6901234567892", Kind: "commodity_code", Resolution: ""}})
	if err != nil {
		t.Fatal(err)
	}
	digest := seal.Link(chainDomain(7, mainChain), seal.Digest{}, canonical)
	text, err := os.ReadFile("testdata/record-v1.txt")
	if err != nil {
		t.Fatal(err)
	}
	got := "canonical " + hex.EncodeToString(canonical) + "\ndigest " + digest.String() + "\n"
	if got != string(text) {
		t.Errorf("recipe 1 gives\n%swant\n%s", got, text)
	}
	if n := strings.Count(string(text), "\n"); n != 2 {
		t.Errorf("the vector has %d lines", n)
	}
}

func vectorHead() recordHead {
	at := time.Date(2026, 11, 23, 2, 40, 0, 0, time.UTC)
	return recordHead{SessionID: 7, HeldOn: at, SiteCode: "999900001", Site: "演示新华", Kind: "site", Number: 12, DoctorID: 3,
		Doctor: "演示医生甲", PatientID: 42, PatientNo: "000042", Patient: "演示患者甲", StartedAt: at, FinishedAt: at.Add(3 * time.Minute),
		FinishedBy: "演示医生甲", Collector: "family", CollName: "演示家属", Prescript: "R-1"}
}

func vectorLines() []recordLine {
	days := int64(30)
	expires := time.Date(2027, 3, 31, 0, 0, 0, 0, time.UTC)
	at := time.Date(2026, 11, 23, 2, 41, 0, 123456000, time.UTC)
	return []recordLine{
		{Code: "80000010000000006312", Generic: "演示利培酮片", Spec: "1mg×20片", Unit: "片", PackWord: "盒", Content: 20, Quantity: 20,
			Dose: "每日 1mg", Days: &days, Batch: "B1", ExpiresOn: &expires, How: "scanned", At: at},
		{Code: "80000020000000000077", Generic: "演示盐酸苯海索片", Spec: "2mg×100片", Unit: "片", PackWord: "瓶", Content: 100, Quantity: 30,
			Batch: "B2", How: "typed", At: at},
	}
}

package inventory

import (
	"strings"
	"testing"
	"time"
)

func TestInternalCode(t *testing.T) {
	t.Parallel()
	day := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	seen := map[string]bool{}
	for n := int64(1); n < 2000; n++ {
		s := internalCode(day, n)
		c, err := ParseTraceCode(strings.ToLower(s))
		if err != nil || c.Family() != FamilyInternal || c.Code() != s || len(s) != plainLength || seen[s] || c.Masked() == "" {
			t.Fatalf("%s: %+v %v", s, c, err)
		}
		seen[s] = true
	}
	s := internalCode(day, 47)
	for i := 2; i < plainLength; i++ {
		for _, x := range alphanumerics {
			other := s[:i] + string(x) + s[i+1:]
			c, err := ParseTraceCode(other)
			if other != s && err == nil && c.Family() == FamilyInternal {
				t.Errorf("one wrong character passes: %s for %s", other, s)
			}
		}
		if swapped := s[:i-1] + s[i:i+1] + s[i-1:i] + s[i+1:]; swapped != s {
			if c, err := ParseTraceCode(swapped); err == nil && c.Family() == FamilyInternal {
				t.Errorf("a swap passes: %s for %s", swapped, s)
			}
		}
	}
	// A holder's own code that only begins alike is one.
	if c, err := ParseTraceCode("WM123456789012345678"); err != nil || c.Family() != FamilyOwn {
		t.Errorf("another holder's code: %+v %v", c, err)
	}
	if _, err := ParseTraceCode("WM20261123" + strings.Repeat("0", 10)); err == nil {
		t.Error("a wrong check character passes")
	}
}

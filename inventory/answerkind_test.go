package inventory

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

func TestKinds(t *testing.T) {
	t.Parallel()
	seen := map[AnswerKind]bool{}
	for _, k := range Kinds() {
		if seen[k.Kind] || !k.Kind.Valid() {
			t.Errorf("%s is listed twice or not found", k.Kind)
		}
		seen[k.Kind] = true
		bare, full := k.Kind.Sentence(Details{}), k.Kind.Sentence(Details{Drug: "甲片", Who: "陈医生", When: "10:42", Queue: "12", Where: "新华社区", State: "在库", Done: "入库", Count: "19"})
		for _, s := range []string{bare, full} {
			if strings.ContainsAny(s, "{}") || !strings.HasSuffix(s, "。") && !strings.HasSuffix(s, "）。") {
				t.Errorf("%s: %q", k.Kind, s)
			}
		}
		if tone := k.Kind.Tone(); (tone == ToneCaution || tone == ToneBad) && k.Kind != KindFactAlarm && !strings.Contains(bare, "请") {
			t.Errorf("%s does not say what to do: %q", k.Kind, bare)
		}
	}
	for _, must := range []AnswerKind{"ok", "repeat", "taken_today", "taken_before", "wrong_state", "unknown", "not_a_trace_code"} {
		if !seen[must] {
			t.Errorf("%s, which other programs rely on, is missing", must)
		}
	}
}

// The table of the README is the list, word for word and in its order.
func TestKinds_readme(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	var want strings.Builder
	for _, k := range Kinds() {
		fmt.Fprintf(&want, "| `%s` | %s | %s |\n", k.Kind, k.Tone.Word(), k.Pattern)
	}
	if !strings.Contains(string(text), want.String()) {
		t.Error("the README's table of answers is not the list of kinds")
	}
}

func TestAnswerKind_sentence(t *testing.T) {
	t.Parallel()
	got := KindTakenToday.Sentence(Details{Drug: "利培酮片 1mg×20", Who: "陈医生", When: "10:42", Queue: "12"})
	if want := "利培酮片 1mg×20 已于 10:42 由陈医生发给 12 号。请换一盒。"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestAnswerKind_unlisted(t *testing.T) {
	t.Parallel()
	k := AnswerKind("no such kind")
	if k.Valid() || k.Tone() != ToneBad || k.Word() != "不行" {
		t.Errorf("an unlisted kind is %v %s %s", k.Valid(), k.Tone(), k.Word())
	}
}

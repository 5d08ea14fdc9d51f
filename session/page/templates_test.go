package page

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// forbidden is what no template of the program may contain: the content policy
// would block it without a word, or a person in public would read it.
var forbidden = []struct {
	what string
	find *regexp.Regexp
}{
	{"an inline event handler", regexp.MustCompile(`(?i)[\s"']on[a-z]+\s*=`)},
	{"an inline style", regexp.MustCompile(`(?i)[\s"']style\s*=|<style`)},
	{"an inline script", regexp.MustCompile(`(?i)<script(?:\s+(?:defer|async|type="[^"]*"))*\s*>`)},
	{"a javascript address", regexp.MustCompile(`(?i)javascript:|["'{\s]js:`)},
	{"hx-on", regexp.MustCompile(`(?i)hx-on`)},
	{"a trigger filter, which needs eval", regexp.MustCompile(`hx-trigger="[^"]*\[`)},
	{"an address of another server", regexp.MustCompile(`(?i)(?:src|href|action|hx-[a-z]+)\s*=\s*["']?(?:https?:)?//`)},
	{"the word that patients must not read", regexp.MustCompile(`精神`)},
}

// templateFiles lists every template of the module: layout, pages and parts.
func templateFiles(t *testing.T) []string {
	t.Helper()
	var files []string
	err := filepath.WalkDir("../..", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && (entry.Name() == "vendor" || entry.Name() == "node_modules" || entry.Name() == ".git") {
			return filepath.SkipDir
		}
		if filepath.Ext(path) == ".html" {
			files = append(files, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestTemplatesKeepThePolicy(t *testing.T) {
	files := templateFiles(t)
	if len(files) < 5 {
		t.Fatalf("only %d templates found", len(files))
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range forbidden {
			if hit := f.find.Find(text); hit != nil {
				t.Errorf("%s contains %s: %q", file, f.what, hit)
			}
		}
	}
}

var postForm = regexp.MustCompile(`(?is)<form[^>]*(?:method="post"|hx-post)[^>]*>.*?</form>`)

// Every form that changes something carries the token.
func TestFormsCarryTheToken(t *testing.T) {
	for _, file := range templateFiles(t) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, form := range postForm.FindAllString(string(text), -1) {
			if !strings.Contains(form, "{{csrf}}") {
				t.Errorf("%s: a form without {{csrf}}: %.80s", file, form)
			}
		}
	}
}

// The rules above must be able to fail.
func TestForbiddenFinds(t *testing.T) {
	for _, bad := range []string{
		`<b onclick="x()">`, `<b style="x">`, `<style>`, `<script>`, `<script defer>`, `<a href="javascript:x">`, `hx-vals="js:{a}"`,
		`<b hx-on:click="x">`, `<b hx-trigger="keyup[x]">`, `<img src="https://a/b">`, `<a href="//a">`, `精神卫生`,
	} {
		found := false
		for _, f := range forbidden {
			found = found || f.find.MatchString(bad)
		}
		if !found {
			t.Errorf("%s is not found", bad)
		}
	}
}

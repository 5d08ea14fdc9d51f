package web_test

import (
	"testing"

	"jingfang/reporting/web"
	"jingfang/session/page"
)

func TestEveryViewHasASample(t *testing.T) {
	site, err := page.New(page.Config{Dev: true}, web.Templates())
	if err != nil {
		t.Fatal(err)
	}
	if err := site.CheckSamples(append(web.Samples(), page.OwnSamples()...)); err != nil {
		t.Error(err)
	}
}

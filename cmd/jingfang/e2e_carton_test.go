package main

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"jingfang/inventory"
)

// upload sends a file as the page's script does.
func (c *caller) upload(path, name string, body []byte) reply {
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	part, err := form.CreateFormFile("file", name)
	if err == nil {
		_, err = part.Write(body)
	}
	if err == nil {
		err = form.Close()
	}
	if err != nil {
		c.t.Error(err)
		return reply{}
	}
	r, err := http.NewRequest("POST", c.base+path, &b)
	if err != nil {
		c.t.Error(err)
		return reply{}
	}
	for k, v := range map[string]string{"Content-Type": form.FormDataContentType(), "Accept": "application/json", "X-CSRF-Token": c.csrf, "Sec-Fetch-Site": "same-origin"} {
		r.Header.Set(k, v)
	}
	return c.send(r)
}

// relationID is the number of a relation file that was looked through: the
// example that the program offers.
func (w *world) relationID(t *testing.T) string {
	t.Helper()
	var check inventory.RelationCheck
	w.pharm.upload("/cartons", "example.csv", []byte(w.pharm.page("/cartons/example/csv").body)).json(t, &check)
	if check.FileID == 0 || check.Small != 10 || check.Middles != 2 {
		t.Fatalf("the example: %+v", check)
	}
	return strconv.FormatInt(check.FileID, 10)
}

// testUploads: a file may be larger than any other request, and no larger than
// the page says.
func (w *world) testUploads(t *testing.T) {
	line := "81234560000000000001,83123450000000000001,1\n"
	if r := w.pharm.upload("/cartons", "large.csv", []byte(strings.Repeat(line, 100_000))); r.status != 200 || !strings.Contains(r.body, "problems") {
		t.Errorf("4 MB: %d %.300s", r.status, r.body)
	}
	if r := w.pharm.upload("/cartons", "too-large.csv", make([]byte, inventory.MaxRelationBytes+1<<17)); r.status != 400 || !strings.Contains(r.body, "16 MB") {
		t.Errorf("too large: %d %.300s", r.status, r.body)
	}
	if r := w.pharm.upload("/receipts/1/scans", "x.csv", make([]byte, 2<<20)); r.status < 400 || r.status >= 500 {
		t.Errorf("a large form elsewhere: %d %.300s", r.status, r.body)
	}
}

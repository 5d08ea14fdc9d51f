package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// secured is a server with a certificate of its own making, on a free port.
func secured(t *testing.T) (*server, security) {
	t.Helper()
	l, err := listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	sec, err := madeCertificate(config{Data: t.TempDir(), Hosts: []string{"clinic.example"}}, l.Addr(), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	say := func(text string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, text+" "+r.Proto)
		})
	}
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	return newServer(log, l, sec, say("secure"), say("plain")), sec
}

func fetch(t *testing.T, c *http.Client, url string) string {
	t.Helper()
	resp, err := c.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestOnePortSpeaksBoth(t *testing.T) {
	s, _ := secured(t)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.run(ctx, func() {}) }()

	// A connection that says nothing holds nobody up.
	silent, err := net.Dial("tcp", s.listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()

	trusting := s.transport().(*http.Transport)
	defer trusting.CloseIdleConnections()
	if got := fetch(t, &http.Client{Transport: trusting}, s.url()); got != "secure HTTP/2.0" {
		t.Errorf("over TLS the port says %q", got)
	}
	plain := &http.Transport{}
	defer plain.CloseIdleConnections()
	if got := fetch(t, &http.Client{Transport: plain}, strings.Replace(s.url(), "https", "http", 1)); got != "plain HTTP/1.1" {
		t.Errorf("without TLS the port says %q", got)
	}
	doubting := &http.Transport{}
	defer doubting.CloseIdleConnections()
	if resp, err := (&http.Client{Transport: doubting}).Get(s.url()); err == nil {
		resp.Body.Close()
		t.Error("a client that does not know our authority trusts it")
	}
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("the server ended with %v", err)
	}
}

func TestCertificateIsKeptAndRenewed(t *testing.T) {
	dir, now := t.TempDir(), time.Now()
	a, err := openAuthority(dir, now)
	if err != nil {
		t.Fatal(err)
	}
	hosts := []string{"192.0.2.7", "clinic.example"}
	first := leafOf(t, a, hosts, now)
	again, err := openAuthority(dir, now)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		name  string
		hosts []string
		at    time.Time
		same  bool
	}{
		{"the next start", hosts, now.Add(time.Hour), true},
		{"fewer names", hosts[:1], now.Add(time.Hour), true},
		{"a new address", []string{"192.0.2.7", "192.0.2.8", "clinic.example"}, now.Add(time.Hour), false},
		{"before its end", hosts, now.Add(leafLife - renewBefore + time.Hour), false},
	} {
		if got := leafOf(t, again, x.hosts, x.at); slices.Equal(got.Raw, first.Raw) != x.same {
			t.Errorf("%s: the certificate is the same: %v, want %v", x.name, !x.same, x.same)
		}
	}
	roots := x509.NewCertPool()
	roots.AddCert(a.cert)
	if _, err := first.Verify(x509.VerifyOptions{DNSName: "clinic.example", Roots: roots, CurrentTime: now}); err != nil {
		t.Errorf("the authority does not vouch for its certificate: %v", err)
	}
	if first.NotAfter.Sub(first.NotBefore) > 398*24*time.Hour {
		t.Error("phones refuse a certificate of more than 398 days")
	}
	if _, err := openAuthority(dir, now.Add(caLife-leafLife+time.Hour)); err == nil {
		t.Error("an authority that ends before its next certificate does is used on")
	}
}

func leafOf(t *testing.T, a *authority, hosts []string, now time.Time) *x509.Certificate {
	t.Helper()
	pair, err := a.leaf(hosts, now)
	if err != nil {
		t.Fatal(err)
	}
	return pair.Leaf
}

func TestWhichAddressesAreProtected(t *testing.T) {
	for _, x := range []struct {
		addr string
		tls  bool
	}{{"127.0.0.1:80", false}, {"127.8.8.8:80", false}, {"[::1]:80", false}, {"0.0.0.0:80", true}, {"[::]:80", true}, {"192.0.2.7:80", true}} {
		a, err := net.ResolveTCPAddr("tcp", x.addr)
		if err != nil {
			t.Fatal(err)
		}
		sec, err := secure(config{Data: t.TempDir()}, a, time.Now())
		if err != nil || (sec.config != nil) != x.tls {
			t.Errorf("%s: TLS %v, want %v (%v)", x.addr, sec.config != nil, x.tls, err)
		}
		if x.tls && sec.config.MinVersion < tls.VersionTLS12 {
			t.Errorf("%s accepts a TLS older than 1.2", x.addr)
		}
		if _, err := secure(config{Data: t.TempDir(), FrontHTTPS: true}, a, time.Now()); (err != nil) != x.tls {
			t.Errorf("%s with -front-https: %v", x.addr, err)
		}
	}
}

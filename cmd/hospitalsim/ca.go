package main

import (
	"bytes"
	"fmt"
	"net/http"
	"os"

	"jingfang/integration/simulator"
	"jingfang/integration/wire"
)

// newCA makes the stand-in of the certificate authority, with the page that plays the
// phone, and writes the certificates that a client must trust.
func newCA(o options) (http.Handler, error) {
	key, err := wire.NewKey(o.appID, []byte(o.secret))
	if err != nil {
		return nil, err
	}
	p, err := platform(o.platform)
	if err != nil {
		return nil, err
	}
	var styles []wire.CAStyle
	if says, ok := p.CA(); ok {
		styles = append(styles, says)
	}
	ca, err := simulator.NewCA(key, nil, simulator.DemoCAPersons(), nil, styles...)
	if err != nil {
		return nil, err
	}
	ca.SetPhone("http://" + o.ca + "/phone")
	if o.roots != "" {
		var text bytes.Buffer
		for _, c := range ca.Trusted() {
			text.Write(c.MarshalPEM())
		}
		if err := os.WriteFile(o.roots, text.Bytes(), 0o600); err != nil {
			return nil, fmt.Errorf("证书文件 %s 写不了：%w", o.roots, err)
		}
	}
	mux := http.NewServeMux()
	mux.Handle("/", ca)
	mux.Handle("/phone", ca.Phone())
	mux.Handle("/ca/control/", ca.Control())
	return mux, nil
}

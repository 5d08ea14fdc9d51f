package main

import "context"

// announceFirstRun prints the token with which the first administrators are
// created, as long as nobody has an account.
func (h *house) announceFirstRun(ctx context.Context, p *program) error {
	first, err := h.app.persons.NeedsFirstRun(ctx)
	if err != nil || !first {
		return err
	}
	p.say(p.out, "还没有任何账号。请在浏览器打开 %s/first-run ，用启动码建立三位管理员：\n\n    %s\n", h.server.url(), h.app.token)
	return nil
}

// tell tells who waits that requests are answered.
func (p *program) tell(h *house) {
	if a := h.server.security.authority; a != nil {
		p.say(p.out, "证书由本程序自制。手机请先用浏览器打开下面一个地址信任它，证书指纹（SHA-256）：\n  %s", a.fingerprint())
		for _, u := range h.server.trustURLs() {
			p.say(p.out, "  %s", u)
		}
	}
	if p.ready != nil {
		p.ready(running{URL: h.server.url(), Data: h.app.config.Data})
	}
}

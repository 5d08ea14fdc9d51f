package browsertest

import (
	"context"
	"fmt"
	"strings"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// complaint is something a page said that it should not have to.
type complaint struct {
	text string
	// answer: it is about an answer that was refused or did not come, which many
	// tests bring about.
	answer bool
}

// sayMissing has a page name the piece of HTML that found no place: htmx itself
// only says that there was one.
func sayMissing() chromedp.Action[chromedp.Void] {
	const script = `document.addEventListener('htmx:oobErrorNoTarget', function (e) { console.error('no place for ' + e.detail.content.outerHTML.slice(0, 400)); });`
	return Before(script)
}

// Before is a step: every page that is opened after it runs the script ahead of its
// own.
func Before(script string) chromedp.Action[chromedp.Void] {
	return func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
		_, err := cdp.Call(ctx, t, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: script})
		return chromedp.Void{}, err
	}
}

// hear keeps what the page complains about: exceptions, console errors, among them
// htmx's, and what the browser itself logs, such as a violated content policy.
func (p *Page) hear(event any) {
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		p.complain(e.ExceptionDetails.Text+" "+remoteText([]*runtime.RemoteObject{e.ExceptionDetails.Exception}), false)
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeAssert {
			text := remoteText(e.Args)
			p.complain(fmt.Sprintf("console.%s %s", e.Type, text), aboutAnswer(text))
		}
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError || strings.Contains(e.Entry.Text, "Content Security Policy") {
			p.complain(e.Entry.Text+" "+e.Entry.URL, e.Entry.Source == log.EntrySourceNetwork)
		}
	}
}

// aboutAnswer tells htmx's words for an answer that was refused or did not come. Of
// a live line that broke it prints the bare event.
func aboutAnswer(text string) bool {
	return strings.TrimSpace(text) == "Event" ||
		containsOne(text, []string{"Response Status Error Code", "htmx:sendError", "htmx:afterRequest", "htmx:timeout", "htmx:sendAbort"})
}

func remoteText(args []*runtime.RemoteObject) string {
	var b strings.Builder
	for _, a := range args {
		if a == nil {
			continue
		}
		text := a.Description
		if text == "" {
			text = string(a.Value)
		}
		b.WriteString(text + " ")
	}
	return b.String()
}

func (p *Page) complain(text string, answer bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.complaints = append(p.complaints, complaint{text, answer})
}

// Complaints are the page's since the last call of NoComplaints.
func (p *Page) Complaints() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var list []string
	for _, c := range p.complaints {
		list = append(list, c.text)
	}
	return list
}

// Allow lets the page complain about what contains one of the texts.
func (p *Page) Allow(texts ...string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.allowed = append(p.allowed, texts...)
}

// NoComplaints fails the test for everything that the page has complained about so
// far, refused and missing answers too, unless it contains one of the texts.
func (p *Page) NoComplaints(allowed ...string) {
	p.T.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.complaints {
		if !containsOne(c.text, allowed) && !containsOne(c.text, p.allowed) {
			p.T.Errorf("the page%s complains: %s", p.whose(), c.text)
		}
	}
	p.complaints = nil
}

// end fails the test for complaints that are not about answers.
func (p *Page) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.complaints {
		if !c.answer && !containsOne(c.text, p.allowed) {
			p.T.Errorf("the page%s complains: %s", p.whose(), c.text)
		}
	}
}

func containsOne(text string, parts []string) bool {
	for _, part := range parts {
		if strings.Contains(text, part) {
			return true
		}
	}
	return false
}

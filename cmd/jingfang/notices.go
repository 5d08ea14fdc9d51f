package main

import (
	"jingfang/session/identity"
	"jingfang/session/notice"
	noticeweb "jingfang/session/notice/web"
	sessionweb "jingfang/session/web"
)

// attachNotices wires the module of notices: what a later module needs stands here
// and in its own folders, and nowhere else in the program but for one line each in
// the tables of the menu, the samples, the transfer log and the roles.
func (a *app) attachNotices() {
	a.notices = noticeweb.New(a.site, a.db, notice.New(a.db, a.hub))
	a.room.Attach(sessionweb.BoardPart{Template: noticeweb.PartName, Read: a.notices.ReadPart, View: a.notices.ViewPart})
}

// noticeRoutes are the addresses of the module.
func (a *app) noticeRoutes() []route {
	n := a.notices
	return []route{
		{"GET", "/notices", identity.ViewSession, quick, n.List},
		{"GET", "/sessions/{id}/notices", identity.ViewSession, quick, n.Session},
		{"POST", "/sessions/{id}/notices", identity.WriteNotice, quick, n.Write},
		{"POST", "/sessions/{id}/notices/{notice}/end", identity.WriteNotice, quick, n.End},
		{"POST", "/sessions/{id}/notices/{notice}/seen", identity.ViewSession, quick, n.Acknowledge},
	}
}

// noticeEvent names what the audit has of the module.
func noticeEvent(event string) string {
	switch event {
	case "notice.write":
		return "发通知"
	case "notice.end":
		return "收起通知"
	case "notice.seen":
		return "看过通知"
	}
	return ""
}

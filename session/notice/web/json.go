package web

import (
	"time"

	"jingfang/session/notice"
)

// noticeJSON is a notice for programs.
type noticeJSON struct {
	ID      int64      `json:"id"`
	Body    string     `json:"body"`
	Writer  string     `json:"writer"`
	At      time.Time  `json:"at"`
	Ended   *time.Time `json:"ended,omitempty"`
	Readers []string   `json:"readers"`
}

func newNoticesJSON(list []notice.Notice) []noticeJSON {
	out := []noticeJSON{}
	for _, n := range list {
		out = append(out, noticeJSON{n.ID, n.Body, n.Writer, n.WrittenAt, n.EndedAt, append([]string{}, n.Readers...)})
	}
	return out
}

// toldJSON is a session with notices for programs.
type toldJSON struct {
	Session int64  `json:"session"`
	Site    string `json:"site"`
	Date    string `json:"date"`
	Last    string `json:"last"`
	Open    int    `json:"open"`
	All     int    `json:"all"`
}

func newToldJSON(list []notice.Told) []toldJSON {
	out := []toldJSON{}
	for _, x := range list {
		out = append(out, toldJSON{x.SessionID, x.Site, x.HeldOn.Format(time.DateOnly), x.Last, x.Open, x.All})
	}
	return out
}

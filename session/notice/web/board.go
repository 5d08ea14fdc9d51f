package web

import (
	"context"
	"fmt"
	"strings"

	"jingfang/session/live"
	"jingfang/session/notice"
)

// PartName is the fragment of the board that this package draws.
const PartName = "board_notices"

// boardView is the notices on a board, for one audience.
type boardView struct {
	Rows     []boardRow
	WriteURL string // for who writes them, or ""
}

type boardRow struct{ ID, Body, About, Readers, SeenURL string }

// ReadPart reads what the boards of a session show of notices, once for all
// audiences.
func (h *Handlers) ReadPart(ctx context.Context, sessionID int64) (any, error) {
	return notice.Board(ctx, h.db, sessionID)
}

// ViewPart turns the facts of ReadPart into the view of an audience. The board of a
// pharmacist also leads to where notices are written.
func (h *Handlers) ViewPart(facts any, sessionID int64, to live.Audience) any {
	list, _ := facts.([]notice.Notice)
	return newBoardView(list, sessionID, strings.HasPrefix(string(to), "pharmacist"))
}

func newBoardView(list []notice.Notice, sessionID int64, writes bool) boardView {
	var v boardView
	for _, n := range list {
		row := boardRow{ID: fmt.Sprintf("notice-%d", n.ID), Body: n.Body, About: n.Writer + " " + clock(n.WrittenAt),
			SeenURL: fmt.Sprintf("%s/%d/seen", noticesURL(sessionID), n.ID)}
		if len(n.Readers) > 0 {
			row.Readers = readers(n)
		}
		v.Rows = append(v.Rows, row)
	}
	if writes {
		v.WriteURL = noticesURL(sessionID)
	}
	return v
}

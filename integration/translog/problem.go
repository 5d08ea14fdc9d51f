package translog

import (
	"fmt"

	"github.com/google/uuid"
)

// ProblemKind says what is wrong with a log.
type ProblemKind string

// The kinds of problems.
const (
	Flipped   ProblemKind = "flipped"   // bytes were altered
	Dropped   ProblemKind = "dropped"   // an entry is missing inside the chain
	Swapped   ProblemKind = "swapped"   // an entry stands in another's place
	Truncated ProblemKind = "truncated" // the tail is missing
	Relinked  ProblemKind = "relinked"  // entry fits, but not behind the one before it or not to an anchor
	Column    ProblemKind = "column"    // a search column differs from the sealed bytes
	HeadWrong ProblemKind = "head"      // the head row does not fit the entries
	NoWriter  ProblemKind = "no_writer" // a whole writer is missing
	Unopened  ProblemKind = "unopened"  // the sealed body does not open with the officer's key
)

// Problem names the first thing that is wrong in one writer's chain.
type Problem struct {
	Writer uuid.UUID
	// Seq is the entry, from 1; 0 is the writer's header.
	Seq  int64
	Kind ProblemKind
	// Sentence says it in Chinese.
	Sentence string
}

func problem(w uuid.UUID, seq int64, kind ProblemKind, format string, args ...any) *Problem {
	return &Problem{w, seq, kind, fmt.Sprintf("写入方 %s：", w) + fmt.Sprintf(format, args...)}
}

// Error makes a Problem an error, for Show.
func (p *Problem) Error() string { return "translog: " + p.Sentence }

// Report is the result of Verify.
type Report struct {
	Writers, Entries int
	// Open counts intents without an outcome (未知).
	Open int
	// Anchors counts the places that signed anchors vouch for; only Desk.Check
	// fills it.
	Anchors int
	// Elsewhere counts entries whose content was moved to an archive: here only
	// their place in the chain is checked.
	Elsewhere int
	// Problems holds the first problem of every writer that has one.
	Problems []Problem
}

// Good says whether nothing is wrong.
func (r Report) Good() bool { return len(r.Problems) == 0 }

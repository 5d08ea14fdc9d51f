package identity

import (
	"context"

	"github.com/google/uuid"
)

// Transfer names the exchange of the transfer log that a request is. A command
// keeps it in its row, which is committed with the command's effect: when the
// program ends before the log has its entry, the row tells that one is missing.
type Transfer struct {
	// Exchange is the entry's id in the log.
	Exchange uuid.UUID
	// System and Service are those of the entry: at most 40 and 60 characters.
	System, Service string
	// Key is the business key, at most 200 characters are kept. It names a number
	// of ours, never a person.
	Key string
}

type transferKey struct{}

// WithTransfer puts the exchange that a request is into its context.
func WithTransfer(ctx context.Context, t Transfer) context.Context {
	return context.WithValue(ctx, transferKey{}, t)
}

// transferColumns are the exchange's columns of a command's row; all are NULL
// where the command came by no transfer.
type transferColumns struct {
	exchange             *uuid.UUID
	system, service, key *string
}

func transferOf(ctx context.Context) transferColumns {
	t, ok := ctx.Value(transferKey{}).(Transfer)
	if !ok {
		return transferColumns{}
	}
	if r := []rune(t.Key); len(r) > 200 {
		t.Key = string(r[:200])
	}
	return transferColumns{&t.Exchange, &t.System, &t.Service, &t.Key}
}

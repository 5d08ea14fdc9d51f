package page

import (
	"context"
	"crypto/rand"
	"net/http"
)

// referenceLetters leaves out what is mistaken on the telephone (0 O, 1 I L).
const referenceLetters = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"

// referenceKey is the context key of the request's reference number.
type referenceKey struct{}

// Reference gives every request a reference number such as "K7M2-Q9XD": it
// stands in the log, in the header X-Request-Id and on the page of an error, and
// can be read out on the telephone.
func Reference(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ref := newReference()
		w.Header().Set("X-Request-Id", ref)
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), referenceKey{}, ref)))
	})
}

// ReferenceOf is the request's reference number, or "" outside of Reference.
func ReferenceOf(ctx context.Context) string {
	ref, _ := ctx.Value(referenceKey{}).(string)
	return ref
}

// newReference draws eight letters; the slight preference for the first ones by
// the remainder does not matter here.
func newReference() string {
	var random [8]byte
	rand.Read(random[:]) // never fails: the program ends if the system has no random numbers
	text := make([]byte, 0, 9)
	for i, b := range random {
		if i == 4 {
			text = append(text, '-')
		}
		text = append(text, referenceLetters[int(b)%len(referenceLetters)])
	}
	return string(text)
}

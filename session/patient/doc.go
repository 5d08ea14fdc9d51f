// Package patient owns the registry of the people who collect medicine: who
// they are, their number, the QR labels on their paper folders, and finding
// them by label, number, name or pinyin. ID numbers, phones and addresses are
// sealed on disk and shown only by permission. It leaves what happened to a
// patient on a clinic day to package session.
package patient

package inventory

import "time"

// Clock time of the clinic: China has had one zone without summer time since
// 1991, so a fixed offset is exact and needs no zone files.
func shanghai() *time.Location { return time.FixedZone("CST", 8*60*60) }

// Expired reports whether a pack is past its last good day at the moment now.
// It is the one expiry rule of the house: good through the whole last day in
// Asia/Shanghai. Of expiry only the date counts, in whatever zone it is
// written; the zero time never expires, for what is not known is asked
// about, not refused.
func Expired(expiry, now time.Time) bool {
	if expiry.IsZero() {
		return false
	}
	return dayNumber(now.In(shanghai())) > dayNumber(expiry)
}

// sameDay reports whether two moments fall on one day of the clinic.
func sameDay(a, b time.Time) bool {
	return dayNumber(a.In(shanghai())) == dayNumber(b.In(shanghai()))
}

// dayNumber orders dates: 20261123.
func dayNumber(t time.Time) int {
	y, m, d := t.Date()
	return y*10000 + int(m)*100 + d
}

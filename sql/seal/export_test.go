package seal

import "time"

// NewPersonStamper makes time stamps with a person's certificate, which is not for it.
func NewPersonStamper(by *Authority, now time.Time) (*Stamper, error) {
	return stamper(by, Certified{Name: "演示医生", PersonCode: "P1", NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(1, 0, 0)})
}

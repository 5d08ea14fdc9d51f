package simulator

import (
	"encoding/json"
	"fmt"
	"strings"

	"jingfang/integration/wire"
)

// DemoPatients are twenty invented persons of the unassigned region 999900, whose
// names say so.
func DemoPatients() []wire.Patient {
	var list []wire.Patient
	for i := range 20 {
		birth := fmt.Sprintf("%d-%02d-%02d", 1950+2*i, 1+i%12, 1+i)
		p := wire.Patient{Number: fmt.Sprintf("YS%06d", i+1), Name: fmt.Sprintf("演示患者H%02d", i+1), BirthOn: birth, Sex: "M",
			IDCard: idCard(birth, 801+2*i), Phone: fmt.Sprintf("1990000%04d", i+1), Address: "演示地址" + fmt.Sprint(i+1) + "号"}
		if i%2 == 1 {
			p.Sex, p.IDCard = "F", idCard(birth, 800+2*i)
		}
		if i%5 == 0 {
			p.Allergies = "青霉素（演示）"
		}
		list = append(list, p)
	}
	return list
}

// idCard makes a number with the right check digit; odd sequences are men.
func idCard(birth string, sequence int) string {
	number := "999900" + strings.ReplaceAll(birth, "-", "") + fmt.Sprintf("%03d", sequence)
	sum := 0
	for i, weight := range []int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2} {
		sum += weight * int(number[i]-'0')
	}
	return number + string("10X98765432"[sum%11])
}

func (h *HIS) findPatients(body json.RawMessage, f Faults) reply {
	body, err := h.says.In("patient_query", body)
	if err != nil {
		return malformed()
	}
	q, err := wire.DecodePatientQuery(body)
	if err != nil {
		return malformed()
	}
	found := []wire.Patient{}
	for _, p := range h.patients {
		if q.By == wire.ByNumber && p.Number == q.Value || q.By == wire.ByIDCard && p.IDCard == q.Value {
			found = append(found, p)
			if f.Duplicated {
				found = append(found, p)
			}
		}
	}
	return h.shaped("patients", map[string]any{"patients": found})
}

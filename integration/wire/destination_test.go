package wire_test

import (
	"strings"
	"testing"

	"jingfang/integration/wire"
)

const insurance = `"envelope":"insurance","facts":{"title":"医保","address":"https://10.0.0.9:8080/api","app_id":"H999900","key_file":"/etc/jingfang/insurance.key"},
"services":{"dispense":{"code":"3505","path":"/3505"},"reverse":{"code":"3506","path":"/3506"},"dispensed":{"code":"3507","path":"/3507"}}`

// A further destination of facts has its own envelope and services; what is missing or
// wrong is named by its key, and its key itself never stands in the file.
func TestDestinations(t *testing.T) {
	p, problems, err := wire.ReadPlatform(strings.NewReader(`{"systems":{"his":{"envelope":"json"},"insurance":{` + insurance + `}}}`))
	if err != nil || len(problems) > 0 {
		t.Fatal(problems, err)
	}
	list := p.Destinations()
	if len(list) != 1 || list[0].Name != "insurance" || list[0].Title != "医保" || list[0].KeyFile != "/etc/jingfang/insurance.key" {
		t.Errorf("%+v", list)
	}
	if s := p.Dialect("insurance").Service(wire.TellReverse); s.Code != "3506" {
		t.Errorf("%+v", s)
	}
	_, problems, err = wire.ReadPlatform(strings.NewReader(`{"systems":{"insurance":{` + insurance + `},"second":{` + insurance + `}}}`))
	if err != nil || len(problems) != 1 || !strings.Contains(problems[0], "systems.second.facts.title：名称 医保 已用于别的系统") {
		t.Errorf("two of one title: %q %v", problems, err)
	}
	for name, c := range map[string]struct{ old, new, want string }{
		"no facts":      {`"facts":{`, `"comment":"x","facts_":{`, "不认识的键"},
		"no address":    {`https://10.0.0.9:8080/api`, ``, "systems.insurance.facts.address"},
		"a password":    {`https://10.0.0.9`, `https://u:p@10.0.0.9`, "systems.insurance.facts.address"},
		"no title":      {`"title":"医保"`, `"title":" "`, "systems.insurance.facts.title"},
		"HIS's title":   {`"title":"医保"`, `"title":"his"`, "已用于别的系统"},
		"no key file":   {`"key_file":"/etc/jingfang/insurance.key"`, `"key_file":""`, "key_file"},
		"the key in it": {`"key_file"`, `"key"`, "不认识的键"},
		"no reversal":   {`"reverse"`, `"receipts"`, "systems.insurance.services.reverse"},
	} {
		text := strings.Replace(insurance, c.old, c.new, 1)
		_, problems, err := wire.ReadPlatform(strings.NewReader(`{"systems":{"insurance":{` + text + `}}}`))
		if err != nil || !strings.Contains(strings.Join(problems, "\n"), c.want) {
			t.Errorf("%s: %q %v, want %q", name, problems, err, c.want)
		}
	}
	for name, c := range map[string][2]string{
		"his":        {`"his":{"envelope":"json","facts":{"title":"x"}}`, "systems.his.facts"},
		"our switch": {`"dispensing":{` + insurance + `}`, "不能叫 dispensing"},
		"odd name":   {`"保险":{` + insurance + `}`, "小写字母"},
		"unknown":    {`"erp":{"envelope":"json"}`, "不认识的系统"},
	} {
		_, problems, err := wire.ReadPlatform(strings.NewReader(`{"systems":{` + c[0] + `}}`))
		if err != nil || !strings.Contains(strings.Join(problems, "\n"), c[1]) {
			t.Errorf("%s: %q %v", name, problems, err)
		}
	}
}

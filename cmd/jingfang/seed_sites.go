package main

import (
	"context"
	"fmt"

	"jingfang/session/identity"
)

// demoSite is one of the 25 invented sites in real neighbourhoods.
type demoSite struct{ district, street, name string }

func demoSites() []demoSite {
	return []demoSite{
		{"金平区", "石炮台街道", "新华社区"}, {"金平区", "石炮台街道", "长厦社区"},
		{"金平区", "小公园街道", "盐埕社区"}, {"金平区", "小公园街道", "志成社区"},
		{"金平区", "岐山街道", "下岐社区"}, {"金平区", "岐山街道", "大窖社区"},
		{"龙湖区", "珠池街道", "广兴社区"}, {"龙湖区", "珠池街道", "珠东社区"},
		{"龙湖区", "新津街道", "金港社区"}, {"龙湖区", "新津街道", "东新社区"}, {"龙湖区", "新津街道", "金津社区"},
		{"濠江区(达濠)", "达濠街道", "濠滨社区"}, {"濠江区(达濠)", "达濠街道", "达埠社区"},
		{"濠江区(达濠)", "马滘街道", "马滘社区"}, {"濠江区(达濠)", "河浦街道", "河东社区"}, {"濠江区(达濠)", "礐石街道", "礐石社区"},
		{"澄海区", "凤翔街道", "城东社区"}, {"澄海区", "凤翔街道", "外埔社区"}, {"澄海区", "凤翔街道", "洲畔社区"},
		{"澄海区", "澄华街道", "城西社区"}, {"澄海区", "澄华街道", "冠山社区"}, {"澄海区", "澄华街道", "上窖社区"},
		{"南澳县", "后宅镇", "后宅镇"}, {"南澳县", "云澳镇", "云澳镇"}, {"南澳县", "深澳镇", "深澳镇"},
	}
}

func demoSiteCode(i int) string { return fmt.Sprintf("YS%02d", i+1) }

// sites enters the sites that are missing.
func (s *seeder) sites(ctx context.Context) error {
	have, err := s.siteIDs(ctx)
	if err != nil {
		return err
	}
	for i, x := range demoSites() {
		if have[demoSiteCode(i)] != 0 {
			continue
		}
		_, err := s.app.persons.CreateSite(ctx, identity.System("demo"), identity.Site{Code: demoSiteCode(i), Name: x.name,
			District: x.district, Street: x.street, Address: fmt.Sprintf("演示地址 %d 号", i+1), ClinicDay: i + 1})
		if err != nil {
			return err
		}
	}
	return nil
}

// siteIDs are the ids of all sites by code.
func (s *seeder) siteIDs(ctx context.Context) (map[string]int64, error) {
	list, err := identity.FindSites(ctx, s.app.db, identity.SiteFilter{})
	if err != nil {
		return nil, err
	}
	ids := make(map[string]int64, len(list))
	for _, x := range list {
		ids[x.Code] = x.ID
	}
	return ids, nil
}

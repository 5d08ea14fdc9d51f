package web

import (
	"time"

	"jingfang/session"
	"jingfang/session/page"
)

// sampleProposal is one drug of each kind that a packing page can show.
func sampleProposal() []proposalRow {
	early, late := time.Date(2026, 12, 10, 0, 0, 0, 0, time.UTC), time.Date(2028, 3, 31, 0, 0, 0, 0, time.UTC)
	line := func(id int64, name string, proposed, packed int, shelf ...session.ShelfBatch) session.ProposalLine {
		return session.ProposalLine{DrugID: id, Generic: name, Spec: "1mg×20片", PackWord: "盒", Content: 20, Patients: 8, Proposed: proposed, Packed: packed, Shelf: shelf}
	}
	var rows []proposalRow
	for _, l := range []session.ProposalLine{
		line(1, "演示利培酮片", 24, 18, session.ShelfBatch{Batch: "B2403", ExpiresOn: &early, Packs: 4, Take: 4, Soon: true}, session.ShelfBatch{Batch: "B2501", ExpiresOn: &late, Packs: 1, Take: 1}),
		line(2, "演示奥氮平片", 12, 12), line(3, "演示盐酸苯海索片", 6, 8), line(4, "演示氯氮平片", 0, 2),
		{DrugID: 5, Generic: "演示丙戊酸钠缓释片", Spec: "0.5g×30片", PackWord: "盒", Content: 30, Patients: 3, Spared: 3, SparedPacks: 6},
	} {
		rows = append(rows, newProposalRow(l))
	}
	return rows
}

// packingSamples are made-up views of the packing list.
func packingSamples() []page.Sample {
	at := time.Date(2026, 11, 23, 2, 42, 0, 0, time.UTC)
	x := session.Session{ID: 1, Site: "演示新华", HeldOn: at, State: session.Planned}
	list := newPackingListView(x, []session.Member{{Name: "演示医生甲"}, {Name: "演示药师甲"}}, []session.PackedBatch{
		{Generic: "演示利培酮片", Spec: "1mg×20片", PackWord: "盒", UnitWord: "片", Batch: "B2403", ExpiresOn: &at, Packs: 24},
		{Generic: "演示盐酸苯海索片", Spec: "2mg×100片", PackWord: "瓶", UnitWord: "片", Batch: "B2399", Packs: 3, LooseUnits: 40}}, at)
	return []page.Sample{{Name: "packing_list", Title: "装箱单", View: list},
		{Name: "packing_list", Title: "装箱单 空", View: newPackingListView(x, nil, nil, at)}}
}

package page

import (
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"sort"
	"strconv"
	"strings"
	"time"

	"jingfang/sql/db"
	"jingfang/static"
)

// Sample is a page or fragment with made-up data. Each web package gives a list
// of them for the gallery and for the test that renders every view; one name may
// occur several times with different titles.
type Sample struct {
	Name  string // the page's or fragment's name
	Title string // what this sample shows, in Chinese
	View  any    // the same type the handler gives
}

// galleryPath is where the gallery is mounted.
const galleryPath = "/dev/gallery"

// OwnSamples are the samples of this package's own views.
func OwnSamples() []Sample {
	return []Sample{
		{"band", "回执 好", Band{Tone: Good, Text: "利培酮片 1mg×20", Detail: "追溯码 …6312", Figure: "3", Unit: "盒"}},
		{"band", "回执 已在", Band{Tone: Soft, Text: "这盒已经在本次就诊里，不重复记录。"}},
		{"band", "回执 注意", Band{Tone: Caution, Text: "有一盒更早到期（2027-03），建议先发那一盒。"}},
		{"band", "回执 不行", Band{Tone: Bad, Text: "此药已于 10:42 由陈医生发给 12 号。请换一盒。"}},
		{"error", "错误页 无权限", errorView{Title: "没有权限", Message: "您不在这个场次的名单里。请联系药师把您加入。"}},
		{"error", "错误页 我们的错", errorView{Title: titleOf(http.StatusInternalServerError), Message: db.Sentence(errPlain), Ref: "K7M2-Q9XD", Retry: true}},
		{"gallery", "样板目录", galleryView{Lines: []galleryLine{{Name: "band", Title: "回执 好", URL: galleryPath + "/0"}}}},
		{"kit", "组件", kitView{Band: Band{Tone: Good, Text: "利培酮片 1mg×20", Detail: "追溯码 …6312", Figure: "3", Unit: "盒"}, Bands: []Band{
			{Tone: Soft, Text: "这盒已经在本次就诊里，不重复记录。"},
			{Tone: Caution, Text: "有一盒更早到期（2027-03），建议先发那一盒。"},
			{Tone: Bad, Text: "此药已于 10:42 由陈医生发给 12 号。请换一盒。"},
		}}},
		{"kit_room", "诊台（版面）", kitView{Band: Band{Tone: Good, Text: "利培酮片 1mg×20", Detail: "追溯码 …6312", Figure: "3", Unit: "盒"}}},
		{"look_toggle", "只查", nil},
		{"camera", "摄像头扫码（点扫码框里的相机）", static.Decoder{Worker: "/w", Reader: "/r", Wasm: "/m"}},
		{"rehearsal", "扫码枪试扫", rehearsalSample()},
		{"work", "长时间的活 进行中", Work{ID: "work", Running: true, URL: "#", CancelURL: "#", Doing: "正在检查", Stop: "停止检查", Progress: "8000 / 20411 条", Percent: 40}},
		{"work", "长时间的活 做完了", Work{ID: "work", Stamp: "链完整", Tone: "good", Sentence: "检查了 128 条链、20411 条记录，没有被改动。", StartURL: "#", Starts: []WorkStart{{Icon: "shield", Word: "检查链"}}}},
		{"work", "长时间的活 停止了", Work{ID: "work", Stamp: "已停止", Tone: "caution", Sentence: "没有结果。需要时请重新核对。", Links: []WorkLink{{Icon: "download", Word: "下载", URL: "#", Main: true}}}},
		{"gallery_part", "样板片段", galleryPartView{Name: "band", Title: "回执", HTML: "<p>片段</p>"}},
	}
}

// galleryView is the view of the page "gallery".
type galleryView struct {
	Lines   []galleryLine
	Without []string // names of pages and fragments that have no sample
}

// kitView is the view of the pages "kit" and "kit_room", which show every
// component of the style sheet; their figures are made up.
type kitView struct {
	Band  Band
	Bands []Band
}

// galleryLine is one sample in the list.
type galleryLine struct {
	Name, Title, URL string
	Page             bool
}

// galleryPartView is the view of the page "gallery_part".
type galleryPartView struct {
	Name, Title string
	HTML        template.HTML // the fragment as rendered
}

// Gallery shows the list of all samples at /dev/gallery and each of them at
// /dev/gallery/{number}. It answers only when Config.Dev is set.
func (s *Site) Gallery(samples []Sample) http.Handler {
	return s.Handle(func(w http.ResponseWriter, r *http.Request) error {
		if !s.dev {
			return db.Refuse(db.NotFound, "没有这个地址。请从菜单重新进入。")
		}
		rest := strings.Trim(strings.TrimPrefix(r.URL.Path, galleryPath), "/")
		if rest == "" {
			return s.Page(w, r, "gallery", s.newGalleryView(samples))
		}
		i, err := strconv.Atoi(rest)
		if err != nil || i < 0 || i >= len(samples) {
			return db.Refuse(db.NotFound, "没有这个样板。请回到样板目录。")
		}
		return s.showSample(w, r, samples[i])
	})
}

// showSample shows a page as a demo person sees it, a fragment in a card.
func (s *Site) showSample(w http.ResponseWriter, r *http.Request, sample Sample) error {
	r = asSampleViewer(r)
	if _, isPage := s.pages[sample.Name]; isPage {
		return s.Page(w, r, sample.Name, sample.View)
	}
	html, err := s.Render(sample.Name, sample.View)
	if err != nil {
		return err
	}
	return s.Page(w, r, "gallery_part", galleryPartView{Name: sample.Name, Title: sample.Title, HTML: template.HTML(html)})
}

// asSampleViewer gives the request a demo viewer where nobody is logged in.
func asSampleViewer(r *http.Request) *http.Request {
	if _, ok := ViewerOf(r.Context()); ok {
		return r
	}
	return r.WithContext(WithViewer(r.Context(), Viewer{
		Name: "演示医生", RoleNames: []string{"医生"}, CSRF: "sample", LockAfter: 24 * time.Hour,
		Menu: []MenuItem{
			{Title: "今日", URL: "/", Icon: "home"}, {Title: "场次", URL: "/sessions", Icon: "calendar"},
			{Title: "患者", URL: "/patients", Icon: "people"}, {Title: "药品", URL: "/inventory", Icon: "box"},
			{Title: "查码", URL: "/trace", Icon: "trace"},
		},
	}))
}

func (s *Site) newGalleryView(samples []Sample) galleryView {
	view := galleryView{Without: s.without(samples)}
	for i, sample := range samples {
		_, isPage := s.pages[sample.Name]
		view.Lines = append(view.Lines, galleryLine{
			Name: sample.Name, Title: sample.Title, Page: isPage, URL: galleryPath + "/" + strconv.Itoa(i),
		})
	}
	return view
}

// without names the pages and fragments that no sample shows.
func (s *Site) without(samples []Sample) []string {
	shown := map[string]bool{}
	for _, sample := range samples {
		shown[sample.Name] = true
	}
	var names []string
	for name := range s.pages {
		if !shown[name] {
			names = append(names, name)
		}
	}
	for _, t := range s.parts.Templates() {
		if name := t.Name(); !strings.HasPrefix(name, "\x00") && !strings.Contains(name, "$") && !shown[name] {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	return names
}

// CheckSamples renders every sample, pages in both forms, and answers with all
// that fail and with the names that have no sample. Tests call it.
func (s *Site) CheckSamples(samples []Sample) error {
	var failures []error
	for _, sample := range samples {
		if err := s.checkSample(sample); err != nil {
			failures = append(failures, fmt.Errorf("sample %q (%s): %w", sample.Title, sample.Name, err))
		}
	}
	for _, name := range s.without(samples) {
		failures = append(failures, fmt.Errorf("%q has no sample", name))
	}
	return errors.Join(failures...)
}

func (s *Site) checkSample(sample Sample) error {
	if _, isPage := s.pages[sample.Name]; !isPage {
		_, err := s.Render(sample.Name, sample.View)
		return err
	}
	r := asSampleViewer(&http.Request{Method: http.MethodGet, URL: &url.URL{Path: "/"}})
	for _, block := range []string{"layout", "swap"} {
		if _, err := s.renderPage(r, block, sample.Name, sample.View); err != nil {
			return err
		}
	}
	return nil
}

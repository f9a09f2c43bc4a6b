package page_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/patchbay-go/patchbay/conn"
	_ "github.com/patchbay-go/patchbay/drivers/mysql/native"
	_ "github.com/patchbay-go/patchbay/drivers/postgres/native"
	_ "github.com/patchbay-go/patchbay/drivers/sqlite/native"
	"github.com/patchbay-go/patchbay/internal/testport"
	"github.com/patchbay-go/patchbay/internal/testproxy"
	"github.com/patchbay-go/patchbay/internal/testserver"
	"github.com/patchbay-go/patchbay/manager"
	"github.com/patchbay-go/patchbay/manager/status"
	"github.com/patchbay-go/patchbay/observer"
)

func TestMain(m *testing.M) { testserver.Main(m) }

// program is a program with a page, which can be ended and started again.
type program struct {
	t      *testing.T
	m      *manager.Manager
	status *status.Status
	server *http.Server
	wrap   func(http.Handler) http.Handler
}

const path = "/ops/databases"

// start serves the page at an address of the machine; ":0" is a free one, which is returned.
func (p *program) start(addr string, configs map[string]conn.Config) string {
	p.t.Helper()
	p.m = manager.New(manager.WithConfigs(configs), manager.WithObserver(observer.New()), manager.WithStarveAfter(200*time.Millisecond))
	p.status = status.New(p.m, status.WithTitle("shop"))
	page := p.status.Page()
	if p.wrap != nil {
		page = p.wrap(page)
	}
	mux := http.NewServeMux()
	mux.Handle(path, page)
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		p.t.Fatal(err)
	}
	p.server = &http.Server{Handler: mux}
	go p.server.Serve(listener)
	return listener.Addr().String()
}

// stop ends the program as one should: readiness first, then the pages, then the databases.
func (p *program) stop() {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	p.status.Close()
	if err := p.server.Shutdown(ctx); err != nil {
		p.t.Error(err)
	}
	if err := p.m.CloseAll(ctx); err != nil {
		p.t.Error(err)
	}
}

func (p *program) open(name string) *conn.Conn {
	p.t.Helper()
	c, err := p.m.Named(p.t.Context(), name)
	if err != nil {
		p.t.Fatal(err)
	}
	return c
}

// use takes n connections of a pool until the function is called.
func use(t *testing.T, c *conn.Conn, n int) (giveBack func()) {
	t.Helper()
	var end []func() error
	for range n {
		one, err := c.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		end = append(end, one.Close)
	}
	return func() {
		for _, close := range end {
			_ = close() // it is given back, whatever became of it
		}
	}
}

func file(t *testing.T, most int) conn.Config {
	return conn.Config{Dialect: "sqlite", Filename: filepath.Join(t.TempDir(), "shop.db"), Pool: conn.Pool{Max: most}}
}

// refused is a server that is not there.
func refused(t *testing.T) conn.Config {
	port, err := testport.Pick()
	if err != nil {
		t.Fatal(err)
	}
	return conn.Config{Dialect: "postgres", Host: "127.0.0.1", Port: port, User: "audit", Database: "audit", Retry: conn.Retry{Max: -1}}
}

// The page renders, updates itself, survives a restart of the program, and can be used by keyboard: in both themes, on a
// large screen and on a telephone.
func TestThePageInABrowser(t *testing.T) {
	b := newBrowser(t)
	p := &program{t: t}
	configs := map[string]conn.Config{"orders": file(t, 8), "reports": file(t, 1), "archive": file(t, 4), "audit": refused(t)}
	addr := p.start("127.0.0.1:0", configs)
	orders := p.open("orders")
	ordersEnd := use(t, orders, 3)
	if _, err := p.m.Named(t.Context(), "audit"); err == nil {
		t.Error("opened")
	}
	b.look(1280, 900, "light")
	b.run(chromedp.Navigate("http://" + addr + path))
	value[bool](b, "window.same = true")
	b.awaitRow("orders", "open")
	b.awaitRow("audit", "failed")
	b.awaitRow("archive", "closed")
	b.await("the bar", row("orders")+`.querySelector('[role=img]').getAttribute('aria-label') === "3 in use, 0 idle, of 8"`)
	b.await("the failure", row("audit")+`.innerText.includes("unreachable")`)
	b.await("the events", `document.querySelector("#events").innerText.includes("connection:error")`)
	b.await("the drivers", `document.querySelector("#drivers").innerText.includes("-tags mssql")`)

	// Live.
	reports := p.open("reports")
	giveBack := use(t, reports, 1)
	ctx, cancel := context.WithCancel(t.Context())
	waiting := make(chan error)
	go func() { _, err := reports.ExecContext(ctx, "SELECT 1"); waiting <- err }()
	b.awaitRow("reports", "exhausted")
	b.await("the event", `document.querySelector("#events").innerText.includes("pool:starve")`)
	b.await("the sum", `document.querySelector("#sum").innerText.includes("1 exhausted")`)

	backgrounds := make(map[string]string)
	for _, theme := range []string{"light", "dark"} {
		for size, width := range map[string]int64{"wide": 1280, "narrow": 400} {
			b.look(width, 900, theme)
			if b.has("document.documentElement.scrollWidth > innerWidth") {
				t.Errorf("%s, %s: it is wider than the window", theme, size)
			}
			backgrounds[theme] = value[string](b, "getComputedStyle(document.body).backgroundColor")
			b.picture(size + "-" + theme)
		}
	}
	if backgrounds["light"] == backgrounds["dark"] {
		t.Errorf("both themes have the background %s", backgrounds["dark"])
	}

	// By keyboard.
	b.look(1280, 900, "light")
	b.run(chromedp.KeyEvent("/"))
	b.await("the filter has the focus", `document.activeElement.id === "filter"`)
	b.run(chromedp.KeyEvent(kb.Escape), chromedp.KeyEvent("rep")) // the tool types the / as well, though the page forbids it
	b.await("the others are hidden", row("orders")+".hidden && !"+row("reports")+".hidden")
	b.run(chromedp.KeyEvent(kb.Tab), chromedp.KeyEvent(kb.Enter))
	b.await("the row is open", row("reports")+".open && "+row("reports")+`.innerText.includes("The only connection is in use")`)
	updated := value[string](b, "last.at")
	b.await("a further update", `last.at !== "`+updated+`"`)
	if !b.has(row("reports") + ".open && document.activeElement === " + row("reports") + ".firstChild") {
		t.Error("an update closed the row or took the focus")
	}
	b.picture("details")
	for _, theme := range []string{"light", "dark"} {
		b.look(400, 900, theme)
		if b.has("document.documentElement.scrollWidth > innerWidth") {
			t.Errorf("%s: with a row open it is wider than the window", theme)
		}
	}
	b.picture("details-narrow")
	b.run(chromedp.KeyEvent("/"), chromedp.KeyEvent(kb.Escape))
	b.await("all are there again", "!"+row("orders")+".hidden")
	cancel()
	<-waiting
	giveBack()
	b.awaitRow("reports", "open")

	// A restart of the program.
	ordersEnd()
	p.stop()
	b.await("that the program is away", `document.querySelector("#live").classList.contains("away")`)
	b.picture("away")
	p.start(addr, configs)
	b.await("that it is back", `document.querySelector("#live").innerText === "live"`)
	b.awaitRow("orders", "closed")
	p.open("orders")
	b.awaitRow("orders", "open")
	if !b.has("window.same") {
		t.Error("the page was loaded again")
	}
	p.stop()
	b.check()
}

// A middleware that lets no stream through, as http.TimeoutHandler does, makes the page ask again and again.
func TestThePageBehindAMiddlewareThatBuffers(t *testing.T) {
	b := newBrowser(t)
	p := &program{t: t, wrap: func(h http.Handler) http.Handler { return http.TimeoutHandler(h, 10*time.Second, "") }}
	addr := p.start("127.0.0.1:0", map[string]conn.Config{"archive": file(t, 4)})
	defer p.stop()
	b.run(chromedp.Navigate("http://" + addr + path + "?token=kept"))
	b.awaitRow("archive", "closed")
	p.open("archive")
	b.awaitRow("archive", "open")
	b.check()
}

// Names and errors are text, whatever they look like.
func TestNamesAreNoMarkup(t *testing.T) {
	b := newBrowser(t)
	p := &program{t: t}
	hostile := `<img src=x onerror="window.hit=1">'"&amp;</script><script>window.hit=1</script>`
	addr := p.start("127.0.0.1:0", map[string]conn.Config{hostile: file(t, 4)})
	defer p.stop()
	p.open(hostile)
	b.run(chromedp.Navigate("http://" + addr + path))
	b.await("the name", `document.querySelector("#pools .name")?.innerText === `+fmt.Sprintf("%q", hostile))
	b.await("the event", `document.querySelector("#events .name")?.innerText === `+fmt.Sprintf("%q", hostile))
	if b.has("window.hit") || b.has(`document.querySelector("img")`) {
		t.Error("the name was run")
	}
	b.check()
}

// The picture of the README: real servers, one of which is away.
func TestThePictureOfThePage(t *testing.T) {
	b := newBrowser(t)
	postgres, mariadb := testserver.Postgres(t), testserver.MariaDB(t)
	away := testproxy.New(t, fmt.Sprintf("%s:%d", mariadb.Host, mariadb.Port))
	orders, billing := postgres.Config(), mariadb.Config()
	orders.Pool, billing.Pool = conn.Pool{Min: 6, Max: 20}, conn.Pool{Min: 2, Max: 10}
	billing.Host, billing.Port = away.Host(), away.Port()
	p := &program{t: t}
	t.Chdir(t.TempDir())
	reporting := conn.Config{Dialect: "sqlite", Filename: "reports.db", Pool: conn.Pool{Max: 2}}
	addr := p.start("127.0.0.1:0", map[string]conn.Config{
		"orders": orders, "billing": billing, "reports": reporting, "sessions": {Dialect: "sqlite", Filename: ":memory:"}, "archive": file(t, 4),
	})
	defer p.stop()
	defer use(t, p.open("orders"), 4)()
	p.open("sessions")
	reports := p.open("reports")
	defer use(t, reports, 2)()
	ctx, cancel := context.WithCancel(t.Context())
	waiting := make(chan error)
	go func() { _, err := reports.ExecContext(ctx, "SELECT 1"); waiting <- err }()
	lost := p.open("billing")
	away.Refuse()
	away.CloseAll()
	b.look(1280, 860, "light")
	b.run(chromedp.Navigate("http://" + addr + path))
	for lost.PingContext(ctx) == nil {
	}
	b.awaitRow("billing", "lost")
	b.awaitRow("reports", "exhausted")
	b.awaitRow("orders", "open")
	b.picture("readme")
	b.check()
	away.Accept()
	cancel()
	<-waiting
}

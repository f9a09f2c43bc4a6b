package page_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/patchbay-go/patchbay/internal/testserver"
)

const patience = 30 * time.Second

// screenshots is the folder of the pictures, which .gitignore names.
var screenshots, _ = filepath.Abs("screenshots")

// browser is a tab of a Chromium of this test.
type browser struct {
	t   *testing.T
	ctx context.Context

	mu     sync.Mutex
	errors []string // of the page's script and its security policy
}

// newBrowser starts a Chromium, or skips the test where there is none.
func newBrowser(t *testing.T) *browser {
	t.Helper()
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		testserver.Skip(t, testserver.Browser, "no chromium found, so that the page of manager/status was not tested")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, // which root needs
		chromedp.UserDataDir(t.TempDir()), chromedp.WSURLReadTimeout(patience),
	)
	allocator, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancel)
	ctx, cancel := chromedp.NewContext(allocator)
	t.Cleanup(cancel)
	b := &browser{t: t, ctx: ctx}
	listen := func(e any) {
		b.mu.Lock()
		defer b.mu.Unlock()
		switch e := e.(type) {
		case *runtime.EventExceptionThrown:
			b.errors = append(b.errors, e.ExceptionDetails.Text+" "+e.ExceptionDetails.URL)
		case *log.EventEntryAdded:
			if e.Entry.Source != log.EntrySourceNetwork { // which is away now and then
				b.errors = append(b.errors, e.Entry.Text)
			}
		}
	}
	b.run(call(log.Enable, cdp.Empty{}))
	if err := chromedp.Listen(ctx, listen); err != nil {
		t.Fatal(err)
	}
	if version, err := exec.Command(path, "--version").Output(); err == nil {
		testserver.Report(testserver.Browser, strings.TrimSpace(string(version)))
	}
	return b
}

// call makes an action of a command of the protocol.
func call[P, R any](command cdp.Command[P, R], params P) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, command, params)
		return err
	})
}

func (b *browser) run(actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, actions...); err != nil {
		b.t.Fatal(err)
	}
}

// value returns that of an expression.
func value[T any](b *browser, expression string) T {
	b.t.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		b.t.Fatal(err)
	}
	return v
}

// has reports whether the expression is true on the page.
func (b *browser) has(expression string) bool {
	// While a page is being loaded there is none to ask.
	is, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool]("Boolean("+expression+")"))
	return err == nil && is
}

// await waits until the expression is true. It asks from outside: the policy of the page forbids what chromedp.Poll does.
func (b *browser) await(what, expression string) {
	b.t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		if b.has(expression) {
			return
		}
		if time.Now().After(deadline) {
			b.t.Fatalf("%s: never, and the page says\n%s", what, value[string](b, "document.body.innerText"))
		}
	}
}

// awaitRow waits for the state of a pool.
func (b *browser) awaitRow(name, state string) {
	b.t.Helper()
	b.await(name+" is "+state, row(name)+`?.dataset.state === "`+state+`"`)
}

// row is the expression for the last row of a name.
func row(name string) string {
	return `[...document.querySelectorAll('details[data-name="` + name + `"]')].at(-1)`
}

// look sets the size of the window and the theme.
func (b *browser) look(width, height int64, theme string) {
	b.t.Helper()
	b.run(
		chromedp.EmulateViewport(width, height),
		call(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: theme}},
		}),
	)
}

// picture saves what the window shows.
func (b *browser) picture(name string) {
	b.t.Helper()
	png, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		b.t.Fatal(err)
	}
	if err := os.MkdirAll(screenshots, 0o755); err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(screenshots, name+".png"), png, 0o644); err != nil {
		b.t.Fatal(err)
	}
}

// check fails the test if the script of a page failed, or did what its policy forbids.
func (b *browser) check() {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.errors) > 0 {
		b.t.Error(fmt.Sprint("errors on the page: ", strings.Join(b.errors, "; ")))
	}
}

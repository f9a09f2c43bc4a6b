package status_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-go/patchbay/manager"
	"github.com/patchbay-go/patchbay/manager/status"
	"github.com/patchbay-go/patchbay/observer"
)

// plain hides all abilities of a ResponseWriter, as many a middleware does.
type plain struct{ http.ResponseWriter }

func TestThePageWorksBehindAnyPrefixAndMiddleware(t *testing.T) {
	_, m := newManager(t, "a")
	s := status.New(m, status.WithTitle("shop"))
	defer s.Close()
	named(t, m, "a")
	mux := http.NewServeMux()
	mux.Handle("/debug/databases", s.Page())
	mux.Handle("/deep/down/", http.StripPrefix("/deep/down", s.Page()))
	mux.Handle("/hidden", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.Page().ServeHTTP(plain{w}, r) }))
	server := httptest.NewServer(mux)
	defer server.Close()
	for _, path := range []string{"/debug/databases", "/deep/down/", "/deep/down/here?token=x", "/hidden"} {
		between := "?"
		if strings.Contains(path, "?") {
			between = "&"
		}
		body, header := fetch(t, server.URL+path)
		nonce := regexp.MustCompile(`script-src 'nonce-(\w+)'`).FindStringSubmatch(header.Get("Content-Security-Policy"))
		if nonce == nil || strings.Count(body, `nonce="`+nonce[1]+`"`) != 2 || strings.Contains(body, "{{") {
			t.Errorf("%s: the policy is %q", path, header.Get("Content-Security-Policy"))
		}
		if again, _ := fetch(t, server.URL+path); again == body {
			t.Errorf("%s: the nonce is the same again", path)
		}
		body, header = fetch(t, server.URL+path+between+"data=json")
		var shot status.Snapshot
		if err := json.Unmarshal([]byte(body), &shot); err != nil || len(shot.Pools) != 1 || shot.Pools[0].Name != "a" || shot.Program != "shop" || header.Get("Content-Type") != "application/json" {
			t.Errorf("%s: %v in %s", path, err, body)
		}
		response, err := http.Get(server.URL + path + between + "data=events")
		if err != nil {
			t.Fatal(err)
		}
		first, err := bufio.NewReader(response.Body).ReadString('\n')
		if err != nil || !strings.HasPrefix(first, `data: {"at":`) || response.Header.Get("Content-Type") != "text/event-stream" {
			t.Errorf("%s: %v in %q", path, err, first)
		}
		response.Body.Close()
	}
	if code, body := get(s.Page(), "/?data=other"); code != 400 {
		t.Errorf("%d %q", code, body)
	}
	w := httptest.NewRecorder()
	s.Page().ServeHTTP(w, httptest.NewRequest("DELETE", "/", nil))
	if w.Code != 405 {
		t.Errorf("DELETE: %d", w.Code)
	}
}

func fetch(t *testing.T, url string) (body string, h http.Header) {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != 200 {
		t.Fatalf("%s: %d, %v, %s", url, response.StatusCode, err, text)
	}
	return string(text), response.Header
}

// The page is one file: it asks for nothing from elsewhere, and nothing that is in data becomes markup.
func TestThePageIsSelfContained(t *testing.T) {
	_, m := newManager(t)
	s := status.New(m)
	defer s.Close()
	_, body := get(s.Page(), "/")
	for _, forbidden := range []string{"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "@import", "url(", " src=", "<link rel=\"stylesheet\"", " style=", " onclick="} {
		if strings.Contains(body, forbidden) {
			t.Errorf("the page has %s", forbidden)
		}
	}
	for _, u := range regexp.MustCompile(`https?://[^'"\s]+`).FindAllString(body, -1) {
		if u != "http://www.w3.org/2000/svg" { // a name, not an address
			t.Errorf("the page has %s", u)
		}
	}
}

func TestAStreamGoesOnUntilItIsClosed(t *testing.T) {
	_, m := newManager(t, "a")
	s := status.New(m)
	server := httptest.NewUnstartedServer(s.Page())
	server.Config.WriteTimeout = 500 * time.Millisecond // which is for answers that end
	server.Start()
	defer server.Close()
	response, err := http.Get(server.URL + "?data=events")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	lines := bufio.NewReader(response.Body)
	for i := range 3 {
		line, err := lines.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		var shot status.Snapshot
		if err := json.Unmarshal([]byte(strings.TrimPrefix(line, "data: ")), &shot); err != nil {
			t.Fatal(err)
		}
		if opened := shot.Pools[0].State == "open"; i == 0 && opened || i == 2 && !opened {
			t.Errorf("message %d: %+v", i, shot.Pools)
		}
		if _, err := lines.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			named(t, m, "a")
		}
	}
	s.Close()
	s.Close()
	if _, err := io.ReadAll(lines); err != nil {
		t.Error(err)
	}
	if n := len(m.Stats()); n != 1 {
		t.Errorf("%d", n)
	}
}

func TestTheHeadOfAStreamIsAllThereIs(t *testing.T) {
	_, m := newManager(t)
	s := status.New(m)
	defer s.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	w := httptest.NewRecorder()
	s.Page().ServeHTTP(w, httptest.NewRequestWithContext(ctx, http.MethodHead, "/?data=events", nil))
	if ctx.Err() != nil || w.Code != http.StatusOK || w.Header().Get("Content-Type") != "text/event-stream" {
		t.Errorf("%v, %v", ctx.Err(), w)
	}
}

func TestTooManyStreamsAreRefused(t *testing.T) {
	_, m := newManager(t)
	s := status.New(m)
	server := httptest.NewServer(s.Page())
	defer server.Close()
	defer s.Close()
	for i := range 65 {
		response, err := http.Get(server.URL + "?data=events")
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		if want := map[bool]int{true: 200, false: 503}[i < 64]; response.StatusCode != want {
			t.Errorf("stream %d: %d", i+1, response.StatusCode)
		}
	}
}

// secretEvent is an event of a program's own, of which nobody knows what is in it.
type secretEvent struct{ Token string }

func (secretEvent) EventName() string { return "billing:charge" }

func TestNothingSecretIsShown(t *testing.T) {
	f, m := newManager(t, "a", "b")
	s := status.New(m)
	defer s.Close()
	named(t, m, "a")
	f.state['b'].Store(denying)
	if _, err := m.Named(t.Context(), "b"); err == nil {
		t.Error("opened")
	}
	observer.Emit(m.Observer(), secretEvent{f.secret})
	observer.Emit(m.Observer(), observer.Error{Source: "billing", Err: errors.New(f.secret)})
	body := ""
	for _, url := range []string{"/", "/?data=json"} {
		_, text := get(s.Page(), url)
		body += text
	}
	_, text := get(s.Ready(), "/?verbose")
	if body += text; strings.Contains(body, f.secret) {
		t.Errorf("it is in %s", body)
	}
	for _, want := range []string{"billing:charge", "wrong password", "app@db.example:99/b", `"level":"error"`} {
		if !strings.Contains(body, want) {
			t.Errorf("without %s: %s", want, body)
		}
	}
}

func TestTheSnapshotTellsOfTroubles(t *testing.T) {
	f, m := newManager(t, "a", "b")
	s := status.New(m)
	defer s.Close()
	c := named(t, m, "a")
	one, err := c.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer one.Close()
	f.state['a'].Store(refusing)
	if err := c.PingContext(t.Context()); err == nil {
		t.Error("no error")
	}
	f.state['b'].Store(denying)
	if _, err := m.Named(t.Context(), "b"); err == nil {
		t.Error("opened")
	}
	shot := s.Snapshot()
	a, b := shot.Pools[0], shot.Pools[1]
	if a.Trouble != "lost" || a.Lost == nil || a.InUse != 1 || a.Max != 2 || a.Opened != 1 || a.Failed["unreachable"] != 1 ||
		a.Failure.Kind != "unreachable" || a.Failure.Error != errRefused.Error() || a.Failure.Hint == "" || a.Target != "app@db.example:99/a" {
		t.Errorf("%+v", a)
	}
	if b.Trouble != "failed" || b.State != "closed" || b.Failure.Kind != "auth" || b.Failure.Error != errDenied.Error() {
		t.Errorf("%+v", b)
	}
	var names []string
	for _, e := range shot.Events {
		names = append(names, e.Event+" "+e.Name+" "+e.Level)
	}
	if got := fmt.Sprint(names); got != "[connection:error b error connection:lost a error host:down a warn connection:open a good]" {
		t.Error(got)
	}
	if len(shot.Missing) == 0 || shot.Missing[0].Tag == "" {
		t.Errorf("%+v", shot.Missing)
	}
}

func TestOfManyPoolsThoseWithATroubleAreShown(t *testing.T) {
	var names []string
	for i := range 600 {
		names = append(names, fmt.Sprintf("n%03d", i))
	}
	f, m := newManager(t, append(names, "zz")...)
	s := status.New(m)
	defer s.Close()
	f.state['z'].Store(denying)
	if _, err := m.Named(t.Context(), "zz"); err == nil {
		t.Error("opened")
	}
	shot := s.Snapshot()
	if len(shot.Pools) != 500 || shot.More != 101 || shot.Pools[499].Name != "zz" || shot.Pools[0].Name != "n000" {
		t.Errorf("%d, and %d more", len(shot.Pools), shot.More)
	}
}

func ExampleStatus_Page() {
	m := manager.New()
	defer m.CloseAll(context.Background())
	s := status.New(m)
	defer s.Close()
	mux := http.NewServeMux()
	mux.Handle("GET /readyz", s.Ready())
	mux.Handle("GET /debug/databases", s.Page())

	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest("GET", "/readyz", nil))
	fmt.Println(w.Code, bytes.TrimSpace(w.Body.Bytes()) != nil)
	// Output: 200 true
}

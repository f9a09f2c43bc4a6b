package tdstest

import (
	"bytes"
	"io"
	"slices"
	"strings"
	"testing"
)

// headers are those of a request outside a transaction.
var headers = []byte{22, 0, 0, 0, 18, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0}

// call is an RPC of sp_executesql with two texts and an int, and the places in it where it could end as well.
func call() (b []byte, ends []int) {
	b = append(headers[:len(headers):len(headers)], 0xff, 0xff, 10, 0, 0, 0)
	for _, p := range []struct {
		Type
		value any
	}{{NVarChar(0), "select @p1"}, {NVarChar(20), "@p1 int"}, {Int, 7}} {
		ends = append(ends, len(b))
		b = append(appendBVarChar(b, ""), 0)
		b, _ = p.Type.appendValue(p.Type.appendInfo(b), p.value)
	}
	return b, ends
}

func TestWhatIsWrittenIsReadAgain(t *testing.T) {
	data, _ := call()
	req, err := parseRequest(message{typeRPC, statusLast | statusReset, data})
	if err != nil || req.SQL != "select @p1" || len(req.Params) != 1 || req.Params[0].Value != int64(7) || !req.Reset {
		t.Errorf("the request is read as %+v: %v", req, err)
	}
}

// A request that is cut short anywhere is an error, and never something else.
func TestAnIncompleteRequestIsAnError(t *testing.T) {
	whole, ends := call()
	for n := range whole {
		req, err := parseRequest(message{typeRPC, statusLast, whole[:n]})
		if slices.Contains(ends, n) != (err == nil) {
			t.Errorf("the first %d of %d bytes are read as %+v: %v", n, len(whole), req, err)
		}
	}
}

func TestPacketsThatAreNoneAreErrors(t *testing.T) {
	for name, b := range map[string]string{
		"shorter than its header":  "\x12\x01\x00\x07\x00\x00\x01\x00",
		"without its end":          "\x12\x01\x00\x09\x00\x00\x01\x00",
		"without its header":       "\x12\x01\x00",
		"of another type":          "\x12\x00\x00\x09\x00\x00\x01\x00a\x01\x01\x00\x09\x00\x00\x02\x00b",
		"not followed by the next": "\x12\x00\x00\x09\x00\x00\x01\x00a",
	} {
		p := packets{rw: struct {
			io.Reader
			io.Writer
		}{strings.NewReader(b), io.Discard}}
		if m, err := p.read(); err == nil || err == io.EOF {
			t.Errorf("a packet %s is read as %+v: %v", name, m, err)
		}
	}
}

func TestAMessageIsCutIntoPackets(t *testing.T) {
	for _, n := range []int{0, 1, 504, 505, 1008, 5000} {
		var wire bytes.Buffer
		p := packets{rw: &wire, size: 512}
		want := bytes.Repeat([]byte{'x'}, n)
		if err := p.reply(typeReply, want); err != nil {
			t.Fatal(err)
		}
		if packets := max(1, (n+503)/504); wire.Len() != n+packets*headerSize {
			t.Errorf("%d bytes go as %d, which is not %d packets", n, wire.Len(), packets)
		}
		if m, err := p.read(); err != nil || m.kind != typeReply || !bytes.Equal(m.data, want) || wire.Len() != 0 {
			t.Errorf("%d bytes come back as %d: %v", n, len(m.data), err)
		}
	}
}

func FuzzRequest(f *testing.F) {
	data, _ := call()
	f.Add(byte(typeRPC), data)
	f.Add(byte(typeBatch), append(headers[:len(headers):len(headers)], ucs2("select 1")...))
	f.Add(byte(typeTran), append(headers[:len(headers):len(headers)], tranBegin, 0, 4, 0))
	f.Fuzz(func(t *testing.T, kind byte, data []byte) {
		req, err := parseRequest(message{kind: kind, data: data})
		for _, p := range req.Params {
			if err == nil && p.Value != nil {
				if _, err := p.Type.appendValue(nil, p.Value); err != nil {
					t.Errorf("%s was read as %v, which cannot be written: %v", p.Type, p.Value, err)
				}
			}
		}
	})
}

func FuzzLogin(f *testing.F) {
	login := make([]byte, 94)
	login[0] = 94
	f.Add(login)
	f.Fuzz(func(_ *testing.T, data []byte) {
		_, _ = parseLogin(data)
		_, _ = parsePrelogin(data)
	})
}

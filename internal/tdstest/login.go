package tdstest

import "fmt"

// TDSVersion is what a client wants to speak: MS-TDS, "LOGIN7".
type TDSVersion uint32

// Versions of TDS that drivers of today ask for.
const (
	TDS74 TDSVersion = 0x74000004 // since SQL Server 2012
	TDS80 TDSVersion = 0x08000000 // strict encryption, since SQL Server 2022
)

// Features of a login that the server understands: MS-TDS, "LOGIN7", FeatureExt.
const (
	featureFedAuth = 0x02
	featureEnd     = 0xff
)

// Login is what a client logged in with.
type Login struct {
	Encrypted bool // it came over TLS

	Version    TDSVersion
	PacketSize uint32

	HostName, User, Password, AppName, ServerName string
	Library, Language, Database                   string
	NewPassword                                   string // to change an expired password to

	ReadOnly    bool            // the application intent is read-only
	Integrated  bool            // Windows authentication was asked for
	Features    map[byte][]byte // FeatureExt, by the number of the feature
	AccessToken string          // of federated authentication, out of Features
}

// Bits of the flags of a login: MS-TDS, "LOGIN7".
const (
	flag2Integrated = 0x80
	flagReadOnly    = 0x20 // in TypeFlags
	flag3Extension  = 0x10
)

func parseLogin(data []byte) (Login, error) {
	r := reader{rest: data}
	if size := r.u32(); int(size) != len(data) {
		return Login{}, fmt.Errorf("login of %d bytes that says it has %d", len(data), size)
	}
	l := Login{Version: TDSVersion(r.u32()), PacketSize: r.u32()}
	r.bytes(12) // version of the client program, its process, the connection that it was before
	_, flags2, typeFlags, flags3 := r.u8(), r.u8(), r.u8(), r.u8()
	r.bytes(8) // time zone and language
	l.ReadOnly, l.Integrated = typeFlags&flagReadOnly != 0, flags2&flag2Integrated != 0

	part := func(size int) []byte { // the piece of data that the next offset and length point at
		at, n := int(r.u16()), int(r.u16())*size
		if at+n > len(data) {
			r.fail(errShort)
			return nil
		}
		return data[at : at+n]
	}
	text := func() string { return ucs2Text(part(2)) }
	l.HostName, l.User = text(), text()
	l.Password = ucs2Text(reveal(part(2)))
	l.AppName, l.ServerName = text(), text()
	extension := part(1)
	l.Library, l.Language, l.Database = text(), text(), text()
	r.bytes(6) // hardware address of the client
	part(1)    // SSPI
	part(2)    // a database file to attach
	l.NewPassword = ucs2Text(reveal(part(2)))
	if r.err != nil {
		return l, fmt.Errorf("login: %w", r.err)
	}
	if flags3&flag3Extension == 0 {
		return l, nil
	}
	return l, l.parseFeatures(data, extension)
}

// parseFeatures reads the FeatureExt block, whose offset is what extension holds.
func (l *Login) parseFeatures(data, extension []byte) error {
	where := reader{rest: extension}
	at := where.u32()
	if where.err != nil || int64(at) > int64(len(data)) {
		return fmt.Errorf("login: feature extension: %w", errShort)
	}
	r := reader{rest: data[at:]}
	l.Features = make(map[byte][]byte)
	for {
		id := r.u8()
		if r.err != nil || id == featureEnd {
			break
		}
		l.Features[id] = r.bytes(int(r.u32()))
	}
	if token, ok := l.Features[featureFedAuth]; ok && r.err == nil {
		fed := reader{rest: token}
		fed.u8() // the library, and whether the server's prelogin asked for it
		l.AccessToken = ucs2Text(fed.bytes(int(fed.u32())))
		r.err = fed.err
	}
	if r.err != nil {
		return fmt.Errorf("login: feature extension: %w", r.err)
	}
	return nil
}

// reveal undoes what a client does to a password: it swaps the halves of each byte, then flips the bits of A5.
func reveal(b []byte) []byte {
	clear := make([]byte, len(b))
	for i, c := range b {
		c ^= 0xa5
		clear[i] = c<<4 | c>>4
	}
	return clear
}

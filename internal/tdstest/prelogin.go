package tdstest

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Options of a prelogin message: MS-TDS, "PRELOGIN".
const (
	optVersion    = 0x00
	optEncryption = 0x01
	optInstance   = 0x02
	optThread     = 0x03
	optMARS       = 0x04
	optTrace      = 0x05
	optFedAuth    = 0x06
	optEnd        = 0xff
)

// Values of the encryption option of a prelogin message, in both directions: MS-TDS, "PRELOGIN".
const (
	EncryptOff    byte = 0 // encryption is available and off: only the login is encrypted
	EncryptOn     byte = 1 // encryption is available and on
	EncryptNotSup byte = 2 // encryption is not available
	EncryptReq    byte = 3 // encryption is required
	EncryptStrict byte = 4 // what go-mssqldb sends inside the TLS of TDS 8.0
)

// Prelogin is the first message of a client.
type Prelogin struct {
	Encryption byte   // one of EncryptOff to EncryptStrict
	Instance   string // the named instance asked for
	MARS       bool
	TraceID    []byte // of connection and activity
	FedAuth    bool   // an access token will be used to log in
}

func parsePrelogin(data []byte) (Prelogin, error) {
	var p Prelogin
	if len(data) == 0 || data[0] != optVersion { // MS-TDS, "Initial State" of the server
		return p, errors.New("the first option of the prelogin message is not the version")
	}
	for at := 0; ; at += 5 {
		if at >= len(data) {
			return p, errShort
		}
		if data[at] == optEnd {
			return p, nil
		}
		if at+5 > len(data) {
			return p, errShort
		}
		start := int(binary.BigEndian.Uint16(data[at+1:]))
		end := start + int(binary.BigEndian.Uint16(data[at+3:]))
		if end > len(data) {
			return p, errShort
		}
		if err := p.set(data[at], data[start:end]); err != nil {
			return p, err
		}
	}
}

func (p *Prelogin) set(option byte, value []byte) error {
	one := func() (byte, error) {
		if len(value) != 1 {
			return 0, fmt.Errorf("prelogin option %d has %d bytes instead of 1", option, len(value))
		}
		return value[0], nil
	}
	var b byte
	var err error
	switch option {
	case optEncryption:
		p.Encryption, err = one()
	case optInstance:
		if len(value) == 0 || value[len(value)-1] != 0 {
			return errors.New("the instance name of the prelogin message does not end in a zero")
		}
		p.Instance = string(value[:len(value)-1])
	case optMARS:
		b, err = one()
		p.MARS = b != 0
	case optFedAuth:
		b, err = one()
		p.FedAuth = b != 0
	case optTrace:
		p.TraceID = append([]byte(nil), value...)
	}
	return err
}

// serverVersion is that of SQL Server 2022 RTM, 16.0.1000.6.
var serverVersion = [6]byte{16, 0, 1000 >> 8, 1000 & 0xff, 0, 6}

// preloginAnswer says which encryption there will be. Its options are those that SQL Server sends.
func preloginAnswer(p Prelogin, encryption byte) []byte {
	type option struct {
		token byte
		value []byte
	}
	options := []option{
		{optVersion, serverVersion[:]},
		{optEncryption, []byte{encryption}},
		{optInstance, []byte{0}},
		{optThread, nil},
		{optMARS, []byte{0}},
	}
	if p.FedAuth {
		options = append(options, option{optFedAuth, []byte{1}})
	}
	var head, body []byte
	start := 5*len(options) + 1
	for _, o := range options {
		head = append(head, o.token)
		head = binary.BigEndian.AppendUint16(head, uint16(start+len(body)))
		head = binary.BigEndian.AppendUint16(head, uint16(len(o.value)))
		body = append(body, o.value...)
	}
	return append(append(head, optEnd), body...)
}

// Encryption is what a server wants of encryption.
type Encryption int

const (
	EncryptionAvailable Encryption = iota // what the client wants: all, the login alone, or nothing
	EncryptionRefused                     // "not supported", and no TDS 8.0 either
	EncryptionRequired                    // all of every connection
	EncryptionStrict                      // TDS 8.0 only: a client that does not begin with TLS is cut off
)

// encryptionAnswers is the table of MS-TDS, "PRELOGIN": by what the server wants, then by what the client said.
var encryptionAnswers = map[Encryption]map[byte]byte{
	EncryptionAvailable: {EncryptOff: EncryptOff, EncryptOn: EncryptOn, EncryptNotSup: EncryptNotSup, EncryptReq: EncryptOn},
	EncryptionRequired:  {EncryptOff: EncryptReq, EncryptOn: EncryptOn, EncryptNotSup: EncryptReq, EncryptReq: EncryptOn},
	EncryptionRefused: {
		EncryptOff: EncryptNotSup, EncryptOn: EncryptNotSup, EncryptNotSup: EncryptNotSup, EncryptReq: EncryptNotSup,
	},
}

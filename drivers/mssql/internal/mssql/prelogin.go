package mssql

import "encoding/binary"

// What client and server say of encryption before the login.
// https://learn.microsoft.com/openspecs/windows_protocols/ms-tds/60f56408-0188-4cd5-8b90-25c6f2423868
const (
	encryptOn     = 1
	encryptNotSup = 2
	encryptReq    = 3
	encryptStrict = 4 // what the driver says within the TLS of TDS 8.0, where it means nothing
)

const (
	encryptionOption = 0x01
	fedAuthOption    = 0x06
	lastOption       = 0xff
	optionSize       = 5
)

// readPrelogin returns the byte of a prelogin message that is about encryption. It checks all that the driver reads of
// the message.
func readPrelogin(body []byte) (encryption *byte, err error) {
	for at := 0; ; at += optionSize {
		if at >= len(body) {
			return nil, notTDS("the options of its first answer have no end")
		}
		option := body[at]
		if option == lastOption {
			break
		}
		if at+optionSize >= len(body) {
			return nil, notTDS("its first answer is cut off")
		}
		start, length := int(binary.BigEndian.Uint16(body[at+1:])), int(binary.BigEndian.Uint16(body[at+3:]))
		if start >= len(body) || start+length > len(body) {
			return nil, notTDS("an option of its first answer is cut off")
		}
		isFlag := option == encryptionOption || option == fedAuthOption
		if isFlag && length != 1 {
			return nil, notTDS("a flag of its first answer has %d bytes", length)
		}
		if option == encryptionOption {
			encryption = &body[start]
		}
	}
	if encryption == nil {
		return nil, notTDS("its first answer says nothing of encryption")
	}
	return encryption, nil
}

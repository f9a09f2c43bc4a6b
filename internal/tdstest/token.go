package tdstest

import "strconv"

// Tokens of a reply: MS-TDS, "Packet Data Token Stream Definition".
const (
	tokenReturnStatus = 0x79
	tokenColumns      = 0x81
	tokenError        = 0xaa
	tokenInfo         = 0xab
	tokenLoginAck     = 0xad
	tokenFeatureAck   = 0xae
	tokenRow          = 0xd1
	tokenEnvChange    = 0xe3
	tokenDone         = 0xfd
	tokenDoneProc     = 0xfe
	tokenDoneInProc   = 0xff
)

// Bits of the status of DONE tokens: MS-TDS, "DONE".
const (
	doneMore      = 0x001
	doneError     = 0x002
	doneInTran    = 0x004
	doneCount     = 0x010
	doneAttention = 0x020
	doneSevere    = 0x100
)

// Kinds of ENVCHANGE: MS-TDS, "ENVCHANGE".
const (
	envDatabase   = 1
	envLanguage   = 2
	envPacketSize = 4
	envCollation  = 7
	envBegin      = 8
	envCommit     = 9
	envRollback   = 10
	envResetAck   = 18
	envRouting    = 20
)

// ServerName is what the server calls itself in its messages.
const ServerName = "TDSTEST"

const language = "us_english"

func appendMessage(b []byte, m Message) []byte {
	token := byte(tokenInfo)
	if m.isError() {
		token = tokenError
	}
	return appendSized(append(b, token), func(b []byte) []byte {
		b = le.AppendUint32(b, uint32(m.Number))
		b = append(b, orDefault(m.State, 1), m.class())
		b = appendUsVarChar(b, cut(m.Text))
		b = appendBVarChar(b, ServerName)
		b = appendBVarChar(b, m.Proc)
		return le.AppendUint32(b, uint32(orDefault(m.Line, 1)))
	})
}

// cut shortens a text to what a message of SQL Server has at most.
func cut(text string) string {
	const most = 2047
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most])
	}
	return text
}

func appendDone(b []byte, token byte, status uint16, command uint16, rows int64) []byte {
	b = le.AppendUint16(append(b, token), status)
	b = le.AppendUint16(b, command)
	return le.AppendUint64(b, uint64(rows))
}

// appendEnvText says that a setting has another value, both of which are texts.
func appendEnvText(b []byte, kind byte, now, before string) []byte {
	return appendSized(append(b, tokenEnvChange), func(b []byte) []byte {
		return appendBVarChar(appendBVarChar(append(b, kind), now), before)
	})
}

// appendEnvBytes is appendEnvText for values of bytes.
func appendEnvBytes(b []byte, kind byte, now, before []byte) []byte {
	return appendSized(append(b, tokenEnvChange), func(b []byte) []byte {
		b = append(append(b, kind, byte(len(now))), now...)
		return append(append(b, byte(len(before))), before...)
	})
}

// Route is where a client is sent instead: a read-only replica, or the node that has the database.
type Route struct {
	Host string
	Port int
}

func appendRoute(b []byte, to Route) []byte {
	return appendSized(append(b, tokenEnvChange), func(b []byte) []byte {
		b = appendSized(append(b, envRouting), func(b []byte) []byte {
			b = append(b, 0) // TCP
			return appendUsVarChar(le.AppendUint16(b, uint16(to.Port)), to.Host)
		})
		return append(b, 0, 0)
	})
}

func appendLoginAck(b []byte, version TDSVersion) []byte {
	return appendSized(append(b, tokenLoginAck), func(b []byte) []byte {
		b = append(b, 1) // T-SQL
		b = append(b, byte(version>>24), byte(version>>16), byte(version>>8), byte(version))
		b = appendBVarChar(b, "Microsoft SQL Server")
		return append(b, serverVersion[:4]...)
	})
}

// appendWelcome is the answer to a login, in the order in which SQL Server has it.
func appendWelcome(b []byte, l Login, database string, packetSize int) []byte {
	b = appendEnvText(b, envDatabase, database, "master")
	b = appendMessage(b, changedDatabase(database))
	b = appendEnvBytes(b, envCollation, collation[:], nil)
	b = appendEnvText(b, envLanguage, language, "")
	b = appendMessage(b, changedLanguage())
	b = appendLoginAck(b, l.Version)
	if _, ok := l.Features[featureFedAuth]; ok {
		b = append(b, tokenFeatureAck, featureFedAuth, 0, 0, 0, 0, featureEnd)
	}
	return appendEnvText(b, envPacketSize, strconv.Itoa(packetSize), strconv.Itoa(defaultPacketSize))
}

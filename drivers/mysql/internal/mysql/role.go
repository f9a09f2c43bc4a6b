package mysql

import (
	"encoding/binary"
	"net"

	"github.com/go-sql-driver/mysql"

	"github.com/patchbay-go/patchbay/registry"
)

// listener hears of the role of a server on one connection: by the errors that it answers statements with, which the
// driver shows to nobody but its caller. Under TLS, and where packets are compressed, it hears nothing.
type listener struct {
	tell   func(net.Conn, registry.Role, error) // that of an Env
	wanted registry.Role                        // by the config
	socket net.Conn                             // as Env.Watch returned it
}

// hear gets the beginning of the answer to what was sent last, and reports whether it ends the connection. It makes it do
// so by the number of the packet: a wrong one has the driver close the connection, and still return the error of the server.
//
//	https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_basic_err_packet.html
//	https://github.com/go-sql-driver/mysql/blob/v1.10.0/packets.go readPacket
func (l *listener) hear(answer []byte) (over bool) {
	const header = 4 // three bytes of length, and a number
	if len(answer) < header+9 || answer[2] != 0 || answer[header] != isError || answer[header+3] != '#' {
		return false
	}
	length := min(len(answer)-header, int(answer[0])|int(answer[1])<<8)
	err := &mysql.MySQLError{Number: binary.LittleEndian.Uint16(answer[header+1:]), Message: string(answer[min(header+9, header+length) : header+length])}
	copy(err.SQLState[:], answer[header+4:])
	switch kind := new(dialect).Diagnose(err).Kind; {
	case kind == registry.KindStarting: // a node of a cluster that has lost the others, or a server that is offline
		over = true
	case kind != registry.KindReadOnly || err.Number == readOnlySchema || l.wanted != registry.RoleWriter:
		return false
	default: // a READ ONLY transaction is as likely one of the program's
		over = err.Number != readOnlyTransaction
	}
	if over {
		answer[header-1]++
	}
	l.tell(l.socket, registry.RoleAny, err)
	return over
}

const (
	readOnlyTransaction = 1792 // ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION
	readOnlySchema      = 3989 // ER_SCHEMA_READ_ONLY (MySQL)
)

// roleQuery is 1 for a server that takes writes, 0 for one that is read-only, and NULL for a node of a Galera cluster
// that is not ready, which answers SELECT 1 all the same. super_read_only turns read_only on as well; read_only is a
// word in the newest MariaDB, and innodb_read_only is what Amazon Aurora has. Each of the two products passes over the
// other's comment.
//
//	https://dev.mysql.com/doc/refman/8.4/en/server-system-variables.html#sysvar_read_only
//	https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/AuroraMySQL.BestPractices.html
//	https://galeracluster.com/library/documentation/galera-status-variables.html#wsrep-ready
//	https://mariadb.com/kb/en/comment-syntax/
const roleQuery = "SELECT IF(CONCAT(@@global.read_only) NOT IN ('0', 'OFF') OR @@global.innodb_read_only, 0, 1)" +
	" /*M! + IF(EXISTS(SELECT 1 FROM information_schema.GLOBAL_STATUS WHERE VARIABLE_NAME = 'WSREP_READY' AND VARIABLE_VALUE = 'OFF')" +
	" AND EXISTS(SELECT 1 FROM information_schema.GLOBAL_VARIABLES WHERE VARIABLE_NAME = 'WSREP_ON' AND VARIABLE_VALUE = 'ON'), NULL, 0) */" +
	" /*!50700 + IF(EXISTS(SELECT 1 FROM performance_schema.global_status WHERE VARIABLE_NAME = 'wsrep_ready' AND VARIABLE_VALUE = 'OFF'), NULL, 0) */"

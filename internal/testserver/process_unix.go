//go:build unix

package testserver

import (
	"os"
	"os/exec"
	"syscall"
)

const canStart = true

// prepare gives cmd a group of its own, which an interrupt at the terminal does not reach, and an account.
func prepare(cmd *exec.Cmd, account *account, ending syscall.Signal) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if account != nil {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: account.uid, Gid: account.gid}
	}
	endWithParent(cmd.SysProcAttr, ending)
}

// detach gives cmd a session of its own, so that it outlives whatever ends the one of the tests.
func detach(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} }

// signalGroup fails only where there is nothing left to signal.
func signalGroup(group int, signal syscall.Signal) { _ = syscall.Kill(-group, signal) }

func isRoot() bool { return os.Geteuid() == 0 }

// What PostgreSQL looks for a file to promote it by, and what no process can ignore.
const (
	promotion = syscall.SIGUSR1
	freeze    = syscall.SIGSTOP
	thaw      = syscall.SIGCONT
)

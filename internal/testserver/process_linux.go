package testserver

import "syscall"

// endWithParent has the kernel send the signal when the thread that starts the child ends.
func endWithParent(attr *syscall.SysProcAttr, signal syscall.Signal) { attr.Pdeathsig = signal }

// hasRoom reports whether dir is in memory and has 2 GiB to spare, about twenty times what both servers need.
func hasRoom(dir string) bool {
	const tmpfs = 0x01021994 // statfs(2)
	var fs syscall.Statfs_t
	err := syscall.Statfs(dir, &fs)
	return err == nil && fs.Type == tmpfs && fs.Bavail*uint64(fs.Bsize) >= 2<<30
}

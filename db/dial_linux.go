package db

import (
	"errors"
	"syscall"

	"golang.org/x/sys/unix"
)

// limitSilence is a net.Dialer.Control: see silenceTime.
func limitSilence(network, _ string, conn syscall.RawConn) error {
	if network == "unix" {
		return nil
	}
	var failed error
	err := conn.Control(func(fd uintptr) {
		failed = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(silenceTime.Milliseconds()))
	})
	return errors.Join(err, failed)
}

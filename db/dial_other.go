//go:build !linux

package db

import "syscall"

// limitSilence does nothing: other systems have no such option.
func limitSilence(string, string, syscall.RawConn) error { return nil }

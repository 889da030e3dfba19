package inbound

import (
	"context"
	"net"
)

// nowhere is a DNS without names.
type nowhere struct{}

func notThere(name string) error {
	return &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
}

func (nowhere) LookupTXT(_ context.Context, name string) ([]string, error) {
	return nil, notThere(name)
}
func (nowhere) LookupMX(_ context.Context, name string) ([]*net.MX, error) {
	return nil, notThere(name)
}
func (nowhere) LookupAddr(_ context.Context, name string) ([]string, error) {
	return nil, notThere(name)
}
func (nowhere) LookupIPAddr(_ context.Context, name string) ([]net.IPAddr, error) {
	return nil, notThere(name)
}

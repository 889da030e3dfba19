package outgoing

import "testing"

func TestAHostIsPublicByItsNameAlone(t *testing.T) {
	t.Parallel()
	for _, host := range []string{"linienfunk.org", "Linienfunk.ORG", "a.b.c.de", "xn--bcher-kva.de", "9.9.9.9", "2620:fe::fe", "linienfunk.org."} {
		if !PublicHost(host) {
			t.Errorf("%s is refused", host)
		}
	}
	for _, host := range []string{"", ".", "localhost", "router", "x.localhost", "printer.local", "db.internal", "127.0.0.1", "10.1.2.3", "192.168.0.1", "2130706433", "0x7f.1", "1.2.3", "::1",
		"fd00::1", "fe80::1", "::ffff:10.0.0.1", "100.64.0.1", "host.home.arpa", "host."} {
		if PublicHost(host) {
			t.Errorf("%s is accepted", host)
		}
	}
}

package peers

import (
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"

	"linienfunk/app"
	"linienfunk/internal/config"
	"linienfunk/internal/testkit"
	"linienfunk/test/harness"
)

// withLMTP runs a program with the cities zuerich and ghent that takes mail by LMTP, and returns where.
func withLMTP(t *testing.T) (program *app.Program, visitor *harness.Browser, address string) {
	t.Helper()
	address = harness.FreePort(t)
	program, visitor = twoCities(t, config.Key{Network: "email", Name: "lmtp", Value: address})
	testkit.Eventually(t, "the LMTP server listens", func() bool {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			return false
		}
		return conn.Close() == nil
	})
	return program, visitor, address
}

// overLMTP are the arguments of swaks for LMTP.
func overLMTP(args []string) []string { return append(slices.Clone(args), "--protocol", "LMTP") }

func TestSwaksIsRefusedByLMTPAsBySMTP(t *testing.T) {
	needs(t, "swaks")
	program, visitor, address := withLMTP(t)
	for name, c := range refusals() {
		t.Run(name, func(t *testing.T) {
			status, transcript := swaks(t, address, c.message, overLMTP(c.args)...)
			if strings.Contains(transcript, "requires Net::SSLeay") {
				t.Skip("swaks cannot speak TLS: apt-get install libnet-ssleay-perl")
			}
			if status != c.status || !strings.Contains(transcript, "\n"+c.answer) {
				t.Errorf("status %d, want %d after %q:\n%.4000s", status, c.status, c.answer, transcript)
			}
			if strings.Contains(transcript, "250-AUTH") || strings.Contains(transcript, "250-STARTTLS") {
				t.Errorf("a login or TLS is offered:\n%.4000s", transcript)
			}
		})
	}
	harness.SendMail(t, program, "zuerich", "kontrolle am ende")
	visitor.WaitForText("/c/zuerich", "kontrolle am ende")
	if strings.Contains(visitor.Get("/c/zuerich"), "verweigert") {
		t.Error("a refused mail is a report")
	}
}

func TestSwaksSmugglesNoMailByLMTP(t *testing.T) {
	needs(t, "swaks")
	program, visitor, address := withLMTP(t)
	for name, end := range falseEnds() {
		t.Run(name, func(t *testing.T) {
			status, transcript := swaks(t, address, smuggled(end), overLMTP(append(envelope("zuerich@linienfunk.example"), "--no-data-fixup"))...)
			if status != 0 {
				t.Errorf("status %d:\n%s", status, transcript)
			}
			visitor.In(t).WaitForText("/c/zuerich", fmt.Sprintf("kontrolle mit %q", end))
		})
	}
	harness.SendMail(t, program, "ghent", "kontrolle am ende")
	visitor.WaitForText("/c/ghent", "kontrolle am ende")
	if strings.Contains(visitor.Get("/c/ghent"), "geschmuggelt") {
		t.Error("a smuggled mail is a report")
	}
}

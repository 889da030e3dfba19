package inbound

import (
	"bytes"
	"net"
	"slices"
	"strconv"
	"strings"
)

// knownResponses are the types of untagged responses that go-imap reads. It ends the connection at any other, although clients must accept what they
// did not ask for (RFC 9051, section 7), and so a mailbox could never be read.
var knownResponses = []string{
	"OK", "NO", "BAD", "BYE", "PREAUTH", "ID", "CAPABILITY", "ENABLED", "NAMESPACE", "FLAGS", "EXISTS", "RECENT", "LIST", "STATUS", "FETCH", "EXPUNGE",
	"SEARCH", "ESEARCH", "SORT", "THREAD", "METADATA", "QUOTA", "QUOTAROOT", "MYRIGHTS", "ACL",
}

// knownOnly is a connection from which untagged responses of other types are removed, with the literals in them.
type knownOnly struct {
	net.Conn
	responses
}

func (k *knownOnly) Read(b []byte) (int, error) {
	for len(k.ready) == 0 {
		n, err := k.Conn.Read(b)
		for _, char := range b[:n] {
			k.next(char)
		}
		if err != nil && len(k.ready) == 0 {
			return 0, err // otherwise Conn returns it again
		}
	}
	n := copy(b, k.ready)
	k.ready = k.ready[n:]
	return n, nil
}

// responses follows a server's responses.
type responses struct {
	head    []byte // how the line begins, up to the type of the response; not passed yet
	decided bool   // whether the line is dropped is known
	drop    bool
	tail    []byte // the end of the line so far
	literal int64  // bytes that are left of a literal
	ready   []byte // to pass
}

// maxHead is longer than "* 4294967295 " and any type of a response; maxTail is longer than "{4294967295+}\r\n".
const (
	maxHead = 64
	maxTail = 16
)

// next follows one byte of the server.
func (r *responses) next(char byte) {
	if r.literal > 0 {
		r.literal--
		r.pass(char)
		return
	}
	if r.decided {
		r.pass(char)
	} else {
		r.head = append(r.head, char)
		r.decide()
	}
	if r.tail = append(r.tail, char); len(r.tail) > maxTail {
		r.tail = r.tail[1:]
	}
	if char != '\n' {
		return
	}
	length, announced := literalLength(r.tail)
	if r.literal = length; !announced {
		r.decided, r.drop = false, false
	}
	r.tail = r.tail[:0]
}

func (r *responses) pass(char byte) {
	if !r.drop {
		r.ready = append(r.ready, char)
	}
}

// decide looks at the head of a line as soon as it says enough.
func (r *responses) decide() {
	rest, untagged := bytes.CutPrefix(r.head, []byte("* "))
	end := bytes.IndexAny(rest, " \r\n")
	if untagged && end > 0 && len(bytes.Trim(rest[:end], "0123456789")) == 0 && rest[end] == ' ' { // a number comes before the type
		rest = rest[end+1:]
		end = bytes.IndexAny(rest, " \r\n")
	}
	switch {
	case !untagged && len(r.head) < 2 && r.head[0] == '*':
		return
	case untagged && end < 0 && len(r.head) < maxHead:
		return
	case untagged && end > 0:
		r.drop = !slices.Contains(knownResponses, strings.ToUpper(string(rest[:end])))
	}
	r.decided = true
	if !r.drop {
		r.ready = append(r.ready, r.head...)
	}
	r.head = r.head[:0]
}

// literalLength returns the length of the literal that a line announces at its end.
func literalLength(tail []byte) (length int64, announced bool) {
	line, closed := bytes.CutSuffix(bytes.TrimRight(tail, "\r\n"), []byte("}"))
	start := bytes.LastIndexByte(line, '{')
	if !closed || start < 0 {
		return 0, false
	}
	n, err := strconv.ParseUint(strings.TrimSuffix(string(line[start+1:]), "+"), 10, 32)
	return int64(n), err == nil
}

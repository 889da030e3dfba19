package inbound

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"

	"github.com/emersion/go-msgauth/dkim"
	"github.com/emersion/go-msgauth/dmarc"
)

// Limits of what is checked in one mail.
const (
	maxSignatures   = 5
	maxSignedHeader = 64 << 10 // bytes; go-msgauth copies a field once for each of its lines
)

// signatures are the result of DKIM for a mail.
type signatures struct {
	domains []string // with valid signatures
	unknown bool     // there are others, but DNS did not answer
	partial bool     // there are, or may be, others that were not checked
}

// by reports whether a domain that is aligned with the author's has signed.
func (s signatures) by(author string, mode dmarc.AlignmentMode) bool {
	for _, domain := range s.domains {
		if aligned(domain, author, mode) {
			return true
		}
	}
	return false
}

// verifier checks the signatures of a mail while it is being read: it is not held in memory as a whole.
type verifier struct {
	io.Reader
	pipe *io.PipeWriter
	done chan signatures
}

// verify returns a reader of the mail in r. Call end when it is read.
func (c checks) verify(ctx context.Context, r io.Reader) *verifier {
	read, write := io.Pipe()
	v := &verifier{Reader: io.TeeReader(r, write), pipe: write, done: make(chan signatures, 1)}
	go func() {
		v.done <- c.signatures(ctx, read)
		io.Copy(io.Discard, read) // or the mail could not be read to its end
	}()
	return v
}

// signatures reads a mail. One that go-msgauth cannot read, or at which it panics, has no signatures.
func (c checks) signatures(ctx context.Context, r io.Reader) (found signatures) {
	defer func() {
		if recover() != nil {
			c.log.Error("panic while checking a signature")
			found = signatures{}
		}
	}()
	lines := bufio.NewReader(r)
	header, whole := readHeader(lines)
	if !whole {
		return signatures{partial: true}
	}
	if !bytes.Contains(bytes.ToLower(header), []byte("dkim-signature")) {
		return signatures{} // go-msgauth would read the body, too, through a buffer of 32 KB
	}
	checked, err := dkim.VerifyWithOptions(io.MultiReader(bytes.NewReader(header), lines), &dkim.VerifyOptions{
		MaxVerifications: maxSignatures, LookupTXT: func(name string) ([]string, error) { return c.txt(ctx, name) }})
	found.partial = errors.Is(err, dkim.ErrTooManySignatures)
	for _, one := range checked {
		switch {
		case one.Err == nil:
			found.domains = append(found.domains, one.Domain)
		case dkim.IsTempFail(one.Err):
			found.unknown = true
		}
	}
	return found
}

// readHeader reads a header with the empty line below it, and returns false if it is longer than maxSignedHeader.
func readHeader(lines *bufio.Reader) (header []byte, whole bool) {
	for begins := true; ; {
		line, err := lines.ReadSlice('\n')
		header = append(header, line...)
		switch {
		case len(header) > maxSignedHeader:
			return nil, false
		case begins && len(bytes.TrimRight(line, "\r\n")) == 0, err != nil && !errors.Is(err, bufio.ErrBufferFull):
			return header, true
		}
		begins = err == nil
	}
}

// end waits for the result. Of a mail that broke off it is empty. go-msgauth is not told of the error of its reader: it would leave goroutines behind.
func (v *verifier) end(err error) signatures {
	v.pipe.Close()
	found := <-v.done
	if err != nil {
		return signatures{}
	}
	return found
}

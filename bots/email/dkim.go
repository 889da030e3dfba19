package email

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"

	"github.com/emersion/go-msgauth/dkim"
	"github.com/emersion/go-msgauth/dmarc"
)

// Limits of what is looked at in one mail.
const (
	maxSignatures   = 5
	maxSignedHeader = 64 << 10 // bytes; go-msgauth copies a field once for each of its lines
)

// signatures are what DKIM says of a mail.
type signatures struct {
	domains []string // whose signatures hold
	unknown bool     // there are others, but DNS did not answer
	partial bool     // there are, or may be, others that were not looked at
}

// by says whether a domain that stands for the author's has signed.
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

// verify returns a reader of the mail in r. end must be called when it is read.
func (b *Bot) verify(ctx context.Context, r io.Reader) *verifier {
	read, write := io.Pipe()
	v := &verifier{Reader: io.TeeReader(r, write), pipe: write, done: make(chan signatures, 1)}
	go func() {
		v.done <- b.signatures(ctx, read)
		io.Copy(io.Discard, read) // or the mail could not be read to its end
	}()
	return v
}

// signatures reads a mail. A mail that go-msgauth cannot read has none; so has one at which it panics.
func (b *Bot) signatures(ctx context.Context, r io.Reader) (found signatures) {
	defer func() {
		if recover() != nil {
			b.core.Log.Error("panic while checking a signature")
			found = signatures{}
		}
	}()
	lines := bufio.NewReader(r)
	header, whole := readHeader(lines)
	if !whole {
		return signatures{partial: true}
	}
	checked, err := dkim.VerifyWithOptions(io.MultiReader(bytes.NewReader(header), lines), &dkim.VerifyOptions{
		MaxVerifications: maxSignatures, LookupTXT: func(name string) ([]string, error) { return b.txt(ctx, name) }})
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

// readHeader reads a header with the empty line behind it, or says that it is longer than maxSignedHeader.
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

// end waits for the result. A mail that broke off ends like any other, since go-msgauth leaves goroutines behind when its reader
// fails; what it then says means nothing.
func (v *verifier) end(err error) signatures {
	v.pipe.Close()
	found := <-v.done
	if err != nil {
		return signatures{}
	}
	return found
}

package email

import (
	"context"
	"io"

	"github.com/emersion/go-msgauth/dkim"
	"github.com/emersion/go-msgauth/dmarc"
)

// maxSignatures is how many signatures of one mail are looked at.
const maxSignatures = 5

// signatures are what DKIM says of a mail.
type signatures struct {
	domains []string // whose signatures hold
	unknown bool     // there are others, but DNS did not answer
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
	checked, _ := dkim.VerifyWithOptions(r, &dkim.VerifyOptions{MaxVerifications: maxSignatures,
		LookupTXT: func(name string) ([]string, error) { return b.txt(ctx, name) }})
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

// end waits for the result.
func (v *verifier) end(err error) signatures {
	v.pipe.CloseWithError(err) // io.EOF for nil
	return <-v.done
}

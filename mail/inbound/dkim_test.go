package inbound

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"

	"linienfunk/mail/text"
)

const unsigned = "DKIM-Signature: v=1; a=rsa-sha256; d=a.example; s=k; h=from; bh=; b=\r\n"

func TestAnIncompleteMailLeavesNoCheckRunning(t *testing.T) {
	for _, signatures := range []int{0, 1, 2, 5} {
		synctest.Test(t, func(t *testing.T) { // fails if a goroutine is left
			r, w := io.Pipe()
			go func() {
				io.WriteString(w, strings.Repeat(unsigned, signatures)+"From: a@a.example\r\n\r\nkontr")
				w.CloseWithError(errors.New("connection reset"))
			}()
			v := checks{dns: nowhere{}}.verify(t.Context(), r)
			_, err := text.Parse(v)
			if v.end(err); err == nil {
				t.Error("the mail is whole")
			}
		})
	}
}

func TestAHeaderThatIsTooLongIsNotChecked(t *testing.T) {
	message := unsigned + "From: a@a.example\r\n" + strings.Repeat(" \r\n", 100_000) + "\r\nkontrolle\r\n"
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	v := checks{dns: nowhere{}}.verify(t.Context(), strings.NewReader(message))
	m, err := text.Parse(v)
	found := v.end(err)
	runtime.ReadMemStats(&after)
	if err != nil || !found.partial || m.Report() == "" {
		t.Errorf("found %+v, %v", found, err)
	}
	if used := after.TotalAlloc - before.TotalAlloc; used > 16<<20 {
		t.Errorf("%d MB were allocated for a header of %d KB", used>>20, len(message)>>10)
	}
}

// keyed is a DNS in which every domain has the same record.
type keyed struct {
	nowhere
	record string
}

func (k keyed) LookupTXT(context.Context, string) ([]string, error) { return []string{k.record}, nil }

// FuzzSignaturesWithARightBodyHash: a panic in one of go-msgauth's own goroutines would end the program.
func FuzzSignaturesWithARightBodyHash(f *testing.F) {
	f.Add("v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=", "v=1; a=ed25519-sha256; d=a.example; s=k; c=relaxed/relaxed; h=from:x; b=AAAA", "X: y\r\n z\r\n")
	f.Add("p=", "v=1; a=rsa-sha256; d=a.example; s=k; c=simple; h=from:from; i=@a.example; b=", "from:\r\n")
	f.Add("v=DKIM1; h=sha256; s=email; t=y:s; p=AAAA", "v=1; a=rsa-sha256; d=a; s=k; h=from; t=1; x=9; b=A", ":\r\n")
	body := sha256.Sum256([]byte("\r\n"))
	hash := "; bh=" + base64.StdEncoding.EncodeToString(body[:])
	f.Fuzz(func(t *testing.T, record, signature, header string) {
		field := "DKIM-Signature: " + signature + hash + "\r\n"
		v := checks{dns: keyed{record: record}}.verify(t.Context(), strings.NewReader(field+field+"From: a@a.example\r\n"+header+"\r\n\r\n"))
		_, err := text.Parse(v)
		if v.end(err); err != nil {
			t.Error(err)
		}
	})
}

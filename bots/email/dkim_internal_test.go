package email

import (
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

const unsigned = "DKIM-Signature: v=1; a=rsa-sha256; d=a.example; s=k; h=from; bh=; b=\r\n"

func TestAMailThatBreaksOffLeavesNoCheckBehind(t *testing.T) {
	for _, signatures := range []int{0, 1, 2, 5} {
		synctest.Test(t, func(t *testing.T) { // which fails if a goroutine stays
			b := &Bot{dns: nowhere{}}
			b.core.Now = time.Now
			r, w := io.Pipe()
			go func() {
				io.WriteString(w, strings.Repeat(unsigned, signatures)+"From: a@a.example\r\n\r\nkontr")
				w.CloseWithError(errors.New("connection reset"))
			}()
			v := b.verify(t.Context(), r)
			_, err := read(v)
			if v.end(err); err == nil {
				t.Error("the mail is whole")
			}
		})
	}
}

func TestAHeaderThatIsTooLongIsNotChecked(t *testing.T) {
	message := unsigned + "From: a@a.example\r\n" + strings.Repeat(" \r\n", 100_000) + "\r\nkontrolle\r\n"
	b := &Bot{dns: nowhere{}}
	b.core.Now = time.Now
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	v := b.verify(t.Context(), strings.NewReader(message))
	m, err := read(v)
	found := v.end(err)
	runtime.ReadMemStats(&after)
	if err != nil || !found.partial || m.text() == "" {
		t.Errorf("found %+v, %v", found, err)
	}
	if used := after.TotalAlloc - before.TotalAlloc; used > 16<<20 {
		t.Errorf("%d MB were allocated for a header of %d KB", used>>20, len(message)>>10)
	}
}

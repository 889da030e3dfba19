package inbound

import (
	"bytes"
	"errors"
	"io"
	"testing"
)

func TestLargeMailsShareABudgetThatSmallOnesDoNotNeed(t *testing.T) {
	t.Parallel()
	var b budget
	read := func(size int) (*budgetReader, error) {
		r := b.reader(bytes.NewReader(make([]byte, size)))
		_, err := io.Copy(io.Discard, r)
		return r, err
	}
	var large []*budgetReader
	for b.used.Load() < largeBudget-8<<20 {
		r, err := read(8 << 20)
		if err != nil {
			t.Fatalf("mail number %d: %v", len(large), err)
		}
		large = append(large, r)
	}
	refused, err := read(9 << 20)
	if !errors.Is(err, errBusy) {
		t.Errorf("one more large mail: %v", err)
	}
	if _, err := read(smallMessage); err != nil {
		t.Errorf("a small mail: %v", err)
	}
	refused.release()
	for _, r := range large {
		r.release()
	}
	if b.used.Load() != 0 {
		t.Errorf("%d bytes are still taken", b.used.Load())
	}
}

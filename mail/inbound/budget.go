package inbound

import (
	"io"
	"sync/atomic"
)

// Many large mails at once would need more memory than a small machine has: a message of 8 MB takes about 4 MB while it is read.
const (
	largeBudget  = 96 << 20 // bytes of all messages that are being read, beyond the first smallMessage of each
	smallMessage = 256 << 10
)

// budget bounds the bytes of large messages that are read at the same time. The beginning of each message is free, so that nobody can
// use the budget up to keep ordinary mails out.
type budget struct{ used atomic.Int64 }

// reader returns r, which fails with errBusy when the budget is used up. release gives back what it took.
func (b *budget) reader(r io.Reader) *budgetReader {
	return &budgetReader{Reader: r, budget: b, free: smallMessage}
}

type budgetReader struct {
	io.Reader
	budget *budget
	free   int   // bytes that still cost nothing
	taken  int64 // bytes
}

func (r *budgetReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	cost := int64(max(n-r.free, 0))
	r.free = max(r.free-n, 0)
	r.taken += cost
	if cost > 0 && r.budget.used.Add(cost) > largeBudget {
		return 0, errBusy
	}
	return n, err
}

func (r *budgetReader) release() { r.budget.used.Add(-r.taken) }

package bus

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"

	"linienfunk/report"
)

// Order says that deliveries in the ledger are due: of a report that has passed, of one that was withdrawn, or whose post is to be edited. It only saves the supervisor
// from looking: the ledger is the queue, and an order that gets lost is found there. It is never stored, so it may hold the text.
type Order struct {
	Entry  uint          `json:"entry"` // ID of the ledger entry
	Bots   []string      `json:"bots"`
	Expire time.Time     `json:"expire"` // the report is not sent after this time
	Report report.Report `json:"report"` // without a text if it was withdrawn

	// Known is set if the ledger had the report before: an earlier order for it may be under way, or done.
	Known bool `json:"known,omitempty"`

	From string `json:"from,omitempty"` // who has published it, and how many orders since it started, for SubscribeOrders
	N    uint64 `json:"n,omitempty"`

	// Recall is set if the report was withdrawn: the bots delete what they have posted, until Expire.
	Recall bool `json:"recall,omitempty"`

	// Edit is set if more people have reported the same, or it is over: the bots edit what they have posted, until Expire.
	Edit bool `json:"edit,omitempty"`
}

// PublishOrder hands an order to the supervisors. It returns once it is on its way.
func (b *Bus) PublishOrder(o Order) error {
	b.ordering.Lock()
	defer b.ordering.Unlock()
	b.ordered++
	o.From, o.N = b.id, b.ordered
	data, err := json.Marshal(o)
	if err != nil {
		return err
	}
	city := o.Report.City
	if err := b.conn.Publish(b.subject("report.out", strconv.Itoa(b.Shard(city)), city), data); err != nil {
		return fmt.Errorf("publish order: %w", err)
	}
	return nil
}

// SubscribeOrders calls f for each order, from one goroutine and in the order of their publication, until stop is called. It calls lost before an
// order if some before that did not arrive. See also OrdersLost.
func (b *Bus) SubscribeOrders(f func(Order), lost func()) (stop func(), err error) {
	last := map[string]uint64{} // by publisher
	sub, err := b.conn.Subscribe(b.subject("report.out.>"), func(m *nats.Msg) {
		var o Order
		if err := json.Unmarshal(m.Data, &o); err != nil {
			b.config.Log.Error("an order cannot be decoded", "err", err)
			b.noteLoss()
			return
		}
		if o.From != "" && o.N != last[o.From]+1 {
			lost()
		}
		last[o.From] = o.N
		f(o)
	})
	if err != nil {
		return nil, fmt.Errorf("subscribe to orders: %w", err)
	}
	if err := b.conn.Flush(); err != nil {
		sub.Unsubscribe()
		return nil, fmt.Errorf("subscribe to orders: %w", err)
	}
	return func() { sub.Unsubscribe() }, nil
}

// OrdersLost receives after orders may have been lost: the connection was interrupted, or the subscriber was too slow.
func (b *Bus) OrdersLost() <-chan struct{} { return b.lost }

func (b *Bus) noteLoss() { notify(b.lost) }

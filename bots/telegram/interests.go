package telegram

import (
	"context"

	"linienfunk/bots/kit"
	"linienfunk/internal/secret"
)

// interestCell is the table cell that a sealed interest is bound to: it says where and when somebody travels.
func interestCell(city, chatHash string) secret.Cell { return chatCell(city, chatHash, "interest") }

// interest returns what a chat wants.
func (s store) interest(v Subscriber) (kit.Interest, error) {
	if len(v.Interest) == 0 {
		return kit.Interest{}, nil
	}
	plain, err := s.box.Open(interestCell(v.City, v.ChatHash), v.Interest)
	if err != nil {
		return kit.Interest{}, err
	}
	return kit.UnmarshalInterest(plain)
}

func (s store) sealInterest(city, chatHash string, i kit.Interest) []byte {
	if i.IsZero() {
		return nil
	}
	return s.box.Seal(interestCell(city, chatHash), i.Marshal())
}

func (s store) setInterest(ctx context.Context, v Subscriber, i kit.Interest) error {
	return s.update(ctx, v, map[string]any{"interest": s.sealInterest(v.City, v.ChatHash, i)})
}

package telegram

import (
	"context"

	"linienfunk/bots/chat"
	"linienfunk/internal/secret"
)

// interestCell is the table cell that a sealed interest is bound to: it says where and when somebody travels.
func interestCell(city, chatHash string) secret.Cell { return chatCell(city, chatHash, "interest") }

// interest returns what a chat wants.
func (s store) interest(v Subscriber) (chat.Interest, error) {
	if len(v.Interest) == 0 {
		return chat.Interest{}, nil
	}
	plain, err := s.box.Open(interestCell(v.City, v.ChatHash), v.Interest)
	if err != nil {
		return chat.Interest{}, err
	}
	return chat.UnmarshalInterest(plain)
}

func (s store) sealInterest(city, chatHash string, i chat.Interest) []byte {
	if i.IsZero() {
		return nil
	}
	return s.box.Seal(interestCell(city, chatHash), i.Marshal())
}

func (s store) setInterest(ctx context.Context, v Subscriber, i chat.Interest) error {
	return s.update(ctx, v, map[string]any{"interest": s.sealInterest(v.City, v.ChatHash, i)})
}

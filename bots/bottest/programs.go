package bottest

import (
	"context"

	"linienfunk/bus/programs"
)

// programs returns s, with a step for each message in either direction. An answer that is lost is lost with the connection.
func (i *instance) programs(s programs.Service) programs.Service {
	if !s.On() {
		return s
	}
	receive, ask := s.Receive, s.Ask
	s.Receive = func(ctx context.Context, f func(programs.Message)) error {
		return receive(ctx, func(m programs.Message) {
			answer := m.Answer
			m.Answer = func(data []byte) {
				if i.step() != nil {
					s.Kick(m.User)
					return
				}
				answer(data)
			}
			if i.step() != nil {
				go s.Kick(m.User) // not from the goroutine that reads
				return
			}
			f(m)
		})
	}
	s.Ask = func(ctx context.Context, user string, data []byte) ([]byte, error) {
		if err := i.step(); err != nil {
			return nil, err
		}
		got, err := ask(ctx, user, data)
		if err != nil {
			return nil, err
		}
		return got, i.step()
	}
	return s
}

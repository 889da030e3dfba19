package mastodon

import (
	"fmt"
	"runtime/debug"
)

// onOwnStack calls f on a goroutine of its own and waits for it. Calls of an instance need a deep stack, and a goroutine keeps the one that it
// once needed. Those that wait for most of the time, several for each account, stay small if others make the calls.
func onOwnStack(f func() error) (err error) {
	done := make(chan struct{})
	var caught any
	go func() {
		defer close(done)
		defer func() {
			if p := recover(); p != nil {
				caught = fmt.Sprintf("%v\n%s", p, debug.Stack())
			}
		}()
		err = f()
	}()
	<-done
	if caught != nil {
		panic(caught) // for the supervisor, as if f had been called directly
	}
	return err
}

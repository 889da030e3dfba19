package supervisor_test

import (
	"context"
	"testing"

	"linienfunk/db"
)

func TestReportsAreSentBeforePostsAreEdited(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "zuerich")
	done := make(chan string, 100)
	began, goOn := make(chan bool, 100), make(chan bool)
	w.net.send = func(_ context.Context, _, text string) error {
		began <- true
		<-goOn
		done <- text
		return nil
	}
	w.startEditing(func() error { done <- "edit"; return nil })
	old := w.relay("zuerich", "one")
	<-began
	goOn <- true
	w.want(done, "one")
	w.waitForStatus(old, db.Sent)
	w.relay("zuerich", "two")
	<-began
	w.confirm(old, true)
	w.relay("zuerich", "three")
	w.waitForQueue("zuerich", 3)
	close(goOn)
	w.want(done, "two")
	w.want(done, "three")
	w.want(done, "edit")
}

package settings_test

import (
	"fmt"
	"testing"
	"time"

	"linienfunk/internal/testkit"
	"linienfunk/settings"
)

// BenchmarkAChangeIsInForceOnAllNodes measures the time from Submit until three nodes have the change, with a storage beside them, for a
// city with a thousand words on each list. It also reports the time as a multiple of that for storing one message in the stream. The
// target is 100 ms.
func BenchmarkAChangeIsInForceOnAllNodes(b *testing.B) {
	w := newCluster(b)
	storage, _ := w.storage()
	w.create(storage, "zuerich")
	changed := make(chan string, 1000)
	var nodes []*settings.Node
	for range 3 {
		conn := w.broker.Connect(b)
		n := settings.NewNode(conn, schema, testkit.Log(b), time.Now)
		n.OnChange(func(city string) { changed <- city })
		w.run(conn, n.Run)
		nodes = append(nodes, n)
	}
	waitLoaded(b, nodes...)
	for range nodes {
		<-changed
	}
	now := get(b, nodes[0], "zuerich")
	change := func(draft settings.Draft) {
		var err error
		if now, err = nodes[0].Submit(b.Context(), draft); err != nil {
			b.Fatal(err)
		}
		for range nodes {
			<-changed
		}
	}
	var words []string
	for i := range 1000 {
		words = append(words, fmt.Sprint("wort", i))
	}
	change(edit(b, now, "triggers", words))
	change(edit(b, now, "blocked", words))
	unit := measureStore(b, w)
	i := 0
	for b.Loop() {
		i++
		b.StopTimer()
		words[i%len(words)] += "x"
		draft := edit(b, now, "triggers", words)
		b.StartTimer()
		change(draft)
	}
	b.ReportMetric(float64(b.Elapsed())/float64(b.N)/float64(unit), "x-store")
}

// measureStore measures the time to store one message.
func measureStore(b *testing.B, w *cluster) time.Duration {
	conn := w.broker.Connect(b)
	const many = 50
	began := time.Now()
	for i := range many {
		if _, err := conn.PublishUpdate(b.Context(), "x", fmt.Sprint(i), []byte("{}")); err != nil {
			b.Fatal(err)
		}
	}
	return time.Since(began) / many
}

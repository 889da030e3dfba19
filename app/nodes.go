package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"linienfunk/internal/config"
)

// printNodes prints the nodes that share the database, and which shards each has.
func printNodes(ctx context.Context, settings config.Config, out io.Writer) error {
	if settings.NATS.URL == "" {
		return errors.New("nats.url is not set: the embedded broker has one node, which has all shards")
	}
	database, err := openExisting(ctx, settings)
	if err != nil {
		return err
	}
	defer database.Close()
	nodes, now, err := database.Nodes(ctx)
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "NODE\tHOST\tVERSION\tSTARTED\tSTATE\tSHARDS")
	free := settings.NATS.Shards
	for _, n := range nodes {
		state := "running"
		if n.Until.Before(now) {
			state = "gone since " + n.Until.UTC().Format(time.DateTime)
		} else {
			free -= len(n.Shards)
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\n", n.ID[:min(8, len(n.ID))], n.Host, n.Version, n.Started.UTC().Format(time.DateTime), state, ranges(n.Shards))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if free > 0 {
		fmt.Fprintf(out, "%d of %d shards have no running node; nothing is received or sent for their cities\n", free, settings.NATS.Shards)
	}
	return nil
}

// ranges writes ascending numbers as ranges: 0-3,7. Without any it returns "none".
func ranges(numbers []int) string {
	text := ""
	for i := 0; i < len(numbers); {
		last := i
		for last+1 < len(numbers) && numbers[last+1] == numbers[last]+1 {
			last++
		}
		if text != "" {
			text += ","
		}
		text += fmt.Sprint(numbers[i])
		if last > i {
			text += fmt.Sprintf("-%d", numbers[last])
		}
		i = last + 1
	}
	if text == "" {
		return "none"
	}
	return text
}

package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"

	"linienfunk/db"
	"linienfunk/internal/config"
)

// printNodes prints the nodes that share the database, what each does and which shards it has, and below what no running node does.
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
	fmt.Fprintln(table, "NODE\tHOST\tVERSION\tROLES\tSTARTED\tSTATE\tSHARDS")
	free := settings.NATS.Shards
	var running []db.Node
	for _, n := range nodes {
		state := "running"
		if n.Until.Before(now) {
			state = "gone since " + n.Until.UTC().Format(time.DateTime)
		} else {
			free -= len(n.Shards)
			running = append(running, n)
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", n.ID[:min(8, len(n.ID))], n.Host, n.Version, rolesOf(n), n.Started.UTC().Format(time.DateTime), state, duties(n))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for _, role := range config.AllRoles {
		if !slices.ContainsFunc(running, func(n db.Node) bool { return n.Has(string(role)) }) {
			fmt.Fprintf(out, "NO RUNNING NODE HAS THE ROLE %s: %s\n", role, withoutRole[role])
		}
	}
	if free > 0 {
		fmt.Fprintf(out, "%d of %d shards have no running node; nothing is received or sent for their cities\n", free, settings.NATS.Shards)
	}
	return nil
}

// withoutRole says what does not happen while no node has a role.
var withoutRole = map[config.Role]string{
	config.RoleBots:     "networks and cities' mailboxes are not read, and no report is sent",
	config.RoleCensor:   "reports are accepted, but none is relayed",
	config.RoleFrontend: "there are no pages, no form for reports and no webhooks",
	config.RoleMail:     "mail is neither received nor sent",
}

func rolesOf(n db.Node) string {
	for _, role := range config.AllRoles {
		if !n.Has(string(role)) {
			return n.Roles
		}
	}
	return "all"
}

// duties lists the shards of a node, and whether it judges the reports of all cities.
func duties(n db.Node) string {
	if n.Judges {
		return ranges(n.Shards) + ", censor"
	}
	return ranges(n.Shards)
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

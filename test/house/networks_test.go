package house

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"linienfunk/bots"
	"linienfunk/bots/all"
	"linienfunk/bots/bottest"
)

const networksPage = "docs/networks.md"

// TestThePageAboutNetworksIsUpToDate compares docs/networks.md with the networks' declarations. With LINIENFUNK_TEST_UPDATE=1, as
// `go generate ./bots/...` runs it, it writes the page.
func TestThePageAboutNetworksIsUpToDate(t *testing.T) {
	page := networksText(t)
	if os.Getenv("LINIENFUNK_TEST_UPDATE") != "" {
		if err := os.WriteFile(networksPage, []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(networksPage)
	if err != nil || string(have) != page {
		t.Errorf("%s is stale (%v): run go generate ./bots/...", networksPage, err)
	}
}

func networksText(t *testing.T) string {
	var out strings.Builder
	out.WriteString("# Networks\n\nMade by `go generate ./bots/...` from what each network declares (`bots.Plugin`) and implements. " +
		"`bots/<name>/README.md` says more.\n\n| network | reports come | reports go | takes back | cities choose | operators set |\n|---|---|---|---|---|---|\n")
	for _, plugin := range all.Plugins() {
		bot := bottest.NewWorld(t, plugin.Name, plugin.Plugin).Bot
		fmt.Fprintf(&out, "| [%s](../bots/%s/README.md) | %s | %s | %s | %s | %s |\n", plugin.Name, plugin.Name,
			comes(bot), goes(bot), yes(is[bots.Retracter](bot)), options(plugin.Options), keys(plugin))
	}
	out.WriteString("\n## Limits\n")
	for _, plugin := range all.Plugins() {
		if len(plugin.Limits) == 0 {
			t.Errorf("the network %s declares no limits", plugin.Name)
		}
		fmt.Fprintf(&out, "\n%s:\n\n", plugin.Name)
		for _, limit := range plugin.Limits {
			fmt.Fprintf(&out, "- %s\n", limit)
		}
	}
	return out.String()
}

func is[T any](bot bots.Bot) bool { _, ok := bot.(T); return ok }

func comes(bot bots.Bot) string {
	var ways []string
	if is[bots.Receiver](bot) {
		ways = append(ways, "read for each account")
	}
	if is[bots.Listener](bot) {
		ways = append(ways, "one server for all cities")
	}
	return strings.Join(ways, ", ")
}

func goes(bot bots.Bot) string {
	if is[bots.Broadcaster](bot) {
		return "to each subscriber"
	}
	return "as one post"
}

func yes(is bool) string {
	if is {
		return "yes"
	}
	return "no"
}

func options(list []bots.Option) string {
	var names []string
	for _, o := range list {
		names = append(names, "`"+o.Name+"`")
	}
	return strings.Join(names, " ")
}

func keys(plugin all.Network) string {
	var names []string
	for _, key := range plugin.Config {
		names = append(names, "`bots."+plugin.Name+"."+key.Name+"`")
	}
	return strings.Join(names, " ")
}

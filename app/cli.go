package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime/debug"
	"strings"
	"sync"
	"time"
	_ "time/tzdata" // for containers without time zones

	"github.com/alecthomas/kong"

	"linienfunk/bots/all"
	"linienfunk/internal/config"
)

// flags are settings for the command line; empty means not set.
type flags struct {
	Config  string `help:"Configuration file; linienfunk.toml if it is there." env:"LINIENFUNK_CONFIG" placeholder:"FILE"`
	HTTP    string `help:"Address of the web server." name:"http" placeholder:":8080"`
	SMTP    string `help:"Address of the SMTP server." name:"smtp" placeholder:":2525"`
	Data    string `help:"Directory for all persistent data." placeholder:"./data"`
	BaseURL string `help:"Public URL of the web server." name:"base-url" placeholder:"URL"`
}

type cli struct {
	flags
	Serve      struct{} `cmd:"" default:"1" help:"Run (the default command)."`
	Demo       struct{} `cmd:"" help:"Run with a demo city, on this machine only, without any account."`
	ShowConfig struct{} `cmd:"" name:"config" help:"Print the effective configuration, without secrets."`
	Version    struct{} `cmd:"" help:"Print the version."`
	Mail       struct {
		Check struct{} `cmd:"" help:"Check the DNS records that the cities' mail needs, and print those to add; exit 1 if one is missing or wrong."`
		Queue struct{} `cmd:"" help:"Print what waits in the queue of outgoing mail. The program may be running."`
	} `cmd:"" help:"Commands for mail."`
	Move struct {
		To string `required:"" placeholder:"FILE" help:"Configuration file that names the new database, broker and data directory. Variables of the environment do not count for it."`
	} `cmd:"" help:"Copy everything to another database and broker, while the program is stopped."`
	Backup  backupFlags  `cmd:"" help:"Write the database and what waits in the broker into one file. The program may be running."`
	Restore restoreFlags `cmd:"" help:"Write a backup into an empty database and broker, while the program is stopped."`
	Import  importFlags  `cmd:"" help:"Import the cities of Ticketfrei or Kibicara from their database, while the program is stopped. What was imported before is left as it is."`
	Doctor  doctorFlags  `cmd:"" help:"Look for what is wrong in the ledger, its queue, the settings, sealed values and the data directory, and say how to mend it; exit 1 if something is. The program may be running."`
	Secrets struct {
		Rotate struct{} `cmd:"" help:"Make a new instance key and seal all secrets with it, while the program is stopped. If it is interrupted, run it again."`
	} `cmd:"" help:"Commands for the instance key."`
	NATS struct {
		Permissions struct{} `cmd:"" help:"Print the users that the programs of cities need at your NATS servers, for their configuration. The program may be running."`
	} `cmd:"" name:"nats" help:"Commands for NATS."`
	Nodes       struct{}     `cmd:"" help:"Print the nodes that share the database and NATS, and the shards that each has."`
	Network     networkFlags `cmd:"" help:"Read a timetable (a GTFS feed) and print what is in it; with --city, offer it to a city's admins."`
	Healthcheck struct{}     `cmd:"" help:"Check a running program; exit 1 if it is not healthy."`
}

// Main parses the command line and runs one command until it is done or ctx ends; a server that ctx ends returns context.Canceled or nil.
func Main(ctx context.Context, args, environ []string, stdout, stderr io.Writer) error {
	var c cli
	done := false
	line, err := newCommandLine()
	if err != nil {
		return err
	}
	parser, err := kong.New(&c, append(line.options(), kong.Name("linienfunk"), kong.Description("Relays transit reports between the networks of a city."),
		kong.ExplicitGroups([]kong.Group{commandGroup}), kong.Writers(stdout, stderr), kong.UsageOnError(), kong.Exit(func(int) { done = true }))...)
	if err != nil {
		return err
	}
	command, err := parser.Parse(args)
	if done { // --help
		return nil
	}
	var mistake *kong.ParseError
	if errors.As(err, &mistake) {
		parser.Stdout = stderr
		_ = mistake.Context.PrintUsage(true)
		fmt.Fprintln(stderr)
	}
	if err != nil {
		return err
	}
	if command.Command() == "version" {
		_, err := fmt.Fprintln(stdout, "linienfunk", version())
		return err
	}
	defaults := config.Default()
	if command.Command() == "demo" {
		defaults = demoDefaults()
	}
	defaults.Networks, defaults.CheckNetworks = networkKeys()
	settings, err := c.load(defaults, environ)
	if err != nil {
		return err
	}
	if flags, call, ok := line.call(command.Command()); ok {
		return runCommand(ctx, settings, flags, call, stdout)
	}
	switch command.Command() {
	case "config":
		_, err := fmt.Fprint(stdout, settings)
		return err
	case "healthcheck":
		return healthcheck(ctx, settings)
	case "mail check":
		return mailCheck(ctx, settings, net.DefaultResolver, stdout)
	case "network <file>":
		return readNetwork(ctx, settings, c.Network, stdout, stderr)
	case "nodes":
		return printNodes(ctx, settings, stdout)
	case "nats permissions":
		return printPermissions(ctx, settings, stdout)
	case "mail queue":
		return mailQueue(ctx, settings, stdout)
	case "move":
		to, err := config.Load(defaults, c.Move.To, true, nil)
		if err != nil {
			return err
		}
		return move(ctx, settings, to, stdout, stderr)
	case "backup <file>":
		return backup(ctx, settings, c.Backup, stdout, stderr)
	case "restore <file>":
		return restoreBackup(ctx, settings, c.Restore, stdout, stderr)
	case "import <program> <file>":
		return importAncestor(ctx, settings, c.Import, stdout, stderr)
	case "city import <file>":
		return arrive(ctx, settings, *line.arrive, stdout)
	case "settings cut <city>":
		return cutSettings(ctx, settings, line.cut.City, stdout, stderr)
	case "secrets rotate":
		return rotateSecrets(ctx, settings, stdout, stderr)
	case "doctor":
		return doctor(ctx, settings, c.Doctor, stdout, stderr)
	case "demo":
		return runDemo(ctx, settings, stdout, stderr)
	}
	return serve(ctx, settings, stderr)
}

func (f flags) load(defaults config.Config, environ []string) (config.Config, error) {
	given := map[string]string{}
	for key, value := range map[string]string{"http": f.HTTP, "smtp": f.SMTP, "data": f.Data, "base_url": f.BaseURL} {
		if value != "" {
			given[key] = value
		}
	}
	return config.Load(defaults, cmp.Or(f.Config, "linienfunk.toml"), f.Config != "", environ, config.Source{
		Name:   func(key string) string { return "--" + strings.ReplaceAll(key, "_", "-") },
		Values: given,
	})
}

// networkKeys returns the configuration keys of the networks, and the checks of their values.
func networkKeys() ([]config.Key, map[string]func(map[string]string) (string, error)) {
	var keys []config.Key
	checks := map[string]func(map[string]string) (string, error){}
	for _, plugin := range all.Plugins() {
		if plugin.CheckConfig != nil {
			checks[plugin.Name] = plugin.CheckConfig
		}
		for _, key := range plugin.Config {
			keys = append(keys, config.Key{Network: plugin.Name, Name: key.Name, Help: key.Help, Secret: key.Secret, Value: key.Default})
		}
	}
	return keys, checks
}

func serve(ctx context.Context, settings config.Config, stderr io.Writer) error {
	passed, err := passedSockets()
	if err != nil {
		return err
	}
	p, err := open(ctx, &Program{config: settings, log: newLog(settings.Log, stderr), now: time.Now, passed: passed})
	if err != nil {
		return err
	}
	telling, stop := context.WithCancel(ctx)
	var told sync.WaitGroup
	told.Go(func() { p.tellSystemd(telling) })
	defer told.Wait()
	defer stop()
	p.log.Info("running", "pages", p.URL(), "smtp", p.SMTPAddr(), "roles", settings.RoleNames(), "version", version())
	return errors.Join(p.Run(ctx), p.Close())
}

// healthcheck asks the running program for its health.
func healthcheck(ctx context.Context, settings config.Config) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second) // the program answers within 3 seconds
	defer cancel()
	// The address as a number: an empty container cannot resolve localhost.
	address := strings.Replace(localURL(settings.HTTP), "//localhost:", "//127.0.0.1:", 1)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address+"/healthz", nil)
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("not healthy: %w", err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		reason, _ := io.ReadAll(io.LimitReader(answer.Body, 1024))
		return fmt.Errorf("not healthy: %s: %s", answer.Status, strings.Join(strings.Fields(string(reason)), " "))
	}
	return nil
}

func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	version := info.Main.Version
	for _, setting := range info.Settings {
		if setting.Key == "vcs.revision" && version == "(devel)" {
			version = setting.Value[:min(12, len(setting.Value))]
		}
	}
	return version
}

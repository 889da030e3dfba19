package app

import (
	"context"
	"crypto/tls"
	"fmt"
	"maps"
	"net/http"

	"linienfunk/bots"
	"linienfunk/bots/all"
	"linienfunk/bots/chat"
	"linienfunk/bots/ending"
	"linienfunk/bots/places"
	"linienfunk/bus/programs"
	"linienfunk/internal/outgoing"
	"linienfunk/mail"
	"linienfunk/supervisor"
	"linienfunk/templates"
)

// openBots migrates the tables of the bots, creates them, and mounts their pages.
func (p *Program) openBots(ctx context.Context) error {
	var inbound *tls.Config // for the SMTP server
	if p.config.Mail.TLSCert != "" {
		certificate, err := tls.LoadX509KeyPair(p.config.Mail.TLSCert, p.config.Mail.TLSKey)
		if err != nil {
			return fmt.Errorf("mail.tls_cert: %w", err)
		}
		inbound = &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	}
	client := outgoing.Client(p.config.Outgoing.AllowPrivate, p.userAgent())
	var members []supervisor.Member
	for _, plugin := range all.Plugins() {
		bot, err := p.openBot(ctx, plugin, client)
		if err != nil {
			return fmt.Errorf("bot %s: %w", plugin.Name, err)
		}
		if receives(bot) {
			p.commands.Senders = append(p.commands.Senders, plugin.Name)
		}
		if network, ok := bot.(mail.Network); ok {
			p.commands.MailNetworks[plugin.Name] = true
			if err := p.connectMail(plugin.Name, network, inbound); err != nil {
				return fmt.Errorf("bot %s: %w", plugin.Name, err)
			}
		}
		if network, ok := bot.(chat.Network); ok {
			network.UseCommands(p.commands.InNetwork(plugin.Name))
			p.commands.Networks[plugin.Name] = network
		}
		if network, ok := bot.(ending.Announcer); ok {
			p.commands.Announcers[plugin.Name] = network
		}
		if network, ok := bot.(ending.Mover); ok {
			p.commands.Movers[plugin.Name] = network
		}
		if network, ok := bot.(ending.Roster); ok {
			p.commands.Rosters[plugin.Name] = network
		}
		if network, ok := bot.(ending.Leaver); ok {
			p.commands.Leavers[plugin.Name] = network
		}
		if network, ok := bot.(places.Network); ok {
			p.commands.Places[plugin.Name] = network
			network.UsePlaces(p.commands.PlacesIn(plugin.Name, network))
		}
		if network, ok := bot.(programs.Network); ok {
			if err := p.connectPrograms(plugin.Name, network); err != nil {
				return fmt.Errorf("bot %s: %w", plugin.Name, err)
			}
		}
		members = append(members, supervisor.Member{Name: plugin.Name, Bot: bot})
	}
	p.directory = supervisor.NewDirectory(members)
	return nil
}

// receives reports whether reports come from a network.
func receives(bot bots.Bot) bool {
	_, reads := bot.(bots.Receiver)
	_, listens := bot.(bots.Listener)
	return reads || listens
}

// userAgent names the program and its public address.
func (p *Program) userAgent() string {
	return "Linienfunk/" + version() + " (+" + p.config.BaseURL + ")"
}

// configOf returns the values of a bot's configuration keys. The defaults matter for a Config that was not loaded from a file, as in
// tests.
func (p *Program) configOf(plugin all.Network) map[string]string {
	values := map[string]string{}
	for _, key := range plugin.Config {
		values[key.Name] = key.Default
	}
	maps.Copy(values, p.config.NetworkValues(plugin.Name))
	return values
}

func (p *Program) openBot(ctx context.Context, plugin all.Network, client *http.Client) (bots.Bot, error) {
	if err := p.db.MigratePrefixed(ctx, plugin.Name+"_", plugin.Migrations); err != nil {
		return nil, err
	}
	tables, err := p.db.Prefixed(plugin.Name + "_")
	if err != nil {
		return nil, err
	}
	set, err := templates.New(plugin.Files)
	if err != nil {
		return nil, err
	}
	bot, err := plugin.New(bots.Core{
		Name: plugin.Name, Config: p.configOf(plugin), BaseURL: p.config.BaseURL,
		Log: p.log.With("bot", plugin.Name), DB: tables, HTTP: client, Now: p.now, Box: p.box, Limits: p.limits,
		Cities: p.settings.Cities(plugin.Name), Pages: p.frontend.Bots.Pages(plugin.Name, set),
		Changed: func(city string) { p.accountChanged(plugin.Name, city) },
		Events:  events{p, plugin.Name},
	})
	if err != nil {
		return nil, err
	}
	p.frontend.Bots.Mount(plugin.Name, bot, set, plugin.PageFiles...)
	return bot, nil
}

// accountChanged lists a bot's accounts again, here at once, and has all nodes do so. What the account saw before is forgotten.
func (p *Program) accountChanged(bot, city string) {
	if err := p.commands.ForgetPlaces(context.Background(), bot, city); err != nil {
		p.log.Warn("the list of places of an account that has changed is not deleted", "bot", bot, "city", city, "err", err)
	}
	if p.directory != nil { // not while bots are being opened
		if err := p.directory.Refresh(context.Background(), bot); err != nil {
			p.log.Warn("cannot list accounts; will retry", "bot", bot, "err", err)
		}
	}
	p.notifyNodes(supervisor.AccountHint(bot, city))
}

// events implements bots.Events with messages on bot.<bot>.<city>.
type events struct {
	program *Program
	bot     string
}

func (e events) Publish(city string, data []byte) error {
	e.program.frontend.Site.Memory.Drop(city) // at once on this node
	return e.program.bus.Notify("bot."+e.bot+"."+city, data)
}

func (e events) Subscribe(city string, f func([]byte)) (func(), error) {
	return e.program.bus.Subscribe("bot."+e.bot+"."+city, func(_ string, data []byte) { f(data) })
}
